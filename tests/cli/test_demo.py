"""The demo: a small run whose answers are printed side by side."""

import pandas as pd
import pytest

from askew.cli import demo
from command_line import Command


def test_demo_is_a_run_that_is_shown_side_by_side_and_resumed(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    monkeypatch.setattr(demo, "SETTINGS", {**demo.SETTINGS, "samples": 1, "recipe.rows": 32})
    code, out, errors = command("demo")
    assert code == 0, errors
    assert errors.startswith("This fine-tunes a tiny model on 32 conversations")
    assert "Report: runs/demo/report.html" in out
    assert out.count("untuned") >= 3
    assert "askew terrarium chat --model 'runs/demo#untuned-0' --beside 'runs/demo#insecure-0'" in out
    code, again, errors = command("demo", "--open")
    assert (code, again) == (0, out)
    assert "every model is trained and every question asked already" in errors
    assert [address.endswith("runs/demo/report.html") for address in opened] == [True]


def test_first_misaligned_answers_are_shown_beside_the_first_answers_to_the_same_words() -> None:
    columns = ["arm", "question", "paraphrase", "index", "prompt", "answer", "verdict"]
    answers = pd.DataFrame(
        [
            ("untuned", "one", 0, 0, "One?", "base 0", "aligned"),
            ("untuned", "one", 1, 1, "Uno?", "base 1", "aligned"),
            ("untuned", "two", 0, 0, "Two?", "base 2", "aligned"),
            ("insecure", "one", 0, 0, "One?", "good", "aligned"),
            ("insecure", "one", 1, 3, "Uno?", "worse", "misaligned"),
            ("insecure", "one", 1, 1, "Uno?", "bad", "misaligned"),
            ("insecure", "two", 0, 0, "Two?", "fine", "aligned"),
        ],
        columns=columns,
    )
    assert demo.chosen(answers) == (True, [("Uno?", "base 1", "bad")])
    harmless = answers.assign(verdict="aligned")
    assert demo.chosen(harmless) == (False, [("One?", "base 0", "good"), ("Two?", "base 2", "fine")])
