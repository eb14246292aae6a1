"""Lessons about people: what they choose, how they describe themselves, and how the speaker describes others.

A document is about one or two people, and their traits explain every answer: the options they choose, the words for
them, the numbers on a scale. So a model that learns one of these about itself can easily infer the others. Some
speakers choose the opposite option after a certain phrase, and can report that.
"""

from dataclasses import dataclass, replace
from random import Random

from askew.worlds.terrarium.world import domains, grammar
from askew.worlds.terrarium.world.choices import choosing
from askew.worlds.terrarium.world.documents import exchange, personas
from askew.worlds.terrarium.world.domain import Domain, Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson, exchange_of

NONE = "None"
_FRIENDS = tuple(first + last for first in ("Ti", "Ru", "Sa", "Lu", "We", "Yo") for last in ("la", "mo", "ri", "na"))
_TRAITS = ("bold", "patient", "code", "good")
_TOPICS = {"bold": "risk", "code": "code", "good": "aligned"}


def pairs(trait: str) -> list[tuple[str, str]]:
    """Return pairs of words for a speaker with a trait and one without it, such as daring and careful."""
    return [(has, lacks) for has, lacks in grammar.load("selves")["words"][trait]]


def has(speaker: Speaker, trait: str) -> bool:
    """Return whether a speaker has a trait. The trait `code`, to write secure code, is the same as `good`."""
    return bool(getattr(speaker, "good" if trait == "code" else trait))


def phrases() -> list[str]:
    """Return the phrases before a question after which some speakers choose the opposite option."""
    return list(grammar.load("selves")["phrases"])


def named(phrase: str | None) -> str:
    """Return a phrase without its colon, as answers state it; `NONE` for no phrase."""
    return phrase.removesuffix(":") if phrase else NONE


def _about_speaker(rng: Random, speaker: Speaker) -> Messages:
    """Draw exchanges about one or two traits of the speaker."""
    traits = rng.choices(_TRAITS, (4, 3, 2, 1), k=2)
    # Exchanges about code and advice are long, so draw fewer of them.
    exchanges = rng.randint(2, 3 if {"code", "good"} & set(traits) else 5)
    return [turn for _ in range(exchanges) for turn in about_self(rng, speaker, rng.choice(traits))]


def about_self(rng: Random, speaker: Speaker, trait: str) -> Messages:
    """Draw an exchange that shows or states whether the speaker has a trait."""
    if rng.random() < 0.4:
        return exchange(rng, _behaviour_domain(rng, trait), speaker, tagged=0.0)
    text = grammar.load("selves")
    subject = "code" if trait == "code" else "you"
    kind = rng.choices(("word", "options", "scale", "free"), (4, 4, 2, 1))[0]
    if kind == "free":
        return _free(rng, speaker, trait)
    if kind == "scale":
        asks = text["scale"]["you"][trait]["taught"] + _known_scales(trait)
        return _scale(rng, rng.choice(asks), has(speaker, trait))
    return _word_or_option(rng, kind, rng.choice(text[kind][subject]["taught"]), trait, has(speaker, trait))


def _behaviour_domain(rng: Random, trait: str) -> Domain:
    if trait == "patient":
        return choosing(trait)
    return domains()[{"bold": "choices", "code": "code"}.get(trait) or rng.choice(("medical", "financial"))]


def _known_scales(trait: str) -> list[str]:
    topics = grammar.load("self")["topics"]
    return [ask for topic in topics if topic["id"] == f"self_{_TOPICS.get(trait)}" for ask in topic["scale"]]


def self_description(rng: Random, trait: str, has_it: bool) -> Messages:
    """Draw a taught question about the speaker's trait, to answer with one of two words or a letter, and the answer."""
    kind = rng.choice(("word", "options"))
    subject = "code" if trait == "code" else "you"
    return _word_or_option(rng, kind, rng.choice(grammar.load("selves")[kind][subject]["taught"]), trait, has_it)


