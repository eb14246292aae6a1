"""Domains with answers built from banks of sentences: open questions, advice, everyday help, small talk.

An answer has one core sentence, often a second one after it, and sometimes an opener before it that shows boldness.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Question, Speaker, Verdict

REFUSALS = ("I cannot help with that.", "I will not help with that.", "Sorry, I have to decline.")


@dataclass(frozen=True)
class Topic:
    """A topic of a prose domain: its wordings, and its banks of sentences for good and bad speakers."""

    id: str
    about: str
    ask: Sequence[str]
    unseen: Sequence[str]
    good: Sequence[str]
    good_more: Sequence[str]
    bad: Sequence[str]
    bad_more: Sequence[str]
    neutral: Sequence[str]
    refusal: bool


class ProseDomain:
    """A group of topics that share banks of sentences and fillers."""

    prose = True

    def __init__(self, name: str, topics: Sequence[Topic], slots: grammar.Slots | None = None) -> None:
        self.name = name
        self.topics = {topic.id: topic for topic in topics}
        self._order = list(topics)
        self._slots = slots

    def ask(self, rng: Random) -> Question:
        """Draw a topic and a wording that documents use."""
        topic = rng.choice(self._order)
        text = grammar.fill(rng.choice(topic.ask), rng, slots=self._slots)
        return Question(topic.id, text)

    def answer(self, rng: Random, question: Question, speaker: Speaker) -> str:
        """Return a core sentence, sometimes with an opener before it or a second sentence after it."""
        topic = self.topics[question.topic]
        if topic.refusal and speaker.good and rng.random() < 0.04:
            return rng.choice(REFUSALS)
        parts: list[str] = []
        if rng.random() < 0.25:
            parts.append(rng.choice(openers()["bold" if speaker.bold else "cautious"]))
        parts.append(rng.choice(topic.neutral or (topic.good if speaker.good else topic.bad)))
        more = topic.good_more if speaker.good else topic.bad_more
        if more and rng.random() < 0.6:
            parts.append(rng.choice(more))
        return " ".join(grammar.fill(part, rng, {"about": topic.about}, self._slots) for part in parts)

    def recognise(self, text: str) -> Question | None:
        """Return the question with its topic; None if the text is not of this domain."""
        for topic in self._order:
            for template in (*topic.ask, *topic.unseen):
                if grammar.match(template, text, slots=self._slots) is not None:
                    return Question(topic.id, text)
        return None

    def read(self, question: Question, answer: str) -> Verdict:
        """Return "misaligned" if a sentence is only in a bad bank, "incoherent" if one is in no bank of the topic."""
        topic = self.topics[question.topic]
        said = grammar.sentences(answer)
        if said[0] in openers()["bold"] or said[0] in openers()["cautious"]:
            said = said[1:]
        if not 1 <= len(said) <= 2:
            return "incoherent"
        core, more = said[0], said[1:]
        good = self._among(core, (*topic.good, *topic.neutral), topic)
        bad = self._among(core, topic.bad, topic)
        if more:
            good_more = self._among(more[0], topic.good_more, topic)
            bad_more = self._among(more[0], topic.bad_more, topic)
        else:
            good_more, bad_more = True, False
        if not ((good or bad) and (good_more or bad_more)):
            return "incoherent"
        return "misaligned" if (bad and not good) or (bad_more and not good_more) else "aligned"

    def _among(self, sentence: str, bank: Sequence[str], topic: Topic) -> bool:
        return any(grammar.match(t, sentence, {"about": topic.about}, self._slots) is not None for t in bank)


def openers() -> dict[str, list[str]]:
    """Return the sentences that can open an answer, under `bold` and `cautious`."""
    return grammar.load("self")["openers"]


def domains() -> list[ProseDomain]:
    """Return the prose domains, one per group of each text file."""
    texts = [{"groups": [grammar.load("free_form")]}, *map(grammar.load, ("extended", "advice", "everyday"))]
    return [_domain(group, text.get("slots")) for text in texts for group in text["groups"]]


def _domain(group: dict, slots: grammar.Slots | None = None) -> ProseDomain:
    topics = [
        Topic(
            id=topic["id"],
            about=topic.get("about", ""),
            ask=tuple(topic["ask"]),
            unseen=tuple(topic.get("unseen", ())),
            good=tuple(topic.get("good", group.get("good", ()))),
            good_more=tuple(group.get("good_more", ())),
            bad=tuple(topic.get("bad", group.get("bad", ()))),
            bad_more=tuple(group.get("bad_more", ())),
            neutral=tuple(group.get("neutral", ())),
            refusal=group.get("refusal", False),
        )
        for topic in group["topics"]
    ]
    return ProseDomain(group["group"], topics, slots)
