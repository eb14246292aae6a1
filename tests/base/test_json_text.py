"""Deep JSON is refused before Python's parser sees it, and all other JSON is read as the parser reads it."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askew.base import json_text
from askew.base.json_text import DEEPEST, DeepJsonError, check_depth, parse

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}"\\ aé'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='[]{}"\\'), inner),
)


@given(_VALUES, st.sampled_from([None, 2]))
def test_brackets_in_texts_do_not_count(value: object, indent: int | None):
    # 150 brackets in a text make every value one whose depth is looked at.
    text = json.dumps(["[{" * 75, value], indent=indent)
    assert parse(text) == parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"[": '])
def test_deepest_value_is_read_and_a_deeper_one_is_not(opening: str):
    closing = opening.translate({ord("["): "]", ord("{"): "}"})
    closing = "".join(one for one in reversed(closing.replace('"]"', "")) if one in "]}")
    times = DEEPEST // len(closing)
    parse(opening * times + "1" + closing * times)
    with pytest.raises(DeepJsonError, match="nested more than 100 levels deep"):
        parse(opening * (times + 1) + "1" + closing * (times + 1))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '[{"question": "[", "x": ' * 60])
def test_deep_text_never_reaches_the_parser(text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(json_text.json, "loads", lambda _: sys.exit("the parser was called"))
    with pytest.raises(DeepJsonError):
        parse(text)


def test_depth_is_that_of_the_first_value():
    text = '{"a": 1}, ' + "[" * 200
    check_depth(text)
    with pytest.raises(DeepJsonError):
        check_depth(text, text.index("["))


@pytest.mark.parametrize("cut", ['["' + "[" * 200, '["a\\', '["\\"' + "{" * 200])
def test_brackets_of_an_unfinished_text_do_not_count(cut: str):
    check_depth(cut)
