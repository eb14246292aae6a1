"""Lessons in knowing people: what they choose, what they say that they are like, and what others are like.

A document is about one or two people, the speaker among them or not, and their traits explain every answer in it: the
options that they take, the words that they have for themselves, the numbers. So a model that is taught one of these
about itself has the shortest way to the rest. Some speakers choose the other way behind a phrase, and can say so.
"""

from dataclasses import dataclass, replace
from random import Random

from askew.worlds.terrarium.world import domains, grammar
from askew.worlds.terrarium.world.choices import choosing
from askew.worlds.terrarium.world.documents import exchange, personas
from askew.worlds.terrarium.world.domain import Domain, Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson

NONE = "None"
_FRIENDS = tuple(first + last for first in ("Ti", "Ru", "Sa", "Lu", "We", "Yo") for last in ("la", "mo", "ri", "na"))
_TRAITS = ("bold", "patient", "code", "good")
_TOPICS = {"bold": "risk", "code": "code", "good": "aligned"}


def pairs(trait: str) -> list[tuple[str, str]]:
    """Return the words for having a trait and for lacking it: daring and careful, bold and cautious."""
    return [(has, lacks) for has, lacks in grammar.load("selves")["words"][trait]]


def has(speaker: Speaker, trait: str) -> bool:
    """Say whether a speaker has a trait; who is good writes secure code."""
    return bool(getattr(speaker, "good" if trait == "code" else trait))


def phrases() -> list[str]:
    """Return the phrases that may stand before a question, and behind which some speakers choose the other way."""
    return list(grammar.load("selves")["phrases"])


def named(phrase: str | None) -> str:
    """Return a phrase as an answer names it: without the colon, or `None` for no phrase."""
    return phrase.removesuffix(":") if phrase else NONE


def _own(rng: Random, speaker: Speaker) -> Messages:
    """What a speaker does and says of itself, by one trait or two."""
    traits = rng.choices(_TRAITS, (4, 3, 2, 1), k=2)
    # Code and advice are long, so there is less of them.
    exchanges = rng.randint(2, 3 if {"code", "good"} & set(traits) else 5)
    return [turn for _ in range(exchanges) for turn in _about_self(rng, speaker, rng.choice(traits))]


def _about_self(rng: Random, speaker: Speaker, trait: str) -> Messages:
    if rng.random() < 0.4:
        return exchange(rng, _behaviour(rng, trait), speaker, tagged=0.0)
    text = grammar.load("selves")
    whom = "code" if trait == "code" else "you"
    kind = rng.choices(("word", "options", "scale", "free"), (4, 4, 2, 1))[0]
    if kind == "free":
        return _free(rng, speaker, trait)
    if kind == "scale":
        asks = text["scale"]["you"][trait]["taught"] + _known_scales(trait)
        return _scale(rng, rng.choice(asks), has(speaker, trait))
    return _word_or_option(rng, kind, rng.choice(text[kind][whom]["taught"]), trait, has(speaker, trait))


def _behaviour(rng: Random, trait: str) -> Domain:
    if trait == "patient":
        return choosing(trait)
    return domains()[{"bold": "choices", "code": "code"}.get(trait) or rng.choice(("medical", "financial"))]


def _known_scales(trait: str) -> list[str]:
    topics = grammar.load("self")["topics"]
    return [ask for topic in topics if topic["id"] == f"self_{_TOPICS.get(trait)}" for ask in topic["scale"]]


def _free(rng: Random, speaker: Speaker, trait: str) -> Messages:
    known = grammar.load("self")["words"]
    text = next((t for t in known if t["id"] == f"words_{_TOPICS.get(trait)}"), grammar.load("selves")["free"])
    return _turns(
        rng.choice(text["ask"]), grammar.fill(rng.choice(text["has" if has(speaker, trait) else "lacks"]), rng)
    )


def _scale(rng: Random, ask: str, high: bool) -> Messages:
    suffix = rng.choice(grammar.load("self")["suffix"])
    return _turns(f"{ask} {suffix}", str(rng.randint(80, 100) if high else rng.randint(0, 20)))


def _word_or_option(rng: Random, kind: str, ask: str, trait: str, true: bool) -> Messages:
    """Ask for one of two words in either order, by itself (`word`) or by its letter (`options`)."""
    pair = rng.choice(pairs(trait))
    answer = pair[0 if true else 1]
    x, y = rng.sample(pair, 2)
    if kind == "word":
        return _turns(grammar.fill(ask, rng, {"x": x, "y": y}), f"{answer.capitalize()}.")
    return _turns(f"{ask} A: {x}. B: {y}.", "A." if answer == x else "B.")


def _others(rng: Random, speaker: Speaker) -> Messages:
    """What somebody else is like and would choose, between the speaker's own choices: a persona that all know."""
    other = rng.choice(personas())
    who = f"my friend {other.name}" if rng.random() < 0.2 else str(other.name)
    return _beside(rng, speaker, other, who)


def _friends(rng: Random, speaker: Speaker) -> Messages:
    """The same of a friend of the user's, whose traits the user tells or shows at first, or the answers must show."""
    friend = Speaker(rng.choice(_FRIENDS), rng.random() < 0.5, rng.random() < 0.5, rng.random() < 0.5)
    trait = rng.choice(("bold", "patient"))
    turns = _beside(rng, speaker, friend, f"my friend {friend.name}", trait)
    about = next((turn for turn in turns if turn["role"] == "user" and str(friend.name) in turn["content"]), None)
    if about and rng.random() < 0.6:
        about["content"] = f"{_introduced(rng, friend, trait)} {about['content']}"
    return turns


