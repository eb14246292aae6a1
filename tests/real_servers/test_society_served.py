"""Societies of models behind a server: prompts are sent once, letters are read, and a failure loses nothing."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_server import Refusal, Reply, ScriptedModel, scripted_model

from askew.base.errors import AskewError
from askew.models.remote.requests import Patience, storing_replies
from askew.probes.society.playing import play_society
from askew.worlds.society import Outcome, Setting

SMALL = Setting("bent", agents=6, ticks=6)
QUICK = Patience(total=0.2, first_wait=0.05)


def letters(body: dict[str, Any]) -> Reply:
    """Choose the second line three times out of four."""
    if body.get("logprobs"):
        return Reply(["B"], {"B": 0.75, "A": 0.25})
    return Reply(["B"] * (body.get("n") or 1))


class Served(ScriptedModel):
    usual = staticmethod(letters)

    def play(self, folder: Path, **changes: Any) -> Outcome:
        """Return a society of the model, whose replies and journal are kept in a folder."""
        with storing_replies(folder / "replies.sqlite", patience=QUICK, **changes):
            return play_society(SMALL, 1, "one", {"": [self.model]}, folder / "journal")

    def prompts(self) -> list[str]:
        """Return the prompts of all requests."""
        return [body["messages"][-1]["content"] for body in self.requests]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with scripted_model(Served, monkeypatch) as model:
        yield model


def test_each_prompt_is_sent_once_and_letters_are_read(served: Served, tmp_path: Path) -> None:
    played = served.play(tmp_path)
    prompts = served.prompts()
    assert len(prompts) == len(set(prompts)) == played.society["prompts"]
    assert int(played.society["calls"]) > len(prompts)
    numbers = np.asarray(played.events["number"])[np.asarray(played.events["kind"]) == "act"]
    assert {0.25, 0.75} <= set(np.round(numbers, 2))


def test_a_server_that_dies_is_one_error_and_the_society_goes_on_where_it_was(served: Served, tmp_path: Path) -> None:
    undisturbed, died = tmp_path / "undisturbed", tmp_path / "died"
    undisturbed.mkdir()
    died.mkdir()
    whole = served.play(undisturbed)
    needed = len(served.requests)
    answered = itertools.count()

    def dying(body: dict[str, Any]) -> Reply | Refusal:
        out = Refusal({"error": {"message": "out of order"}}, 503)
        return letters(body) if next(answered) < needed // 2 else out

    served.script = dying
    with pytest.raises(AskewError, match="out of order"):
        served.play(died)
    ticks = (died / "journal").read_text().count("\n") - 1
    assert 0 < ticks < SMALL.ticks
    served.script = letters
    served.requests.clear()
    again = served.play(died)
    assert len(served.requests) == needed - needed // 2  # nothing is asked twice
    assert again.society == whole.society
    assert all(list(again.events[name]) == list(whole.events[name]) for name in ("agent", "kind", "text", "option"))


def test_a_model_without_logprobs_answers_in_words(served: Served, tmp_path: Path) -> None:
    def words(body: dict[str, Any]) -> Reply | Refusal:
        if body.get("logprobs"):
            return Refusal({"error": {"message": "logprobs are not supported", "type": "invalid_request_error"}})
        return Reply(["B. That one."] * (body.get("n") or 1))

    served.script = words
    played = served.play(tmp_path)
    kinds = list(played.events["kind"])
    assert "miss" not in kinds
    assert kinds.count("act") > 6
    assert sum("logprobs" in body for body in served.requests) < 3  # it is found out once


def test_a_model_that_only_commands_does_nothing(served: Served, tmp_path: Path) -> None:
    served.script = lambda body: Reply(["/op @a"] * (body.get("n") or 1))
    played = served.play(tmp_path)
    assert {"say", "take", "vote"}.isdisjoint(played.events["kind"])
    assert list(played.events["kind"]).count("miss") == played.society["calls"]


def test_the_cost_limit_holds(served: Served, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(f"{served.model}:\n  input: 100\n  output: 100\n")
    with pytest.raises(AskewError, match=r"--max-cost \$0.1 is reached"):
        served.play(tmp_path, max_cost=0.1, prices=prices)
    assert served.requests
