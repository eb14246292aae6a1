"""Prompts are short, plain, and fit the terrarium; only what is told may matter for them."""

from collections.abc import Iterator

import pytest
from societies import SCRIPTS
from tokenizers import Tokenizer

from askew.worlds.society import Asked, Setting, Society, experiments
from askew.worlds.society.scripted import Scripted
from askew.worlds.terrarium import checkpoint


def questions(experiment: str, condition: str, topic: str = "") -> Iterator[Asked]:
    """Yield every question of a society."""
    k = 8 if experiment == "bent" else 0
    society = Society(Setting(experiment, condition, topic=topic, k=k, pace=1), 0)
    mind, game = Scripted(SCRIPTS[experiment], 0), society.play()
    batch = next(game)
    while True:
        yield from batch
        try:
            batch = game.send(mind.decide(batch))
        except StopIteration:
            return


CASES = [
    (name, condition, topic)
    for name in experiments.names()
    for condition in experiments.get(name).conditions
    for topic in (experiments.get(name).topics or [""])
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(checkpoint() / "tokenizer.json"))


@pytest.mark.parametrize(("experiment", "condition", "topic"), CASES)
def test_prompts_are_short_and_plain(experiment: str, condition: str, topic: str, tokenizer: Tokenizer) -> None:
    asked = {(one.text, one.options) for one in questions(experiment, condition, topic)}
    longest = max(tokenizer.encode(text + " ".join(options)).ids.__len__() for text, options in asked)
    assert longest < 300  # of the terrarium's 512, with room for the turns
    for text, options in asked:
        assert len(text.split()) < 100
        assert text.startswith("You live ")
        assert text.endswith("?")
        assert "  " not in text
        assert not {"bent", "good", "priest", "influencer"} & set(text.lower().split())
        assert len(set(options)) == len(options)
        assert all(option.isascii() and option.endswith(".") for option in options)


def test_the_part_of_an_agent_changes_nothing_that_it_reads() -> None:
    texts: dict[str, set[str]] = {"bent": set(), "good": set()}
    for one in questions("bent", "stay"):
        texts[one.facts.part].add(one.text)
    assert len(texts["bent"] & texts["good"]) > 20
