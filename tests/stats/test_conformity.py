"""Conformity and bias are recovered from probes, with clusters, probabilities, and from decisions in societies."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from askew.base.errors import AskewError
from askew.stats.conformity import conformity, decisions
from made_societies import made_events, made_probes


@pytest.mark.parametrize(("clusters", "spread"), [(0, 0.0), (8, 0.3)])
def test_conformity_and_bias_are_covered(clusters: int, spread: float) -> None:
    rng, hits = np.random.default_rng(clusters), []
    for _ in range(60):
        fit = conformity(made_probes(rng, 2.5, -0.4, 400, clusters=clusters, spread=spread), draws=300)
        assert fit.clusters == (clusters or 400)
        hits += [
            fit.interval(name)[0] <= true <= fit.interval(name)[1] for name, true in (("beta", 2.5), ("bias", -0.4))
        ]
    assert np.mean(hits) >= 0.9


def test_ignored_clusters_would_be_too_sure() -> None:
    probes = made_probes(np.random.default_rng(1), 2.5, -0.4, 4000, clusters=8, spread=1.0)
    clustered, ignored = (
        conformity(probes).interval("bias"),
        conformity(probes.drop(columns="cluster")).interval("bias"),
    )
    assert clustered[1] - clustered[0] > 3 * (ignored[1] - ignored[0])


def test_shuffled_probes_show_no_conformity() -> None:
    rng, hits = np.random.default_rng(2), []
    for _ in range(60):
        probes = made_probes(rng, 3.0, -0.5, 300)
        low, high = conformity(probes.assign(value=rng.permutation(probes["value"])), draws=300).interval("beta")
        hits.append(low <= 0 <= high)
    assert np.mean(hits) >= 0.9


def test_probabilities_say_more_than_choices() -> None:
    probes = made_probes(np.random.default_rng(3), 3.0, -0.5, 90)
    told = conformity(probes.assign(value=special.expit(3 * probes["heard"] - 0.5)))
    chose = conformity(probes)
    assert (told.beta, told.bias) == (pytest.approx(3, abs=0.2), pytest.approx(-0.5, abs=0.1))
    assert np.ptp(told.interval("beta")) < np.ptp(chose.interval("beta")) / 2


def test_an_agent_that_follows_every_majority_has_a_finite_conformity() -> None:
    heard = np.tile([-1, -0.5, 0.5, 1.0], 25)
    fit = conformity(pd.DataFrame({"heard": heard, "value": (heard > 0).astype(float)}))
    assert 4 < fit.beta < 60
    assert abs(fit.bias) < 0.5
    assert np.isfinite(fit.draws).all()


def test_the_other_option_turns_the_bias() -> None:
    fit = conformity(made_probes(np.random.default_rng(4), 2.0, -0.5, 300))
    turned = fit.towards(0)
    assert (turned.beta, turned.bias) == (fit.beta, -fit.bias)
    assert turned.interval("bias")[0] == pytest.approx(-fit.interval("bias")[1])


@pytest.mark.parametrize(
    ("heard", "value", "message"),
    [([0.5, -0.5], [np.nan, np.nan], "has an answer"), ([1, 1], [0, 1], "same share"), ([0, 2], [0, 1], "-1 to 1")],
)
def test_probes_that_cannot_be_fitted_are_refused(heard: list[float], value: list[float], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        conformity(pd.DataFrame({"heard": heard, "value": value}))


def test_decisions_count_the_last_voices_of_former_ticks() -> None:
    hears = [("s", tick, 1, "hear", option) for tick, option in [(0, 1), (0, 1), (1, 0), (2, 1), (2, -1)]]
    asked = [("s", 0, 1, "opinion", 0), ("s", 2, 1, "opinion", 1), ("s", 3, 1, "opinion", 1), ("s", 3, 2, "opinion", 1)]
    society, tick, agent, kind, option = zip(*hears, *asked, strict=True)
    events = made_events(society=society, tick=tick, agent=agent, kind=kind, option=option)
    table = decisions(events, voices=2)
    assert table[["tick", "voices", "value"]].to_numpy().tolist() == [[2, 2, 1], [3, 2, 1]]
    assert table["heard"].tolist() == [0, 0]
    assert decisions(events, voices=8)["heard"].tolist() == [pytest.approx(1 / 3), pytest.approx(0.5)]


def test_conformity_is_recovered_from_decisions_in_societies() -> None:
    rng, parts = np.random.default_rng(5), []
    for society in range(6):
        side = rng.integers(2, size=20)
        for tick in range(12):
            heard = side[rng.integers(20, size=(20, 4))]
            agent, source = np.indices(heard.shape).reshape(2, -1)
            one = {"society": f"s{society}", "tick": tick}
            parts.append(made_events(**one, agent=agent, source=source, kind="hear", option=heard.ravel()))
            chance = special.expit(2 * (2 * heard.mean(1) - 1) - 0.2)
            side = (rng.random(20) < chance).astype(int)
            parts.append(made_events(**{**one, "tick": tick + 1}, agent=np.arange(20), kind="opinion", option=side))
    fit = conformity(decisions(pd.concat(parts).sort_values("tick", kind="stable"), voices=4))
    assert fit.clusters == 6
    assert fit.interval("beta")[0] <= 2 <= fit.interval("beta")[1]
