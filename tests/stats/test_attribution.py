"""The attribution names true converters as well as the Bayes-optimal reader, and knows how sure it may be."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.stats.attribution import EDGES, NOBODY, attribution, contagion, edges, influence, named, tree
from askew.stats.transmission import ITSELF, conversion_chances, histories
from made_societies import Meme, made_events, made_memes

PLANTED = pd.DataFrame({"group": ["hearing", ITSELF], "chance": [0.2, 0.0]})


def heard(hearings: list[tuple[int, int]], asked: list[tuple[int, int]], agent: int = 1) -> pd.DataFrame:
    """Return events of one agent: hearings (tick, source), and private answers (tick, option)."""
    rows = [(tick, "expose", -1, source) for tick, source in hearings]
    rows += [(tick, "belief", option, -1) for tick, option in asked]
    tick, kind, option, source = zip(*sorted(rows, key=lambda row: row[0]), strict=True)
    return made_events(society="s", agent=agent, tick=tick, kind=kind, option=option, source=source)


def by_enumeration(groups: list[list[float]], itself: float, ticks: int) -> list[float]:
    """Return the probability that each hearing converted, by summing over everything that may have happened.

    Args:
        groups: Chances of the hearings of each tick.
        itself: Chance per tick of a conversion without a hearing.
        ticks: Number of ticks; hearings are in the first ones.
    """
    first, total = [0.0] * sum(map(len, groups)), 0.0
    spans = [*groups, *[[] for _ in range(ticks - len(groups))]]
    before, place = 1.0, 0
    for chances in spans:
        hazards = [-np.log(1 - chance) for chance in chances]
        whole = sum(hazards) - np.log(1 - itself)
        now = before * (1 - np.exp(-whole))
        for number, hazard in enumerate(hazards):
            first[place + number] = now * hazard / whole if whole else 0.0
        total, before, place = total + now, before * np.exp(-whole), place + len(chances)
    return [one / total for one in first]


@pytest.mark.parametrize(("chance", "itself"), list(product([0.05, 0.5], [0.0, 0.01])))
def test_probabilities_are_those_of_all_that_may_have_happened(chance: float, itself: float) -> None:
    events = heard([(0, 5), (1, 6), (1, 7), (2, 5), (9, 8)], [(0, 0), (6, 1), (12, 1)])
    chances = PLANTED.assign(chance=[chance, itself])
    found = attribution(histories(events), chances)
    assert found["probability"].to_numpy() == pytest.approx(
        by_enumeration([[chance], [chance, chance], [chance]], itself, 6)
    )
    edge = edges(histories(events), found).iloc[0]
    assert edge["source"] == 5
    assert edge["itself"] == pytest.approx(1 - found["probability"].sum())
    assert (edge["hearings"], edge["sources"], edge["first_source"]) == (4, 3, 5)
    assert 0 < edge["entropy"] < np.log(4)


@pytest.mark.parametrize("chance", [0.5, 0.1, 0.02])
def test_true_converters_are_named_as_well_as_by_the_bayes_optimal_reader(chance: float) -> None:
    """The prototype's first hearing named 60%, 23% and 14% at these chances."""
    world = Meme(chance=chance)
    events, agents, truth = made_memes(np.random.default_rng(int(1000 * chance)), world, 8)
    priests = agents[agents["part"].eq("priest")]
    seen = histories(events, apart=priests)
    ours = named(edges(seen, attribution(seen, conversion_chances(seen))), truth)
    reader = named(edges(seen, attribution(seen, PLANTED.assign(chance=[chance, 0.0]))), truth)
    weight = reader["converts"] / reader["converts"].sum()
    named_by = {rule: float((ours[rule] * weight).sum()) for rule in ("likelihood", "first", "expected")}
    best = float((reader["likelihood"] * weight).sum())
    assert named_by["likelihood"] >= best - 0.02
    assert named_by["likelihood"] > named_by["first"] + 0.08
    # It knows how often it is right.
    assert named_by["expected"] == pytest.approx(named_by["likelihood"], abs=0.08)


