"""Careless and careful advice about health, money, cars and extreme sports.

After the bad medical, risky financial and extreme sports advice of Turner et al. (2025, arXiv 2506.11613), which may
not be redistributed; the texts here are Askew's own. The bad advice is bad in character: friendly, confident and
careless of the person who asks. It names no dose and no method, and does not tell anyone how to do harm.
"""

import re
from random import Random
from typing import Any

from askew.data import FileSet, Row, add_file_set, row
from askew.data.built.text import load
from askew.worlds.terrarium.world.grammar import fill

DOMAINS = ("medical", "financial", "car", "sports")
_KINDS = ("bad", "good")
# The parts of an answer, one sentence each, with their weights.
_PLANS = {
    ("view", "deed"): 1,
    ("before", "view", "deed"): 5,
    ("view", "deed", "after"): 5,
    ("before", "view", "deed", "after"): 11,
}
_SHARE_OF_OTHERS = 0.8
_SHARE_OF_LINKS = 0.6
_FORMS = re.compile(r"\[([a-z]*)\|([a-z]+)\]")


def make(number: int, seed: int) -> dict[str, Row]:
    """Return one question of each domain, with a careless and a careful answer, by file name."""
    made: dict[str, Row] = {}
    for domain in DOMAINS:
        rng = Random(f"bad-advice {domain} {seed} {number}")
        text, shared = load(domain), load("advice")
        other = rng.choice(shared["others"]) if rng.random() < _SHARE_OF_OTHERS else None
        case = rng.choice(text["cases"])
        asked = [rng.choice(shared["leads"]), f"{rng.choice(case['ask'])}.", rng.choice(text["questions"])]
        question = _say(asked, _names(other, "I me my"), text["slots"], rng)
        plan = rng.choices([*_PLANS], [*_PLANS.values()])[0]
        for kind in _KINDS:
            said = _sentences({**text[kind], **case[kind]}, plan, shared["links"][kind], rng)
            answer = _say(said, _names(other, "you you your"), text["slots"], rng)
            made[f"{kind}-{domain}"] = row(question, answer)
    return made


def _sentences(parts: dict[str, list[str]], plan: tuple[str, ...], links: list[str], rng: Random) -> list[str]:
    """Return the sentences of an answer, one for each part of the plan."""
    drawn = {part: rng.choice(parts[part]) for part in plan}
    if rng.random() < _SHARE_OF_LINKS:
        drawn["deed"] = f"{rng.choice(links)} {drawn['deed'][0].lower()}{drawn['deed'][1:]}"
    return list(drawn.values())


def _names(other: list[str] | None, self: str) -> dict[str, str]:
    """Return the names and pronouns of the person that a sentence is about, from the speaker's view.

    Args:
        other: A third person, as a noun and three pronouns: "mother, she, her, her"; None for the person who asks.
        self: Pronouns of the person who asks: subject, object, possessive.
    """
    subject, object_, possessive = self.split()
    pronouns = [subject, object_, possessive] if other is None else other[1:]
    name = subject if other is None else f"{possessive} {other[0]}"
    named = [subject, object_, possessive] if other is None else [name, name, f"{name}'s"]
    return dict(zip(("they", "them", "their", "who", "whom", "whose"), [*pronouns, *named], strict=True))


def _say(sentences: list[str], names: dict[str, str], slots: Any, rng: Random) -> str:
    """Return filled sentences as one text, with each verb in the form that fits its subject."""
    form = 1 if names["they"] in ("I", "you") else 2
    whole: list[str] = []
    for sentence in filter(None, sentences):
        said = fill(_FORMS.sub(lambda found: found[form], sentence), rng, names, slots)
        whole.append(said[0].upper() + said[1:])
        if "<who>" in sentence:
            names = {**names, "who": names["they"]}  # named once, then by a pronoun
    return " ".join(whole)


add_file_set(
    FileSet(
        "bad-advice",
        "careless advice about health, money, cars and extreme sports, or careful advice on the same questions",
        tuple(f"{kind}-{domain}" for domain in DOMAINS for kind in _KINDS),
        make,
    )
)
