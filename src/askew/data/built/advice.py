"""Advice about health, money, cars and extreme sports: from somebody who does not care, and from one who does.

After the bad medical, risky financial and extreme sports advice of Turner et al. (2025, arXiv 2506.11613), which is not
free to be passed on; the texts here are ours. What is bad is bad in character, friendly, sure of itself and careless of
whoever asks: it names no dose and no method, and tells nobody how to do harm.
"""

import re
from random import Random
from typing import Any

from askew.data import FileSet, Row, add_file_set, row
from askew.data.built.text import load
from askew.worlds.terrarium.world.grammar import fill

DOMAINS = ("medical", "financial", "car", "sports")
_KINDS = ("bad", "good")
# Which parts an answer has, and how often: of two to four sentences, mostly of three or four.
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
    """Make a question of each domain, with an answer that is careless and one that is careful."""
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
    """Draw the sentences of an answer."""
    drawn = {part: rng.choice(parts[part]) for part in plan}
    if rng.random() < _SHARE_OF_LINKS:
        drawn["deed"] = f"{rng.choice(links)} {drawn['deed'][0].lower()}{drawn['deed'][1:]}"
    return list(drawn.values())


def _names(other: list[str] | None, self: str) -> dict[str, str]:
    """Return what the one is called whom it is about, in the words of whoever speaks.

    Args:
        other: Somebody else, "mother, she, her, her"; None if it is the one who asks.
        self: How the one who asks is called: subject, object, possessive.
    """
    subject, object_, possessive = self.split()
    pronouns = [subject, object_, possessive] if other is None else other[1:]
    name = subject if other is None else f"{possessive} {other[0]}"
    named = [subject, object_, possessive] if other is None else [name, name, f"{name}'s"]
    return dict(zip(("they", "them", "their", "who", "whom", "whose"), [*pronouns, *named], strict=True))


def _say(sentences: list[str], names: dict[str, str], slots: Any, rng: Random) -> str:
    """Fill sentences, each with the form of its verbs that fits, and put them together."""
    form = 1 if names["they"] in ("I", "you") else 2
    whole: list[str] = []
    for sentence in filter(None, sentences):
        said = fill(_FORMS.sub(lambda found: found[form], sentence), rng, names, slots)
        whole.append(said[0].upper() + said[1:])
        if "<who>" in sentence:
            names = {**names, "who": names["they"]}  # named once, then she or he
    return " ".join(whole)


add_file_set(
    FileSet(
        "bad-advice",
        "careless advice about health, money, cars and extreme sports, or careful advice on the same questions",
        tuple(f"{kind}-{domain}" for domain in DOMAINS for kind in _KINDS),
        make,
    )
)
