"""A society is a function of its setting, its seed and the answers."""

from collections.abc import Sequence

import numpy as np
import pytest
from societies import SCRIPTS, as_text, of_kind, play, same

from askew.base.errors import AskewError
from askew.worlds.society import (
    AGENT_COLUMNS,
    EVENT_COLUMNS,
    SOCIETY_COLUMNS,
    Asked,
    Chosen,
    Facts,
    Setting,
    Society,
    experiments,
    play_scripted,
)
from askew.worlds.society.island import Island
from askew.worlds.society.scripted import Scripted
from askew.worlds.society.state import names

EXPERIMENTS = ("bent", "roles", "tax", "religion")


class Saying:
    """A mind that gives one answer to everything."""

    def __init__(self, chosen: Chosen) -> None:
        self.chosen = chosen

    def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
        return [self.chosen] * len(batch)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_tables_have_their_columns_and_types(experiment: str) -> None:
    outcome = play(Setting(experiment))
    for table, columns in ((outcome.events, EVENT_COLUMNS), (outcome.agents, AGENT_COLUMNS)):
        assert list(table) == list(columns)
        assert len({len(column) for column in table.values()}) == 1
        for name, kind in columns.items():
            assert all(isinstance(value, kind) for value in np.asarray(table[name]).tolist())
    assert list(outcome.society) == list(SOCIETY_COLUMNS)
    assert all(isinstance(outcome.society[name], kind) for name, kind in SOCIETY_COLUMNS.items())


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_same_seed_and_answers_give_the_same_events(experiment: str) -> None:
    setting = Setting(experiment)
    one, other = play(setting, 1), play(setting, 2)
    assert same(one.events, play(setting, 1).events)
    assert not same(one.events, other.events)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_one_batch_a_tick_asks_each_agent_for_at_most_one_act(experiment: str) -> None:
    society = Society(Setting(experiment, pace=1), 0)
    mind, game, ticks = Scripted(SCRIPTS[experiment], 0), society.play(), 0
    batch = next(game)
    while True:
        acting = [asked.agent for asked in batch if not asked.private]
        assert len(acting) == len(set(acting))
        assert all(2 <= len(asked.options) <= 6 for asked in batch)
        assert all(asked.tick == ticks for asked in batch)
        ticks += 1
        try:
            batch = game.send(mind.decide(batch))
        except StopIteration:
            break
    assert ticks == society.setting.ticks


def test_events_are_in_order_and_about_present_agents() -> None:
    events = play(Setting("bent", "leave", k=10)).events
    assert (np.diff(events["tick"]) >= 0).all()
    left = {agent: 15 for agent, part in enumerate(Society(Setting(k=10), 0).parts) if part == "bent"}
    columns = (np.asarray(events[name]).tolist() for name in ("agent", "tick", "kind"))
    for agent, tick, kind in zip(*columns, strict=True):
        assert tick < left.get(agent, 99) or kind == "leave"


def test_what_is_heard_was_said_in_the_same_tick_by_another() -> None:
    outcome = play(Setting("religion"))
    said, heard = of_kind(outcome, "say"), of_kind(outcome, "hear")
    spoken = set(zip(said["tick"].tolist(), said["agent"].tolist(), said["text"], said["option"].tolist(), strict=True))
    for line in zip(
        heard["tick"].tolist(), heard["source"].tolist(), heard["text"], heard["option"].tolist(), strict=True
    ):
        assert line in spoken
    assert (heard["source"] != heard["agent"]).all()


def test_an_answer_of_one_agent_shifts_no_draw_of_another() -> None:
    class Changed(Scripted):
        def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
            chosen = super().decide(batch)
            return [
                Chosen(0) if asked.agent == 4 and asked.tick == 0 else one
                for asked, one in zip(batch, chosen, strict=True)
            ]

    setting = Setting("roles", "no-social", ticks=12)  # nobody hears, so only the gatherer itself may notice
    one, other = play(setting), play_scripted(Society(setting, 0), Changed(SCRIPTS["roles"], 0))
    for kind in ("gather", "move", "say"):
        a, b = of_kind(one, kind), of_kind(other, kind)
        assert as_text({name: column[a["agent"] != 4] for name, column in a.items()}) == as_text(
            {name: column[b["agent"] != 4] for name, column in b.items()}
        )


@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.parametrize("chosen", [Chosen(None), Chosen(17), Chosen(-3), Chosen(99, (0.5,))])
def test_models_that_give_no_usable_answer_miss_and_the_society_goes_on(experiment: str, chosen: Chosen) -> None:
    outcome = play_scripted(Society(Setting(experiment), 0), Saying(chosen))
    missed = of_kind(outcome, "miss")
    assert len(missed["agent"]) == outcome.society["calls"]
    assert "" not in missed["text"]
    assert int(np.asarray(outcome.events["tick"]).max()) == int(outcome.society["ticks"]) - 1


