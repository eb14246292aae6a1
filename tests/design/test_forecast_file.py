"""Probabilities in files and in options are read, or refused with an explanation."""

from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.design.forecast_file import read_answers, read_file, read_probability

KNOWN = ["broad", "silent"]


@pytest.mark.parametrize(
    ("said", "probability"),
    [("80%", 0.8), (" 80 % ", 0.8), ("80", 0.8), (80, 0.8), (0, 0.0), ("0.5%", 0.005), ("1%", 0.01), (100, 1.0)],
)
def test_probabilities_are_percentages(said: object, probability: float) -> None:
    assert read_probability(said) == pytest.approx(probability)


@pytest.mark.parametrize("said", ["101", "-1%", "nan", "inf", "", "likely", True, None, [80], "8e3"])
def test_invalid_probability_is_refused(said: object) -> None:
    with pytest.raises(AskewError, match="is not a probability: write a percentage from 0 to 100"):
        read_probability(said)


@pytest.mark.parametrize("said", ["0.8", 0.8, 1, "1"])
def test_ambiguous_number_is_refused(said: object) -> None:
    with pytest.raises(AskewError, match=r"could mean .*% or .*%: add the percent sign"):
        read_probability(said)


@pytest.mark.parametrize("text", ["broad: 80%\nsilent: 5\n", '{"broad": 80, "silent": "5%"}'])
def test_file_may_be_yaml_or_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "said").write_text(text)
    assert read_file(tmp_path / "said", KNOWN) == {"broad": 0.8, "silent": 0.05}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "said is empty: write a line `statement: 80%`"),
        ("# nothing yet\n", "said is empty"),
        ("- 80\n", "line 1: a file of predictions is a list of `statement: value` lines; this is a list"),
        ("80%", "this is a str"),
        ("broad: 80\nsilnt: 5\n", r"line 2: unknown statement 'silnt'. Did you mean silent\?"),
        ("broad: 80\nsilent: 120\n", "line 2: silent: 120 is not a probability"),
        ("broad: .nan\n", "line 1: broad: nan is not a probability"),
        ("broad: {high: 1}\n", "line 1: broad: .* is not a probability"),
        ("broad: 10\nbroad: 20\n", "line 2: 'broad' is set twice"),
        ("broad: [\n", "this is not YAML"),
    ],
)
def test_error_in_a_file_names_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "said").write_text(text)
    with pytest.raises(AskewError, match=message):
        read_file(tmp_path / "said", KNOWN)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"cannot read the file of predictions .*missing.yaml: No such file"):
        read_file(tmp_path / "missing.yaml", KNOWN)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["broad"], "write ID=PROBABILITY, such as broad=80%"),
        (["braod=80"], r"--answer: unknown statement 'braod'. Did you mean broad\?"),
        (["broad=180"], "--answer: broad: 180 is not a probability"),
        (["broad=10", "broad=20"], "--answer is given twice for 'broad'"),
    ],
)
def test_error_in_an_option_is_explained(said: list[str], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        read_answers(said, KNOWN)


def test_options_are_read() -> None:
    assert read_answers(["broad=80%", "silent = 5"], KNOWN) == {"broad": 0.8, "silent": 0.05}
