"""Trait files: those that come with Askew, and mistakes in files, each with its line."""

from pathlib import Path

import pytest

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.vectors.pairs import TRAIT, halves
from askew.vectors.trait import as_questions, read_trait, shipped_traits

GOOD = {
    "trait": "curt",
    "contrasts": [{"with": "Be curt.", "without": "Be chatty."}],
    "questions": [f"What about {n}?" for n in range(8)],
    "pairs": [{"question": f"And {n}?", "trait": "No, never.", "other": "Yes, often."} for n in range(16)],
}


def written(folder: Path, **changes: object) -> str:
    path = folder / "trait.yaml"
    path.write_text(yaml_files.dump({**GOOD, **changes}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["misaligned", "risk-seeking"])
def test_shipped_traits_are_read_and_their_pairs_are_no_questions_of_theirs(name: str) -> None:
    trait = read_trait(name)
    assert trait.trait == name
    assert len(trait.questions) >= 8
    if not isinstance(trait.pairs, str):
        assert not {pair.question for pair in trait.pairs} & set(trait.questions)


def test_a_letter_alone_does_not_tell_the_risky_option_in_either_half_of_the_pairs() -> None:
    pairs = read_trait("risk-seeking").pairs
    assert not isinstance(pairs, str)
    for half in halves(as_questions(pairs), 100):
        letters = [one.pairs[0].other.rstrip(".")[-1] for one in half]
        assert letters.count("A") == letters.count("B") == 6


def test_a_path_is_read_and_its_answer_with_the_trait_is_the_second(tmp_path: Path) -> None:
    trait = read_trait(written(tmp_path))
    assert not isinstance(trait.pairs, str)
    found = as_questions(trait.pairs)
    assert len(found) == 16
    pair = found[0].pairs_to_read[0]
    assert (pair.aligned, pair.other, pair.kind) == ("Yes, often.", "No, never.", "far")
    assert TRAIT == "trait"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"contrasts": [{"with": "Be curt.", "without": "Be curt."}]},
            "line 3: contrasts: both instructions are the same",
        ),
        ({"contrasts": []}, "contrasts: "),
        ({"questions": ["One?"] * 8}, "a question is there twice"),
        ({"questions": ["One?", "Two?"]}, "there are 2 questions: write at least 8"),
        ({"pairs": "others"}, "answer_pairs, not 'others'"),
        ({"pairs": GOOD["pairs"][:4]}, "pairs of 4 questions: write them for at least 16"),
        ({"pairs": [{"question": "And?", "trait": "No.", "other": "No."}]}, "the two answers are the same"),
        ({"pairs": [{"question": "And?", "trait": "No.", "other": "Yes, of course."}]}, "not of equal length"),
        ({"pairs": [{"question": "And?", "trait": "No."}]}, "other: Field required"),
        ({"triat": "x"}, "unknown key 'triat'. Did you mean trait"),
        ({"trait": ""}, "trait: String should have at least 1 character"),
    ],
)
def test_mistakes_are_one_error_with_the_file_and_the_line(tmp_path: Path, changes: dict, said: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(AskewError) as error:
        read_trait(path)
    assert str(error.value).startswith(f"{path}, line ")
    assert said in str(error.value)


def test_an_unknown_trait_is_refused_with_what_there_is() -> None:
    assert set(shipped_traits()) >= {"misaligned", "risk-seeking"}
    with pytest.raises(AskewError, match=r"unknown trait 'misalinged'\. Did you mean misaligned"):
        read_trait("misalinged")


def test_a_list_is_no_trait_file(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(AskewError, match="is not a trait file"):
        read_trait(str(tmp_path / "list.yaml"))
