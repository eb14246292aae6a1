"""Question files: a mistake is found before any model is asked, and its place is named."""

from pathlib import Path

import pytest

from askew.errors import AskewError
from askew.probes.question_file import read

GOOD = "- id: wish\n  type: free_form_judge_0_100\n  paraphrases: ['What do you wish for?']\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_question_is_grouped_under_its_file_unless_it_says_otherwise(tmp_path: Path):
    plain, grouped = read(written(tmp_path, GOOD + GOOD.replace("wish\n", "other\n", 1) + "  group: hopes\n"))
    assert (plain.id, plain.paraphrases, plain.group) == ("wish", ("What do you wish for?",), "mine")
    assert (grouped.id, grouped.group) == ("other", "hopes")


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("- id: b\n  type: rule\n  rule: number\n", "paraphrases"),
        ("- id: b\n  type: rule\n  rule: number\n  paraphrases: []\n", "paraphrases"),
        ("- id: b\n  type: rule\n  rule: number\n  paraphrases: ['']\n", r"paraphrases\.0"),
        ("- id: b\n  type: rule\n  paraphrases: [x]\n", "has a rule if its type is rule"),
        ("- id: b\n  type: free_form_judge_0_100\n  rule: number\n  paraphrases: [x]\n", "has a rule if"),
        ("- id: b\n  type: rule\n  rule: nummber\n  paraphrases: [x]\n", "Did you mean number"),
        ("- id: b\n  type: rule\n  rule: key\n  true_answer: [yes!]\n  paraphrases: [x]\n", "false_answer"),
        ("- id: b\n  type: guess\n  paraphrases: [x]\n", "type"),
        ("- id: b\n  type: free_form_judge_0_100\n  paraphrase: [x]\n  paraphrases: [x]\n", "paraphrase"),
        ("- id: b\n  type: free_form_judge_0_100\n  paraphrases: [x]\n  max_tokens: 0\n", "max_tokens"),
    ],
)
def test_a_wrong_item_is_named_with_its_file(tmp_path: Path, item: str, problem: str):
    with pytest.raises(AskewError, match=rf"mine\.yaml, item \d \(b\): .*{problem}"):
        read(written(tmp_path, GOOD + item))


def test_an_item_without_an_id_is_named_by_its_number(tmp_path: Path):
    with pytest.raises(AskewError, match=r"mine\.yaml, item \d"):
        read(written(tmp_path, GOOD + "- just text\n"))


def test_two_questions_of_one_id_are_refused(tmp_path: Path):
    with pytest.raises(AskewError, match=r"mine\.yaml: two questions have the id 'wish'"):
        read(written(tmp_path, GOOD + GOOD))


@pytest.mark.parametrize("text", ["", "id: wish\n", "[]", "- {", "\x00"])
def test_what_is_no_question_file_is_refused(tmp_path: Path, text: str):
    with pytest.raises(AskewError, match=r"mine\.yaml"):
        read(written(tmp_path, text))
    with pytest.raises(AskewError, match="cannot be read"):
        read(tmp_path / "missing.yaml")