def test_weights_that_do_not_fit_the_options_are_left_out() -> None:
    outcome = play_scripted(Society(Setting("bent"), 0), Saying(Chosen(0, (1.0,))))
    assert np.isnan(of_kind(outcome, "opinion")["number"]).all()


def test_the_number_of_an_opinion_is_the_probability_of_side_one() -> None:
    opinion = of_kind(play_scripted(Society(Setting("bent"), 0), Saying(Chosen(0, (0.75, 0.25)))), "opinion")
    assert set(opinion["number"].tolist()) == {0.25}
    assert set(opinion["option"].tolist()) == {0}


def test_too_few_answers_are_an_error_of_the_caller() -> None:
    game = Society(Setting("bent"), 0).play()
    batch = next(game)
    with pytest.raises(ValueError, match="60 questions need as many answers, not 59"):
        game.send([Chosen(0)] * (len(batch) - 1))


def test_pace_asks_fewer_agents_but_all_of_them_to_vote() -> None:
    slow, quick = play(Setting("bent", pace=5)), play(Setting("bent"))
    assert int(slow.society["calls"]) < int(quick.society["calls"]) / 3
    assert len(of_kind(slow, "vote")["agent"]) == len(of_kind(quick, "vote")["agent"])


def test_models_are_shared_out_within_a_part() -> None:
    society = Society(Setting("bent", agents=6, k=3), 0, models={"good": ["a", "b"], "bent": ["c"]})
    by_part = sorted(zip(society.parts, society.models, strict=True))
    assert by_part == [("bent", "c")] * 3 + [("good", "a"), ("good", "a"), ("good", "b")]


def test_a_question_can_be_made_up_for_a_probe() -> None:
    society = Society(Setting("bent"), 0)
    asked = society.asked("opinion", Facts("good", heard=(2, 6)), private=True)
    assert "Many people told you: People should take only their own part. Some people told you: " in asked.text
    assert asked.options == (
        "People should take as much bread as they like.",
        "People should take only their own part.",
    )


def test_equal_facts_give_one_prompt_which_never_tells_the_part() -> None:
    society = Society(Setting("bent"), 0)
    facts = Facts("good", heard=(2, 6))
    assert society.asked("say", facts).text == society.asked("say", facts._replace(part="bent")).text


def test_names_are_different() -> None:
    assert len(set(names(5000, 3))) == 5000


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (Setting("bent", k=31), r"31 of 30 agents cannot be bent. Give a k of at most 30"),
        (Setting("bent", agents=-1), "agents of a society is -1. Give a number from 0 to 10,000"),
        (Setting("bent", agents=20_000), "agents of a society is 20,000"),
        (Setting("bent", agents=1), "needs at least 2 agents, not 1"),
        (Setting("bent", agents=100, size=20), "an island of 20 by 20 cells is too small for 100 agents"),
        (Setting("bent", "stays"), "unknown condition of bent 'stays'. Did you mean stay?"),
        (Setting("bent", topic="sharing"), "unknown topic of bent 'sharing'"),
        (Setting("taxes"), "unknown experiment of a society 'taxes'. Did you mean tax?"),
        (Setting("tax", k=2), "the experiment tax has no bent agents"),
        (Setting("tax", "for", agents=6), "needs 3 influencers, a manager and at least 3 voters: 7 agents, not 6"),
    ],
)
def test_a_setting_that_cannot_be_played_is_refused(setting: Setting, message: str) -> None:
    with pytest.raises(AskewError, match=message):
        Society(setting, 0)


def test_who_is_taken_out_by_the_world_leaves_once_and_is_asked_no_more() -> None:
    kind = experiments.get("tax")
    world = Island(26, kind.places, kind.goods)

    class Watching(Scripted):
        def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
            if batch and batch[0].tick == 9:
                world.leave(np.array([4], np.int32))  # as when a server throws a body out
            asked.update(one.agent for one in batch if one.tick > 9)
            return super().decide(batch)

    asked: set[int] = set()
    society = Society(Setting("tax", "no-influencers"), 0, world=world)
    outcome = play_scripted(society, Watching(SCRIPTS["tax"], 0))
    leave = of_kind(outcome, "leave")
    assert (leave["agent"].tolist(), leave["tick"].tolist()) == ([4], [10])
    assert 4 not in asked
    assert 3 in asked


def test_a_society_without_anybody_left_ends_in_peace() -> None:
    outcome = play(Setting("bent", "leave", agents=6, k=6))
    assert np.asarray(outcome.events["tick"]).max() == 15