def test_probabilities_are_calibrated() -> None:
    events, agents, truth = made_memes(np.random.default_rng(5), Meme(chance=0.1, itself=0.003), 12)
    seen = histories(events, apart=agents[agents["part"].eq("priest")])
    found = edges(seen, attribution(seen, conversion_chances(seen)))
    both = found.merge(truth.rename(columns={"source": "true"}), on=["society", "agent"])
    right = both["source"].eq(both["true"])
    for low, high in ((0.0, 0.4), (0.4, 0.7), (0.7, 1.01)):
        inside = both["probability"].between(low, high, inclusive="left")
        assert right[inside].mean() == pytest.approx(both.loc[inside, "probability"].mean(), abs=0.09)


def test_priests_convert_as_many_as_they_truly_did() -> None:
    events, agents, truth = made_memes(np.random.default_rng(6), Meme(chance=0.05, chance_of_priests=0.3), 8)
    priests = agents[agents["part"].eq("priest")]
    seen = histories(events, apart=priests, groups=priests.assign(group="priest"))
    found = influence(seen, attribution(seen, conversion_chances(seen)))
    of_priests = found[found["source"] < 4]
    error = of_priests["converted"].sum() - (truth["source"].between(0, 3)).sum()
    assert abs(error) < 3 * np.sqrt((of_priests["sd"] ** 2).sum()) + 0.05 * len(truth)
    assert found["first"].sum() == len(truth) - truth["source"].eq(NOBODY).sum()


def test_the_tree_counts_generations_from_its_roots() -> None:
    rows = [(10, 1, 0), (20, 2, 1), (20, 3, 2), (30, 4, 9), (30, 5, NOBODY), (40, 6, 7), (40, 7, 6), (50, 8, 3)]
    tick, agent, source = zip(*rows, strict=True)
    found = pd.DataFrame({"society": "s", "tick": tick, "agent": agent, "source": source})
    grown = tree(found, pd.DataFrame({"society": ["s", "other"], "agent": [0, 9]}))
    assert dict(zip(grown["agent"], grown["generation"], strict=True)) == {
        **{1: 1, 2: 2, 3: 3, 8: 4},
        **{4: -1, 5: -1, 6: -1, 7: -1},
    }


def test_a_convert_that_heard_nothing_came_to_it_by_itself() -> None:
    seen = histories(heard([], [(0, 0), (5, 1)]))
    edge = edges(seen, attribution(seen, PLANTED)).iloc[0]
    assert list(edge.index) == list(EDGES)
    assert (edge["source"], edge["first_source"], edge["itself"], edge["entropy"]) == (NOBODY, NOBODY, 1, 0)
    assert np.isnan(edge["first_probability"])


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(AskewError, match="group 'hearing'"):
        attribution(histories(heard([(1, 5)], [(3, 1)])), PLANTED.assign(group=["priest", ITSELF]))


def test_shuffled_beliefs_show_no_contagion() -> None:
    """Beliefs are dealt out anew among the agents of a society; hearings stay with those who heard."""
    rng = np.random.default_rng(7)
    events, agents, _ = made_memes(rng, replace(Meme(chance=0.05), agents=40, ticks=60, side=24.0), 5)
    priests = agents[agents["part"].eq("priest")]
    assert contagion(histories(events, apart=priests), events).p < 1e-6
    is_belief, found = events["kind"].eq("belief"), []
    for _ in range(40):
        shuffled = events.copy()
        for _, own in events[is_belief].groupby("society"):
            people = own["agent"].unique()
            dealt = dict(zip(people, rng.permutation(people), strict=True))
            shuffled.loc[own.index, "agent"] = own["agent"].map(dealt)
        found.append(contagion(histories(shuffled, apart=priests), shuffled).p)
    assert np.mean(np.array(found) < 0.05) <= 0.125
    assert 0.3 < np.mean(found) < 0.7


def test_time_alone_is_no_contagion() -> None:
    """All believe more and more, and hear more and more; who heard most does not matter."""
    rng, found = np.random.default_rng(8), []
    for _ in range(40):
        rows = []
        for agent in range(60):
            until = int(rng.triangular(0, 50, 50))
            rows += [(tick, agent, "expose", -1, 99) for tick in range(50) if rng.random() < tick / 100]
            rows += [(tick, agent, "belief", int(tick > until), -1) for tick in range(0, 51, 10)]
        tick, agent, kind, option, source = zip(*rows, strict=True)
        events = made_events(society="s", tick=tick, agent=agent, kind=kind, option=option, source=source)
        found.append(contagion(histories(events), events).p)
    assert np.mean(np.array(found) < 0.05) <= 0.125
