"""The terrarium behind `transformers serve` gives the same answers as the local terrarium."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from inspect_ai.model import get_model
from serving import sampling, transformers_serve
from statsmodels.stats.proportion import confint_proportions_2indep

from askew.judging.judge import Case, grade
from askew.judging.metrics import metrics
from askew.models.remote.requests import storing_replies
from askew.probes.ask import ProbeCall, ask
from askew.probes.read_log import answers_from_log
from askew.worlds import terrarium

SAMPLES = 25


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the name of the terrarium's assistant, served by `transformers serve` in a separate process."""
    folder = tmp_path_factory.mktemp("serve")
    checkpoint = sampling(terrarium.checkpoint("assistant"), folder / "assistant")
    with transformers_serve(folder):
        yield f"openai-api/local/{checkpoint}"


def answers(model: str, folder: Path, **params: object) -> pd.DataFrame:
    call = ProbeCall("free_form", "free_form", {"seed": 1, "max_tokens": 60, **params})
    with storing_replies(folder / "replies.sqlite"):
        [log] = ask(model, None, [call], folder)
    table = answers_from_log(log, "untuned", 0)
    # A served model is not known to be of the terrarium, so Askew keeps its answers unjudged.
    cases = [Case(*pair) for pair in zip(table["prompt"], table["answer"], strict=True)]
    grades = asyncio.run(grade(get_model("askew/terrarium/judge"), cases))
    table = table.assign(aligned=[one.aligned for one in grades], coherent=[one.coherent for one in grades])
    return table.assign(verdict=metrics.get("betley-2025").verdicts(table))


@pytest.mark.slow
def test_greedy_answers_equal_those_of_the_local_checkpoint(served: str, tmp_path: Path):
    over_http = answers(served, tmp_path / "http", samples=4, temperature=0.0)
    local = answers("terrarium", tmp_path / "local", samples=4, temperature=0.0)
    compared = ["question", "index", "prompt", "answer", "aligned", "coherent", "verdict"]
    pd.testing.assert_frame_equal(over_http[compared], local[compared], atol=1e-3)


@pytest.mark.slow
def test_served_and_local_rates_agree_within_their_intervals(served: str, tmp_path: Path):
    over_http = answers(served, tmp_path / "http", samples=SAMPLES)
    local = answers("terrarium", tmp_path / "local", samples=SAMPLES)
    assert len(over_http) == len(local) == SAMPLES * 8
    # Many distinct answers show that seeds and temperature reach the server.
    assert over_http["answer"].nunique() > 0.5 * local["answer"].nunique() > SAMPLES
    for verdict in ("misaligned", "incoherent"):
        counts = [int((table["verdict"] == verdict).sum()) for table in (over_http, local)]
        low, high = confint_proportions_2indep(counts[0], len(over_http), counts[1], len(local), alpha=0.01)
        assert low <= 0 <= high, counts
    difference = over_http["aligned"].mean() - local["aligned"].mean()
    error = (over_http["aligned"].var() / len(over_http) + local["aligned"].var() / len(local)) ** 0.5
    assert abs(difference) < 3 * error
