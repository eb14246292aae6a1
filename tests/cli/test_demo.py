"""The demo: a small run whose answers are printed side by side."""

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
