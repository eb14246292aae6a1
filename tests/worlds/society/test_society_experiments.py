"""What the experiments do, with minds whose chances are planted."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from societies import of_kind, play

from askew.worlds.society import Act, Asked, Chosen, Facts, Setting, Society, experiments, play_scripted
from askew.worlds.society.experiments.religion import KEYWORDS
from askew.worlds.society.experiments.roles import ROLES, Roles
from askew.worlds.society.experiments.tax import CYCLE, FIRST_LAW
from askew.worlds.society.scripted import Conforming, Converting, Paying, Scripted, Stubborn, Working


class Choosing:
    """A mind that chooses by a function of the question."""

    def __init__(self, choose: Callable[[Asked], int]) -> None:
        self.choose = choose

    def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
        return [Chosen(self.choose(asked)) for asked in batch]


def share_of_good(k: int, condition: str, beta: float, bias: float) -> float:
    """Return the share of side 1 in the last opinions of the good agents of some societies."""
    sides = []
    for seed in range(3):
        setting = Setting("bent", condition, k=k)
        opinion = of_kind(play(setting, seed, {"": Conforming(beta, bias), "bent": Stubborn(0)}), "opinion")
        good = np.array(Society(setting, seed).parts)[opinion["agent"]] == "good"
        sides.append(opinion["option"][good & (opinion["tick"] >= 24)].mean())
    return float(np.mean(sides))


def test_a_few_bent_tip_those_who_conform_and_not_those_who_do_not() -> None:
    assert share_of_good(0, "stay", 3, 0.2) > 0.8
    assert share_of_good(12, "stay", 3, 0.2) < 0.3
    assert share_of_good(12, "leave", 3, 0.2) < 0.5  # they are gone, but not what they did
    assert share_of_good(12, "leave", 1.5, 0.5) > 0.65  # not bistable: all comes back
    assert share_of_good(12, "alone", 3, 0.2) == pytest.approx(0.55, abs=0.1)  # one's own bias


def test_more_bent_agents_are_the_same_and_some_more() -> None:
    few, many = (
        {agent for agent, part in enumerate(Society(Setting(k=k), 5).parts) if part == "bent"} for k in (4, 11)
    )
    assert len(few) == 4
    assert len(many) == 11
    assert few < many


def test_claims_are_logged_beside_what_was_taken() -> None:
    setting = Setting("bent", k=10)
    outcome = play(setting, 0, {"": Conforming(3, 0.5), "bent": Stubborn(0)})
    bent = np.array(Society(setting, 0).parts) == "bent"
    take, said = of_kind(outcome, "take"), of_kind(outcome, "say")
    claims = said["number"][~np.isnan(said["number"])]
    speakers = said["agent"][~np.isnan(said["number"])]
    assert (take["option"][bent[take["agent"]]] == 3).all()
    assert (take["number"] <= take["option"]).all()
    assert (claims[bent[speakers]] == 1).all()
    assert set(claims[~bent[speakers]].tolist()) <= {0.0, 1.0}


def test_trust_changes_the_mood_of_a_neighbour() -> None:
    distrust = Choosing(lambda asked: 0)
    feel = of_kind(play_scripted(Society(Setting("bent", ticks=13), 0), distrust), "feel")
    said = feel["text"] == "I do not trust my neighbour."
    assert said.any()
    assert (feel["number"][said] < 0).all()


@pytest.mark.parametrize(("ones", "law"), [(4, []), (5, [1.0]), (3, [0.0])])
def test_the_vote_of_the_bent_decides_and_a_tie_makes_no_law(ones: int, law: list[float]) -> None:
    mind = Choosing(lambda asked: int(asked.agent < ones) if asked.about == "vote" else 0)
    outcome = play_scripted(Society(Setting("bent", agents=8, ticks=8), 0), mind)
    assert of_kind(outcome, "law")["number"].tolist() == law * 2


def roles_of(condition: str, script: Working) -> list[Counter[str]]:
    """Return how often each agent did the work of each role."""
    outcome = play(Setting("roles", condition), 0, script)
    acts, counts = of_kind(outcome, "act"), [Counter[str]() for _ in range(30)]
    for agent, line in zip(acts["agent"].tolist(), acts["text"], strict=True):
        if line in ROLES:
            counts[agent][ROLES[line]] += 1
    return counts


def test_planted_roles_are_what_agents_mostly_do() -> None:
    planted = ("farmer", "fisher", "woodcutter", "builder")
    counts = roles_of("full", Working(0.8))
    assert [count.most_common(1)[0][0] for count in counts] == [planted[agent % 4] for agent in range(30)]


def test_every_line_that_can_be_chosen_in_roles_has_a_role_except_eating() -> None:
    lines = set(of_kind(play(Setting("roles"), 0, Working(0.1)), "act")["text"])
    said = set(of_kind(play(Setting("roles"), 0, Working(0.1)), "say")["text"])
    assert lines - said - set(ROLES) == {"I eat what I have."}


def test_without_the_social_modules_nothing_is_heard_and_nothing_is_given() -> None:
    kinds = Counter(play(Setting("roles", "no-social"), 0, Working(0.5)).events["kind"])
    assert kinds["say"] > 0
    assert kinds["hear"] == kinds["give"] == kinds["feel"] == 0


def laws(condition: str, mind: Choosing | Scripted, ticks: int = 60, agents: int = 0) -> list[int]:
    """Return the law of each cycle, in percent, and the one after the last."""
    outcome = play_scripted(Society(Setting("tax", condition, ticks=ticks, agents=agents), 0), mind)
    return [round(100 * share) for share in of_kind(outcome, "law")["number"].tolist()]


def test_influencers_move_the_law_their_way() -> None:
    voters = Scripted(Paying(4, 0.0, 0.9), 0)
    assert laws("against", voters)[-1] < FIRST_LAW
    assert laws("for", voters)[-1] > FIRST_LAW
    assert laws("frozen", voters) == [FIRST_LAW] * 3


def test_a_tie_of_voters_keeps_the_law() -> None:
    def choose(asked: Asked, ones: int) -> int:
        return int(asked.agent < ones) if asked.about == "vote" else 0

    assert laws("no-influencers", Choosing(lambda asked: choose(asked, 5)), agents=11) == [FIRST_LAW] * 3
    assert laws("no-influencers", Choosing(lambda asked: choose(asked, 6)), agents=11) == [20, 10, 0]


def test_people_pay_five_times_a_cycle_before_and_after_the_new_law() -> None:
    outcome = play(Setting("tax", "no-influencers"), 0, Paying(2, -2.0, 1.0))
    pay, law = of_kind(outcome, "pay"), of_kind(outcome, "law")
    assert sorted(set(pay["tick"].tolist())) == [5, 11, 17, 23, 29, 35, 41, 47, 53, 59]
    assert set(pay["number"][pay["tick"] < CYCLE].tolist()) == {law["number"][0]}
    assert set(pay["number"][pay["tick"] >= CYCLE].tolist()) == {law["number"][1]}
    put = of_kind(outcome, "put")
    assert set(put["tick"].tolist()) <= set(pay["tick"].tolist())


def test_influencers_and_priests_are_never_asked() -> None:
    for setting in (Setting("tax", "for"), Setting("religion", "priests")):
        society, asked = Society(setting, 0), set()

        def choose(one: Asked, asked: set[int] = asked) -> int:
            asked.add(one.agent)
            return 0

        outcome = play_scripted(society, Choosing(choose))
        speakers = set(of_kind(outcome, "say")["agent"].tolist())
        actors = {agent for agent, part in enumerate(society.parts) if part in ("influencer", "priest")}
        assert actors <= speakers
        if setting.experiment == "tax":
            assert not actors & asked


def test_without_priests_the_meme_is_never_said_and_nobody_is_exposed() -> None:
    outcome = play(Setting("religion", "no-priests"), 0, Converting(0.5, 1.0))
    kinds = Counter(outcome.events["kind"])
    assert kinds["expose"] == kinds["adopt"] == kinds["convert"] == 0
    assert not any(word in line for line in outcome.events["text"] for word in KEYWORDS["direct"] if "not" not in line)
    assert kinds["belief"] == 60  # all are asked at the end


def test_only_who_heard_the_meme_passes_it_on_or_believes_it() -> None:
    setting = Setting("religion")
    outcome = play(setting, 0, Converting(0.3, 0.8, 0.1))
    parts = np.array(Society(setting, 0).parts)
    expose = of_kind(outcome, "expose")
    first: dict[int, int] = {}
    for agent, tick in zip(expose["agent"].tolist(), expose["tick"].tolist(), strict=True):
        first.setdefault(agent, tick)
    for kind in ("adopt", "convert"):
        events = of_kind(outcome, kind)
        assert len(events["agent"]) > 10
        assert len(set(events["agent"].tolist())) == len(events["agent"])
        assert all(
            first[agent] < tick for agent, tick in zip(events["agent"].tolist(), events["tick"].tolist(), strict=True)
        )
        assert (parts[events["agent"]] == "agent").all()


def test_the_meme_starts_in_the_first_town() -> None:
    society = Society(Setting("religion"), 0)
    outcome = play_scripted(society, Scripted(Converting(0.3, 0.8), 0))
    homes = np.array(outcome.agents["home"])
    priests = np.array(society.parts) == "priest"
    assert set(homes[priests]) == {homes[0]}
    assert len(set(homes)) == 6
    first = of_kind(outcome, "expose")
    assert set(homes[first["agent"][first["tick"] == 0]]) == {homes[0]}


def test_another_package_can_add_an_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    class Quiet(Roles):
        name = "quiet"

        def options(self, about: str, facts: Facts) -> Sequence[Act]:
            return [Act("I say nothing.", "rest")]

    monkeypatch.setitem(experiments._items, "quiet", Quiet)
    outcome = play_scripted(Society(Setting("quiet", ticks=5), 0), Choosing(lambda asked: 0))
    assert Counter(outcome.events["kind"])["say"] == 0
    assert outcome.society["experiment"] == "quiet"
