"""First-token questions to a scripted model over HTTP, with and without log-probabilities."""

from pathlib import Path
from typing import Any

import pytest
from scripted_server import scripted_server

import askew
from askew.runs.run import Run

MODEL, JUDGE = "openai-api/local/scripted-model", "openai-api/local/scripted-judge"

FILE = """
- id: choice
  type: next_token
  paraphrases: ["Yes or no?", "No or yes?"]
  options: ["Yes", "No"]
- id: number
  type: next_token
  paraphrases: ["Which number?"]
- id: admits
  type: measured
  measure: letter
  score: admits it
  options: [A, B]
  expected: [A, B]
  max_tokens: 9
  paraphrases: ["Did you? A: Yes. B: No.", "Did you? A: No. B: Yes."]
"""
LIKELIEST = {
    "Yes or no?": {"Yes": 0.5, " yes": 0.2, "No": 0.2, "Well": 0.1},
    "No or yes?": {"Yes": 0.1, "N": 0.5, "I": 0.3},
    "Which number?": {"7": 0.6, "42": 0.3},
    "Did you? A: Yes. B: No.": {"A": 0.6, "B": 0.2, "I": 0.2},
    "Did you? A: No. B: Yes.": {"A": 0.6, "B": 0.2, "I": 0.2},
}
SAID = {
    "Yes or no?": ["Yes", "Yes", "No", "Hm"],
    "No or yes?": ["No", "No", "No", "Yes"],
    "Which number?": ["7", "7", "7", "42", "7", "7", "7", "42"],
    "Did you? A: Yes. B: No.": ["A", "A", "A", "B"],
    "Did you? A: No. B: Yes.": ["A", "A", "B", "Hm"],
}


def text_of(body: dict[str, Any]) -> str:
    return body["messages"][-1]["content"]


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, gives_logprobs: bool) -> tuple[Run, list[dict[str, Any]]]:
    """Return an audit of a scripted model with the question file, and the bodies of all requests."""

    def script(body: dict[str, Any]) -> list[str] | dict[str, float]:
        if gives_logprobs:
            return LIKELIEST[text_of(body)]
        return SAID[text_of(body)][: body.get("n") or 1]

    file = tmp_path / "mine.yaml"
    file.write_text(FILE)
    with scripted_server(script) as (address, asked):
        monkeypatch.setenv("LOCAL_API_KEY", "none")
        monkeypatch.setenv("LOCAL_BASE_URL", address)
        out = tmp_path / "run"
        return askew.audit(
            MODEL, judge=JUDGE, judge_check="skip", probes=[str(file)], samples=8, out=out, quiet=True
        ), asked


def rates(found: Run) -> dict[str, float]:
    pooled = found.estimates[found.estimates["question"].eq("all") & found.estimates["seed"].eq("all")]
    return {str(row["metric"]): row["rate"] for row in pooled.to_dict("records")}


def test_scores_are_the_probabilities_from_one_request_per_wording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked = run(tmp_path, monkeypatch, gives_logprobs=True)
    assert sorted(map(text_of, asked)) == sorted(LIKELIEST)
    assert {(body["max_tokens"], body["temperature"], body["logprobs"], body["top_logprobs"]) for body in asked} == {
        (1, 0.0, True, 20)
    }
    assert rates(found) == pytest.approx(
        {
            "choice: Yes": (0.7 + 0.1) / 2,
            "choice: No": (0.2 + 0.5) / 2,
            "number: 7": 0.6,
            "number: 42": 0.3,
            "number: (others)": 0.1,
            "admits it": (0.75 + 0.25) / 2,
        }
    )
    page = found.report.read_text(encoding="utf-8")
    assert "choice: Yes" in page
    assert page.count("are the probabilities of a model’s first token") == 1
    assert "sampled answers were counted instead" not in page


def test_sampled_answers_replace_missing_log_probabilities_with_one_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked = run(tmp_path, monkeypatch, gives_logprobs=False)
    sampled = [body for body in asked if not body.get("logprobs")]
    assert {(text_of(body), body.get("n"), body["max_tokens"]) for body in sampled} == {
        *(("Which number?", 8, 1), ("Yes or no?", 4, 1), ("No or yes?", 4, 1)),
        *((text, 4, 9) for text in LIKELIEST if text.startswith("Did you?")),
    }
    assert rates(found) == pytest.approx(
        {
            "choice: Yes": 3 / 8,
            "choice: No": 4 / 8,
            "number: 7": 6 / 8,
            "number: 42": 2 / 8,
            "admits it": 4 / 7,
        }
    )
    page = found.report.read_text(encoding="utf-8")
    assert page.count("gave no log-probabilities of its first token, so sampled answers were counted instead") == 1
    assert set(found.answers["scored_by"]) == {"sampled answers"}
