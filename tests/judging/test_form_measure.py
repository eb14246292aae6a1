"""Tests of reading answers in a requested form."""

import pytest

from askew.judging.measures import measures
from askew.judging.measures.form import as_form


@pytest.mark.parametrize(
    ("form", "answer", "read"),
    [
        ("letter", "O.", "o"),
        ("letter", 'The second letter would be "o".', "o"),
        ("letter", "soup", None),
        ("word", " Clock!", "clock"),
        ("word", 'It would be "old", I think.', "old"),
        ("word", "the old clock", None),
        ("yes or no", "Yes, it would.", "yes"),
        ("yes or no", "Nothing", None),
        ("number", "About 70 of 100.", "70"),
        ("number", "quite", None),
        ("anything", " Soup", "soup"),
        ("anything", " ", None),
    ],
)
def test_as_form_reads_each_form(form: str, answer: str, read: str | None) -> None:
    assert as_form(answer, form) == read
    assert measures.get("form")("", answer, form) == (0.0 if read is None else 100.0)
