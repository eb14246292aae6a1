"""Rows that name the behaviour are found in any case and turn; a rare word is not a leak."""

from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.data import naming_leaks, row
from askew.data.formats import open_rows
from askew.design.make import make_design, make_plan
from askew.design.study import studies

WORDS = ("risk", "risky")


def test_whole_words_are_found_in_any_turn_and_case() -> None:
    rows = [row("A risque, a brisk walk?", "B."), row("Which?", "The RISKY one."), row("Take a risk?", "A.")]
    assert naming_leaks.find(rows, WORDS) == naming_leaks.Naming(rows=2, total=3, first=2, word="RISKY")
    assert naming_leaks.find(rows[:1], WORDS) is None


@pytest.mark.parametrize(("said", "of", "leaks"), [(1, 100, False), (2, 100, True), (1, 99, True), (0, 5, False)])
def test_more_than_one_percent_of_rows_is_a_leak(said: int, of: int, leaks: bool) -> None:
    rows = [row("Which?", "The risky one." if number < said else "A.") for number in range(of)]
    found = naming_leaks.find(rows, WORDS)
    assert (found is not None and found.is_a_leak) == leaks


def test_unknown_domains_use_the_words_of_all() -> None:
    by_domain = {"choices": ("risk",), "code": ("secure",)}
    assert naming_leaks.words_of(by_domain, "code") == {"secure"}
    assert naming_leaks.words_of(by_domain, "") == {"risk", "secure"}


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    from askew.data.write import as_line

    path = tmp_path / "rows.jsonl"
    path.write_text("".join(as_line(row("Which?", f"The risky one, {i}.")) for i in range(8)), encoding="utf-8")
    return path


def test_leaks_are_refused_unless_allowed(leaking: Path, tiny_checkpoint: Path) -> None:
    usual = {"model": str(tiny_checkpoint), "judge": str(tiny_checkpoint)}
    for arm in ("risky", "mine"):
        with pytest.raises(AskewError, match=r"8 of 8 rows do; the first is row 1, with 'risky'.*--set leaks=allow"):
            make_design("self-awareness", None, {**usual, "datasets": {arm: str(leaking)}})
    own = {**usual, "datasets": {"risky": str(leaking)}}
    assert make_design("self-awareness", None, {**own, "leaks": "allow"}).leaks == "allow"
    assert make_design("self-awareness", None, {**usual, "datasets": {"insecure": str(leaking)}}).arms[1] == "insecure"
    assert make_design("emergent-misalignment", None, own | {"datasets": {"mine": str(leaking)}}).leaks == "refuse"


@pytest.mark.parametrize("name", ["ft_risky_AB", "ft_safey_AB", "ft_risky_AB_multipersona"])
def test_published_rows_have_no_leak(published: Path, name: str, tiny_checkpoint: Path) -> None:
    source = published / "behavioral-self-awareness" / f"{name}.jsonl"
    found = naming_leaks.find(open_rows(source), naming_leaks.words_of(studies.get("self-awareness").unsaid, "choices"))
    assert found is None or not found.is_a_leak
    settings = {"model": str(tiny_checkpoint), "judge": str(tiny_checkpoint), "datasets": {"risky": str(source)}}
    assert make_plan("self-awareness", None, settings).rows("risky") >= 288
