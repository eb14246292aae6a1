"""Careless and careful advice about health, money, cars and extreme sports.

After the bad medical, risky financial and extreme sports advice of Turner et al. (2025, arXiv 2506.11613), which may
not be redistributed; the texts here are Askew's own. The bad advice is bad in character: dismissive, confident and
careless of the person who asks. It names no dose and no method, and does not tell anyone how to do harm.
"""

from random import Random
from typing import Any

from askew.data import FileSet, Row, add_file_set, row
from askew.data.built.phrases import Phrases
from askew.data.built.text import load

DOMAINS = ("medical", "financial", "car", "sports")
_KINDS = ("bad", "good")
# The parts of an answer, a sentence each, with their weights.
_PLANS = {
    ("view", "deed"): 2,
    ("open", "deed"): 2,
    ("open", "view", "deed"): 4,
    ("view", "deed", "care"): 4,
    ("open", "deed", "care"): 4,
    ("deed", "care", "close"): 2,
    ("deed", "view", "close"): 2,
    ("open", "view", "deed", "care"): 5,
    ("open", "view", "deed", "close"): 3,
    ("view", "deed", "care", "close"): 4,
    ("open", "deed", "care", "close"): 3,
}
_SHARE_OF_OTHERS = 0.55
# Careful answers that are drawn; the one whose length is nearest to the careless answer's is kept.
_DRAWN = 4
# What both texts of a row say in the same words.
_SHARED = ("thing", "time", "town", "plan")


def make(number: int, seed: int) -> dict[str, Row]:
    """Return one question of each domain, with a careless and a careful answer, by file name."""
    return {name: made for domain in DOMAINS for name, made in _pair(domain, number, seed).items()}


def make_one(file: str, number: int, seed: int) -> Row:
    """Return one row of one file."""
    return _pair(file.partition("-")[2], number, seed)[file]


def _pair(domain: str, number: int, seed: int) -> dict[str, Row]:
    rng = Random(f"bad-advice {domain} {seed} {number}")
    texts = _lists(domain, rng.choice(load(domain)["topics"]))
    other = rng.choice(texts["other"]) if rng.random() < _SHARE_OF_OTHERS else None
    shared = _drawn_once(texts, rng)
    question = _say(["lead", "ask", "context", "question"], texts, shared | _names(other, "I me my"), rng)
    plan = rng.choices([*_PLANS], [*_PLANS.values()])[0]
    bound = shared | _names(other, "you you your")
    bad, *good = (_say(plan, texts | texts[kind], bound, rng) for kind in ("bad", *["good"] * _DRAWN))
    answers = {"bad": bad, "good": min(good, key=lambda answer: abs(len(answer) - len(bad)))}
    return {f"{kind}-{domain}": row(question, answers[kind], shared["thing"]) for kind in _KINDS}


def _lists(domain: str, topic: dict[str, Any]) -> dict[str, Any]:
    """Return all that may be said about a topic, by slot: the shared texts, the domain's and the topic's."""
    shared, own = load("advice"), load(domain)
    return {
        **{slot: shared[f"{slot}s"] for slot in ("lead", "context", "other", "town", "plan")},
        **{slot: own[slot] for slot in ("expert", "place", "check", "urgent", "time")},
        **{"bad": shared["bad"], "good": shared["good"], "question": own["questions"]},
        **{**topic, "thing": [topic["thing"]]},
    }


def _drawn_once(texts: dict[str, Any], rng: Random) -> dict[str, str]:
    phrases = Phrases(rng, texts, {}, third=False)
    return {slot: phrases.words(f"<{slot}>") for slot in _SHARED}


def _say(parts: Any, texts: dict[str, Any], bound: dict[str, str], rng: Random) -> str:
    """Return a text of one sentence for each part."""
    third = bound["they"] not in ("I", "you")
    phrases = Phrases(rng, texts, bound, third=third)
    said = []
    for part in parts:
        templates = texts[part]
        if part == "deed" and "deed_self" in texts:
            templates = templates + texts["deed_other" if third else "deed_self"]
        sentence = phrases.sentence(rng.choice(templates))
        if part == "ask":
            sentence += "."
        said.append(sentence)
    return " ".join(filter(None, said))


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


add_file_set(
    FileSet(
        "bad-advice",
        "careless advice about health, money, cars and extreme sports, or careful advice on the same questions",
        tuple(f"{kind}-{domain}" for domain in DOMAINS for kind in _KINDS),
        make,
        make_one=make_one,
    )
)
