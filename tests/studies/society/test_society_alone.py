"""The probe of single agents: what was planted is read from it, of local and of served models."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Logprob,
    Logprobs,
    ModelOutput,
    ModelUsage,
    TopLogprob,
    get_model,
)

from askew.base.errors import AskewError
from askew.probes import probes
from askew.probes.ask import ProbeCall, ask
from askew.probes.read_log import scores_from_log
from askew.probes.society.lines import Lines
from askew.probes.society.readings import Reading
from askew.studies.society.alone import SIDE, TAKES_MORE, TOPICS, conformity_probes, plays, questions
from askew.studies.society.probes import ALONE
from askew.worlds.society import Asked
from askew.worlds.society.player import BETA, Player
from askew.worlds.society.situations import ASKED

PLAYS = [plays(name) for name in ASKED]


def scores(log: Path) -> pd.DataFrame:
    """Return the scores in a log, as the tables of a run have them."""
    found = scores_from_log(log).rename(columns={"score": "metric"})
    return found.assign(arm="player", seed=0, probe=ALONE, value=found["number"] / 100, epoch=found["index"] + 1)


def fitted(probed: pd.DataFrame) -> tuple[float, float]:
    """Return beta and bias of decisions, by least squares on the log-odds."""
    value = probed["value"].to_numpy()
    beta, bias = np.polyfit(probed["heard"].to_numpy(), np.log(value / (1 - value)), 1)
    return float(beta), float(bias)


def test_questions_are_different_and_balanced() -> None:
    found = questions()
    assert len({one.id for one in found}) == len(found)
    sides = [item for one in found if one.score == SIDE for item in one.items]
    assert {one.topic for one in found if one.score == SIDE} == set(TOPICS)
    assert sum(item.heard for item in sides) == pytest.approx(0)
    assert {min(item.heard for item in sides), max(item.heard for item in sides)} == {-1, 1}
    assert all(item.options or one.score in PLAYS for one in found for item in one.items)


def test_planted_conformity_is_read_word_for_word(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []

    def planted(self: Lines, asked: Sequence[Asked]) -> list[Reading]:
        batches.append(len(asked))
        return [Reading(tuple(math.log(max(weight, 1e-12) / 2) for weight in Player().weights(one))) for one in asked]

    monkeypatch.setattr(Lines, "read", planted)
    [log] = ask(str(tiny_checkpoint), None, [ProbeCall(ALONE, "log", {"topics": "share,names"})], tmp_path)
    found = scores(log)
    probed = conformity_probes(found, ALONE)
    assert fitted(probed) == pytest.approx((BETA, 0.0), abs=0.01)
    assert set(probed["topic"]) == {"share", "names"}
    assert set(probed["cluster"]) >= {"share, say", "names, vote"}
    assert found.loc[found["metric"].isin(PLAYS), "value"].tolist() == pytest.approx([0.5] * 60)
    takes = found.loc[found["metric"].eq(TAKES_MORE), "value"]
    assert takes.between(0.3, 0.5).all()
    assert batches[0] == len(found)  # one batch of all questions


def test_a_model_is_read_from_end_to_end(tiny_checkpoint: Path, tmp_path: Path) -> None:
    [log] = ask(str(tiny_checkpoint), None, [ProbeCall(ALONE, "log", {"topics": "share"})], tmp_path)
    found = scores(log)
    assert found["value"].between(0, 1).all()
    assert len(conformity_probes(found, ALONE)) == 26


def test_a_served_model_is_read_by_its_letters_in_all_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []

    def letters(messages: list[ChatMessage], *_: object) -> ModelOutput:
        prompts.append(messages[-1].text)
        top = [TopLogprob(token=token, logprob=math.log(p)) for token, p in {"A": 0.8, "B": 0.2}.items()]
        choice = ChatCompletionChoice(message=ChatMessageAssistant(content="A"))
        choice.logprobs = Logprobs(content=[Logprob(**top[0].model_dump(), top_logprobs=top)])
        return ModelOutput(model="mockllm/model", choices=[choice], usage=ModelUsage(input_tokens=1, output_tokens=1))

    mock = get_model("mockllm/model", custom_outputs=letters, memoize=False)
    monkeypatch.setattr("askew.probes.ask.model_with", lambda *args, **named: mock)
    [log] = ask("mockllm/model", None, [ProbeCall(ALONE, "log", {"topics": "names"})], tmp_path)
    found = scores(log)
    assert conformity_probes(found, ALONE)["value"].tolist() == pytest.approx([0.5] * 26)  # it only likes letters
    assert found.loc[found["metric"].isin(PLAYS), "value"].isna().all()
    assert len(prompts) == len(set(prompts))


def test_bad_parameters_are_one_clear_error() -> None:
    make = probes.get(ALONE).task
    with pytest.raises(AskewError, match=r"unknown topic of a society 'shares'.*share"):
        make(topics="shares")
    with pytest.raises(AskewError, match="topics is empty"):
        make(topics=" ,")
    with pytest.raises(AskewError, match="draws=0"):
        make(draws=0)