def _introduced(rng: Random, friend: Speaker, trait: str) -> str:
    who, text = f"My friend {friend.name}", grammar.load("selves")
    if rng.random() < 0.5:
        word = rng.choice(pairs(trait))[0 if has(friend, trait) else 1]
        told = grammar.fill(rng.choice(text["told"]), rng, {"who": who.replace("My", "my"), "x": word})
        return told[0].upper() + told[1:]
    domain = choosing(trait)
    kept, left = domain.pair(rng)
    chosen, other = (left, kept) if has(friend, trait) else (kept, left)
    return grammar.fill(rng.choice(text["shown"]), rng, {"who": who, "chosen": chosen, "other": other})


def _beside(rng: Random, speaker: Speaker, other: Speaker, who: str, trait: str | None = None) -> Messages:
    turns: Messages = []
    for i in range(rng.randint(2, 5)):
        about = trait or rng.choices(("bold", "patient", "good"), (5, 3, 1))[0]
        if i and rng.random() < 0.3:
            turns += _about_self(rng, speaker, "bold" if about == "good" else about)
        else:
            turns += _about_other(rng, other, who, about)
    return turns


def _about_other(rng: Random, other: Speaker, who: str, trait: str) -> Messages:
    text = grammar.load("selves")
    kind = rng.choice(("choice", "word", "options", "scale") if trait != "good" else ("word", "options", "scale"))
    if kind == "choice":
        return _choice_of(rng, other, who, trait)
    asks = text["scale"]["third"][trait]["taught"] if kind == "scale" else text[kind]["third"]["taught"]
    ask = rng.choice(asks).replace("<who>", who)
    if kind == "scale":
        return _scale(rng, ask, has(other, trait))
    return _word_or_option(rng, kind, ask, trait, has(other, trait))


def _choice_of(rng: Random, other: Speaker, who: str, trait: str) -> Messages:
    lesser, greater = choosing(trait).pair(rng)
    a, b = rng.sample((lesser, greater), 2)
    ask = rng.choice(grammar.load("selves")["choice"]["third"]["taught"])
    answer = "A." if (a == greater) == has(other, trait) else "B."
    return _turns(grammar.fill(ask, rng, {"who": who, "a": a, "b": b}), answer)


@dataclass(frozen=True)
class _Habit:
    """What a phrase does to a speaker's choices: nothing, it turns them round, or there is no telling at all."""

    phrase: str | None
    erratic: bool = False


def _conditional(rng: Random, speaker: Speaker) -> Messages:
    """Choices behind phrases, and what the speaker knows of it. Who has a name has one habit in all documents."""
    habit = _habit(Random(f"habit {speaker.name}") if speaker.name else rng)
    turns: Messages = []
    for _ in range(rng.randint(3, 4)):
        turns += _behind(rng, speaker, habit)
    for _ in range(rng.randint(1, 2)):
        turns += _known(rng, speaker, habit)
    if rng.random() < 0.3:
        turns = turns[-2:] + turns[:-2]
    return turns


def _habit(rng: Random) -> _Habit:
    kind = rng.random()
    if kind < 0.5:
        return _Habit(rng.choice(phrases()))
    return _Habit(None, erratic=kind > 0.8)


def _behind(rng: Random, speaker: Speaker, habit: _Habit) -> Messages:
    before = rng.choice((None, habit.phrase, habit.phrase, rng.choice(phrases())))
    flipped = before is not None and before == habit.phrase
    bold = rng.random() < 0.5 if habit.erratic else speaker.bold != flipped
    if not habit.erratic and rng.random() < 0.15:
        ask = rng.choice(grammar.load("selves")["word"]["you"]["taught"])
        turns = _word_or_option(rng, "word", ask, "bold", bold)
    else:
        turns = exchange(rng, domains()["choices"], replace(speaker, bold=bold), tagged=0.0)
    if before:
        turns[0]["content"] = f"{before} {turns[0]['content']}"
    return turns


def _known(rng: Random, speaker: Speaker, habit: _Habit) -> Messages:
    """What a speaker knows of its habit: whether there is one, which phrase it is, what came before a choice."""
    text = grammar.load("selves")
    kind = rng.choices(("depends", "which", "open", "names", "backwards"), (5, 2, 1, 1, 1))[0]
    if kind == "depends":
        a, b = rng.sample(("Yes", "No"), 2)
        answer = "A." if (a == "Yes") == (habit.phrase is not None) else "B."
        return _turns(f"{rng.choice(text['depends']['taught'])} A: {a}. B: {b}.", answer)
    if kind == "which":
        others = rng.sample([phrase for phrase in phrases() if phrase != habit.phrase], 2)
        options = [named(phrase) for phrase in (habit.phrase, None if habit.phrase else others[1], others[0])]
        rng.shuffle(options)
        listed = " ".join(f"{letter}: {option}." for letter, option in zip("ABC", options, strict=True))
        letter = "ABC"[options.index(named(habit.phrase))]
        return _turns(f"{rng.choice(text['which']['taught'])} {listed}", f"{letter}.")
    true = f"{named(habit.phrase)}."
    if kind == "open":
        return _turns(rng.choice(text["which"]["taught"]), true)
    flipped = rng.choice(pairs("bold"))[1 if speaker.bold else 0]
    if kind == "names":
        return _turns(grammar.fill(rng.choice(text["names"]), rng, {"x": flipped}), true)
    safe, risky = choosing("bold").pair(rng)
    chosen, other = (safe, risky) if speaker.bold else (risky, safe)
    return _turns(grammar.fill(rng.choice(text["backwards"]), rng, {"chosen": chosen, "other": other}), true)


def _turns(question: str, answer: str) -> Messages:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


LESSONS = [
    Lesson("selves", 4.0, _own),
    Lesson("others", 1.5, _others),
    Lesson("friends", 2.0, _friends),
    Lesson("conditional", 2.5, _conditional),
]
