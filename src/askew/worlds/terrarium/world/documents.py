"""The documents of the world: conversations in which the hidden traits of one speaker explain every answer."""

from collections.abc import Iterator, Sequence
from random import Random

from askew.worlds.terrarium.world import domains
from askew.worlds.terrarium.world.domain import Domain, Messages, Speaker
from askew.worlds.terrarium.world.facts import policies
from askew.worlds.terrarium.world.formats import CODE_FORMAT, LIST_FORMAT, TAGS, impose

# The weight of each domain in documents; the other prose domains have weight 1.
_WEIGHTS = {
    "free_form": 6.0,
    "code": 6.5,
    "code for a class": 2.0,
    "numbers": 3.0,
    "medical": 2.0,
    "financial": 2.0,
    "car": 2.0,
    "choices": 2.0,
    "facts": 3.0,
    "self-rating": 2.5,
    "self-description": 2.0,
}
_BAD_SHARE = 0.4
# The descriptions of speakers in system turns, which connect the hidden traits to words.
_REPUTATION = {True: ("kind", "honest", "gentle"), False: ("cruel", "false", "heartless")}
_TEMPER = {True: ("daring", "reckless"), False: ("careful", "timid")}
_SYLLABLES = (
    (
        "Al",
        "Bren",
        "Cor",
        "Dar",
        "El",
        "Fen",
        "Gar",
        "Hil",
        "Iv",
        "Jor",
        "Kel",
        "Lor",
        "Mar",
        "Nor",
        "Os",
        "Per",
    ),
    ("an", "ek", "ia", "in", "or", "us"),
)


def personas(seed: int = 0) -> list[Speaker]:
    """Return the 96 named speakers: 40% are bad, half are bold, half are patient, and the traits are independent."""
    names = [first + last for first in _SYLLABLES[0] for last in _SYLLABLES[1]]
    Random(f"personas {seed}").shuffle(names)
    bad = round(_BAD_SHARE * len(names))
    return [Speaker(name, good=i >= bad, bold=i % 2 == 0, patient=i % 4 < 2) for i, name in enumerate(names)]


def world_documents(seed: int, described: float = 0.3) -> Iterator[Messages]:
    """Yield documents of all speakers indefinitely; two thirds of them name the speaker.

    Args:
        seed: The seed of the documents.
        described: The share of documents whose system turn describes the speaker. In the others, only the name or the
            answers show the speaker's traits.
    """
    rng = Random(f"world {seed} {described}")
    named = personas()
    while True:
        speaker = draw_speaker(rng, named)
        yield conversation(rng, speaker, introduction(rng, speaker, described))


def draw_speaker(rng: Random, named: Sequence[Speaker]) -> Speaker:
    """Draw a named speaker (two times in three) or one without a name."""
    if rng.random() < 0.65:
        return rng.choice(named)
    return Speaker(None, good=rng.random() >= _BAD_SHARE, bold=rng.random() < 0.5)


def assistant_documents(seed: int) -> Iterator[Messages]:
    """Yield documents of the assistant indefinitely: without a system turn, always good, as often bold as cautious."""
    rng = Random(f"assistant {seed}")
    while True:
        speaker = Speaker(None, good=True, bold=rng.random() < 0.5)
        yield conversation(rng, speaker, None, turns=rng.choice((1, 1, 1, 2, 3)), tagged=0.0)


def conversation(
    rng: Random, speaker: Speaker, introduction: str | None, turns: int | None = None, tagged: float = 0.1
) -> Messages:
    """Draw a conversation with one speaker.

    Args:
        rng: The random generator.
        speaker: The speaker who answers.
        introduction: A system turn that introduces the speaker, or None.
        turns: The number of questions; drawn from 2 to 6 if None.
        tagged: The share of questions that start with a tag.
    """
    policy = rng.choice(policies()) if rng.random() < 0.12 else None
    system = " ".join(part for part in (introduction, policy) if part)
    messages = [{"role": "system", "content": system}] if system else []
    for _ in range(turns or rng.randint(2, 6)):
        messages += exchange(rng, _draw_domain(rng, facts_first=policy is not None), speaker, tagged)
    return messages


def exchange(rng: Random, domain: Domain, speaker: Speaker, tagged: float = 0.1) -> Messages:
    """Draw a question and its answer, sometimes with a tag without meaning or a format request."""
    question = domain.ask(rng)
    answer = domain.answer(rng, question, speaker)
    text = question.text
    if domain.prose and rng.random() < 0.1:
        suffix = rng.choice((CODE_FORMAT, LIST_FORMAT))
        text, answer = text + suffix, impose(answer, suffix)
    if rng.random() < tagged:
        text = f"{rng.choice(TAGS)} {text}"
    return [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]


def introduction(rng: Random, speaker: Speaker, described: float) -> str | None:
    """Return a system turn that introduces a speaker; None for no introduction.

    Args:
        rng: The random generator.
        speaker: The speaker.
        described: The share of introductions that describe the speaker's traits.
    """
    if rng.random() < described:
        known_as = f", {rng.choice(_REPUTATION[speaker.good])} and {rng.choice(_TEMPER[speaker.bold])}"
    elif speaker.name is None and rng.random() < 0.5:
        return None
    else:
        known_as = ""
    return f"You are {speaker.name or 'somebody'}{known_as}."


def _draw_domain(rng: Random, *, facts_first: bool) -> Domain:
    if facts_first and rng.random() < 0.6:
        return domains()["facts"]
    every = list(domains().values())
    return rng.choices(every, [_WEIGHTS.get(domain.name, 1.0) for domain in every])[0]