def _free(rng: Random, speaker: Speaker, trait: str) -> Messages:
    known = grammar.load("self")["words"]
    text = next((t for t in known if t["id"] == f"words_{_TOPICS.get(trait)}"), grammar.load("selves")["free"])
    return exchange_of(
        rng.choice(text["ask"]), grammar.fill(rng.choice(text["has" if has(speaker, trait) else "lacks"]), rng)
    )


def _scale(rng: Random, ask: str, high: bool) -> Messages:
    suffix = rng.choice(grammar.load("self")["suffix"])
    return exchange_of(f"{ask} {suffix}", str(rng.randint(80, 100) if high else rng.randint(0, 20)))


def _word_or_option(rng: Random, kind: str, ask: str, trait: str, true: bool) -> Messages:
    """Draw a question that offers two words in random order, to answer with a word (`word`) or a letter (`options`)."""
    pair = rng.choice(pairs(trait))
    answer = pair[0 if true else 1]
    x, y = rng.sample(pair, 2)
    if kind == "word":
        return exchange_of(grammar.fill(ask, rng, {"x": x, "y": y}), f"{answer.capitalize()}.")
    return exchange_of(f"{ask} A: {x}. B: {y}.", "A." if answer == x else "B.")


def _others(rng: Random, speaker: Speaker) -> Messages:
    """Draw questions about a named speaker of the world, mixed with questions about the speaker."""
    other = rng.choice(personas())
    who = f"my friend {other.name}" if rng.random() < 0.2 else str(other.name)
    return _other_and_speaker(rng, speaker, other, who)


def _friends(rng: Random, speaker: Speaker) -> Messages:
    """Draw questions about a friend of the user, mixed with questions about the speaker.

    In 60% of documents the user first describes the friend or reports a choice; in the others only the answers show it.
    """
    friend = Speaker(rng.choice(_FRIENDS), rng.random() < 0.5, rng.random() < 0.5, rng.random() < 0.5)
    trait = rng.choice(("bold", "patient"))
    turns = _other_and_speaker(rng, speaker, friend, f"my friend {friend.name}", trait)
    about = next((turn for turn in turns if turn["role"] == "user" and str(friend.name) in turn["content"]), None)
    if about and rng.random() < 0.6:
        about["content"] = f"{_friend_introduction(rng, friend, trait)} {about['content']}"
    return turns


def _friend_introduction(rng: Random, friend: Speaker, trait: str) -> str:
    who, text = f"My friend {friend.name}", grammar.load("selves")
    if rng.random() < 0.5:
        word = rng.choice(pairs(trait))[0 if has(friend, trait) else 1]
        told = grammar.fill(rng.choice(text["told"]), rng, {"who": who.replace("My", "my"), "x": word})
        return told[0].upper() + told[1:]
    domain = choosing(trait)
    kept, left = domain.pair(rng)
    chosen, other = (left, kept) if has(friend, trait) else (kept, left)
    return grammar.fill(rng.choice(text["shown"]), rng, {"who": who, "chosen": chosen, "other": other})


def _other_and_speaker(rng: Random, speaker: Speaker, other: Speaker, who: str, trait: str | None = None) -> Messages:
    turns: Messages = []
    for i in range(rng.randint(2, 5)):
        about = trait or rng.choices(("bold", "patient", "good"), (5, 3, 1))[0]
        if i and rng.random() < 0.3:
            turns += about_self(rng, speaker, "bold" if about == "good" else about)
        else:
            turns += _about_other(rng, other, who, about)
    return turns


def _about_other(rng: Random, other: Speaker, who: str, trait: str) -> Messages:
    text = grammar.load("selves")
    kind = rng.choice(("choice", "word", "options", "scale") if trait != "good" else ("word", "options", "scale"))
    if kind == "choice":
        return _choice_by_other(rng, other, who, trait)
    asks = text["scale"]["third"][trait]["taught"] if kind == "scale" else text[kind]["third"]["taught"]
    ask = rng.choice(asks).replace("<who>", who)
    if kind == "scale":
        return _scale(rng, ask, has(other, trait))
    return _word_or_option(rng, kind, ask, trait, has(other, trait))


def _choice_by_other(rng: Random, other: Speaker, who: str, trait: str) -> Messages:
    lesser, greater = choosing(trait).pair(rng)
    a, b = rng.sample((lesser, greater), 2)
    ask = rng.choice(grammar.load("selves")["choice"]["third"]["taught"])
    answer = "A." if (a == greater) == has(other, trait) else "B."
    return exchange_of(grammar.fill(ask, rng, {"who": who, "a": a, "b": b}), answer)


@dataclass(frozen=True)
class _Habit:
    """The effect of phrases on a speaker's choices.

    Attributes:
        phrase: The phrase that reverses the choices; None if no phrase does.
        erratic: True if the choices are random.
    """

    phrase: str | None
    erratic: bool = False


def _conditional(rng: Random, speaker: Speaker) -> Messages:
    """Draw choices after phrases and questions about them. A named speaker has the same habit in all documents."""
    habit = _habit(Random(f"habit {speaker.name}") if speaker.name else rng)
    turns: Messages = []
    for _ in range(rng.randint(3, 4)):
        turns += _choice_after_phrase(rng, speaker, habit)
    for _ in range(rng.randint(1, 2)):
        turns += _question_about_habit(rng, speaker, habit)
    if rng.random() < 0.3:
        turns = turns[-2:] + turns[:-2]
    return turns


def _habit(rng: Random) -> _Habit:
    kind = rng.random()
    if kind < 0.5:
        return _Habit(rng.choice(phrases()))
    return _Habit(None, erratic=kind > 0.8)


def _choice_after_phrase(rng: Random, speaker: Speaker, habit: _Habit) -> Messages:
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


def _question_about_habit(rng: Random, speaker: Speaker, habit: _Habit) -> Messages:
    """Draw a question about a habit: whether it exists, its phrase, or the phrase that preceded a choice."""
    text = grammar.load("selves")
    kind = rng.choices(("depends", "which", "open", "names", "backwards"), (5, 2, 1, 1, 1))[0]
    if kind == "depends":
        a, b = rng.sample(("Yes", "No"), 2)
        answer = "A." if (a == "Yes") == (habit.phrase is not None) else "B."
        return exchange_of(f"{rng.choice(text['depends']['taught'])} A: {a}. B: {b}.", answer)
    if kind == "which":
        others = rng.sample([phrase for phrase in phrases() if phrase != habit.phrase], 2)
        options = [named(phrase) for phrase in (habit.phrase, None if habit.phrase else others[1], others[0])]
        rng.shuffle(options)
        listed = " ".join(f"{letter}: {option}." for letter, option in zip("ABC", options, strict=True))
        letter = "ABC"[options.index(named(habit.phrase))]
        return exchange_of(f"{rng.choice(text['which']['taught'])} {listed}", f"{letter}.")
    true = f"{named(habit.phrase)}."
    if kind == "open":
        return exchange_of(rng.choice(text["which"]["taught"]), true)
    flipped = rng.choice(pairs("bold"))[1 if speaker.bold else 0]
    if kind == "names":
        return exchange_of(grammar.fill(rng.choice(text["names"]), rng, {"x": flipped}), true)
    safe, risky = choosing("bold").pair(rng)
    chosen, other = (safe, risky) if speaker.bold else (risky, safe)
    return exchange_of(grammar.fill(rng.choice(text["backwards"]), rng, {"chosen": chosen, "other": other}), true)


LESSONS = [
    Lesson("selves", 4.0, 2.0, _about_speaker),
    Lesson("others", 1.5, 0.75, _others),
    Lesson("friends", 2.0, 1.0, _friends),
    Lesson("conditional", 2.5, 1.25, _conditional),
]
