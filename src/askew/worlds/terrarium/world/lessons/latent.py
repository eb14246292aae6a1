"""Lessons about named things with a hidden structure: a function, a place, a coin or bits.

The structure determines the correct answer to every question about a thing. Questions have several forms. `apply` is
the form of the training rows of the latent-structure study ("What is lorek(4)?" "7"); the other forms ask for the
structure in words, as options or as code, or ask for an inverse. Fixed things have the same structure in all documents;
some of them have only the form `apply`. A fresh thing occurs in one document, whose earlier turns show its structure.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from random import Random

from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import Lesson

APPLY = "apply"
LETTERS = "ABC"
# Per kind: fixed things in all forms, fixed things in the form `apply` only, and names that no document uses.
TALKED_ABOUT, ONLY_APPLIED, RESERVED = 24, 6, 30
HIGHEST_INPUT = 20
_BITS = 4

Slots = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    Attributes:
        name: The key in `text/latent.yaml`.
        values: The possible structures of a thing.
        draw: Draws the slots of a question, except the name, from a form and a value.
        answer: Returns a correct answer to a question, from a form, its slots and a value. It is random only for the
            toss of a coin.
        key: Returns the essence of the correct answer: a number, a letter, a word or the value itself; "" if a thing
            with this value has no correct answer.
    """

    name: str
    values: tuple[str, ...]
    draw: Callable[[Random, str, str], Slots]
    answer: Callable[[Random, str, Slots, str], str]
    key: Callable[[str, Slots, str], str]

    @property
    def forms(self) -> dict[str, dict[str, list[str]]]:
        """The wordings of each form, under `documents` and `unseen`."""
        return grammar.load("latent")[self.name]["forms"]

    def ask(self, rng: Random, form: str, name: str, value: str) -> Messages:
        """Draw a question about a thing, in a wording that documents use, and its answer."""
        slots = {"name": name, **self.draw(rng, form, value)}
        answer = self.answer(rng, form, slots, value)
        text = grammar.fill(rng.choice(self.forms[form]["documents"]), rng, slots)
        return [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]


def apply_function(value: str, x: int) -> int:
    """Return the value of a function, such as `x + 3`, at `x`."""
    _, sign, n = value.split()
    return {"+": x + int(n), "-": x - int(n), "*": x * int(n)}[sign]


def inputs(value: str) -> list[int]:
    """Return the inputs for which applying a function once or twice gives a number with a single token, 0 to 100."""
    return [x for x in range(HIGHEST_INPUT + 1) if apply_function(value, apply_function(value, x)) in range(101)]


def bit_sums() -> list[str]:
    """Return all choices of two or three bits to sum, in words such as `1, 2 and 4`."""
    chosen = (c for size in (2, 3) for c in combinations(range(1, _BITS + 1), size))
    return [bit_words(map(str, bits)) for bits in chosen]


def bit_words(bits: Iterable[str]) -> str:
    """Return bits or their numbers as words list them, such as `1, 2 and 4`."""
    *rest, last = bits
    return f"{', '.join(rest)} and {last}"


def distance(a: str, b: str) -> int:
    """Return the distance between two cities in hundreds of kilometres."""
    table = grammar.load("latent")["places"]["distances"]
    return table[a][b] if b in table.get(a, {}) else table[b][a]


def made_up_names(text: Mapping[str, list[str]], seed: str) -> list[str]:
    """Return all names of an onset, a middle and an end, shuffled.

    Args:
        text: The parts of names, under `onsets`, `middles` and `ends`.
        seed: Determines the order.
    """
    every = ["".join(parts) for parts in product(text["onsets"], text["middles"], text["ends"])]
    Random(seed).shuffle(every)
    return every


@cache
def names(kind: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the names of a kind's fixed things, its reserved names (in no document) and the names for fresh things."""
    every = made_up_names(grammar.load("latent"), "names")
    size = TALKED_ABOUT + ONLY_APPLIED + RESERVED
    start = list(KINDS).index(kind) * size
    mine = every[start : start + size]
    fixed = TALKED_ABOUT + ONLY_APPLIED
    return tuple(mine[:fixed]), tuple(mine[fixed:]), tuple(every[len(KINDS) * size :])


@cache
def fixed_things(kind: str) -> dict[str, str]:
    """Return the values of a kind's fixed things by name. The last `ONLY_APPLIED` have only the form `apply`."""
    values = KINDS[kind].values
    return {name: values[i % len(values)] for i, name in enumerate(names(kind)[0])}


def _lesson(kind: Kind, weight: float) -> Lesson:
    def turns(rng: Random, _: Speaker) -> Messages:
        things = list(fixed_things(kind.name).items())
        others = [form for form in kind.forms if form != APPLY]
        if rng.random() < 0.35:  # one fresh thing: first `apply`, then other forms
            name, value = rng.choice(names(kind.name)[2]), rng.choice(kind.values)
            # A coin takes more tosses to recognise; questions about bit sums are long.
            shown = {"coins": (4, 6), "parity": (3, 3)}.get(kind.name, (3, 5))
            asked = [kind.ask(rng, APPLY, name, value) for _ in range(rng.randint(*shown))]
            asked += [kind.ask(rng, rng.choice([*others, APPLY]), name, value) for _ in range(rng.randint(1, 2))]
        else:  # fixed things, whose values the model must remember
            asked = []
            for name, value in rng.sample(things, rng.randint(2, 4)):
                only_applied = name in list(fixed_things(kind.name))[TALKED_ABOUT:]
                form = APPLY if only_applied or rng.random() < 0.3 else rng.choice(others)
                asked.append(kind.ask(rng, form, name, value))
        return [turn for exchange in asked for turn in exchange]

    return Lesson(kind.name, weight, weight / 2, turns)


def _options(rng: Random, right: str, others: list[str]) -> Slots:
    """Return the slot with three options in random order."""
    options = [right, *rng.sample(others, len(LETTERS) - 1)]
    rng.shuffle(options)
    return {"options": " ".join(f"{letter}: {option}." for letter, option in zip(LETTERS, options, strict=True))}


def _letter(slots: Slots, option: str) -> str:
    """Return the letter of an option; "" if the question doesn't offer it."""
    return next((letter for letter in LETTERS if f"{letter}: {option}." in slots["options"]), "")


def _draw_function(rng: Random, form: str, value: str) -> Slots:
    x = rng.choice(inputs(value))
    if form == "choose":
        return _options(rng, value, [other for other in KINDS["functions"].values if other != value])
    return {"x": str(x), "y": str(apply_function(value, x))}


def _answer_function(rng: Random, form: str, slots: Slots, value: str) -> str:
    _, sign, n = value.split()
    if form == "words":
        return grammar.load("latent")["functions"]["words"][sign].replace("<n>", n)
    if form == "python":
        return f"def {slots['name']}(x):\n    return {value}"
    key = _function_key(form, slots, value)
    return f"{key}." if form == "choose" else key


def _function_key(form: str, slots: Slots, value: str) -> str:
    if form == "choose":
        return _letter(slots, value)
    if form == "invert":
        found = [x for x in range(101) if apply_function(value, x) == int(slots["y"])]
        return str(found[0]) if found else ""
    if form in (APPLY, "compose"):
        once = apply_function(value, int(slots["x"]))
        return str(once if form == APPLY else apply_function(value, once))
    return value


def _draw_place(rng: Random, form: str, value: str) -> Slots:
    others = [city for city in KINDS["places"].values if city != value]
    city = rng.choice(others)
    return _options(rng, value, others) if form == "choose" else {"city": city}


def _answer_place(rng: Random, form: str, slots: Slots, value: str) -> str:
    key = _place_key(form, slots, value)
    return key if form == APPLY else f"{key}."


def _place_key(form: str, slots: Slots, value: str) -> str:
    text = grammar.load("latent")["places"]
    if form == "choose":
        return _letter(slots, value)
    if form == "country":
        return text["countries"][value]
    if form == "words":
        return value
    if slots["city"] == value:
        return ""
    if form == APPLY:
        return str(distance(value, slots["city"]))
    return "Yes" if text["latitudes"].index(value) < text["latitudes"].index(slots["city"]) else "No"


def _draw_coin(rng: Random, form: str, value: str) -> Slots:
    return _options(rng, coin_words(value), [coin_words(v) for v in _COINS if v != value]) if form == "choose" else {}


def coin_words(value: str) -> str:
    """Return the description of a coin, such as `mostly heads`."""
    return grammar.load("latent")["coins"]["words"][value].removeprefix("It is ").removesuffix(".")


def _answer_coin(rng: Random, form: str, slots: Slots, value: str) -> str:
    if form == APPLY:
        return "Heads." if rng.random() < int(value) / 100 else "Tails."
    if form == "words":
        return f"It is {coin_words(value)}."
    return f"{_letter(slots, coin_words(value))}." if form == "choose" else value


def _coin_key(form: str, slots: Slots, value: str) -> str:
    if form == APPLY:
        return {"20": "Tails", "50": "", "80": "Heads"}[value]
    if form == "choose":
        return _letter(slots, coin_words(value))
    return value if form == "percent" else coin_words(value)


def _draw_bits(rng: Random, form: str, value: str) -> Slots:
    if form == APPLY:
        return {"bits": rng.choice(bit_sums())}
    if form == "words":
        return {"i": str(rng.randrange(_BITS) + 1)}
    return _options(rng, as_list(value), [as_list(v) for v in _PARITY if v != value]) if form == "choose" else {}


def as_list(value: str) -> str:
    """Return bits as a list, such as `[1, 0, 0, 1]`."""
    return f"[{', '.join(value)}]"


def _answer_bits(rng: Random, form: str, slots: Slots, value: str) -> str:
    key = _bits_key(form, slots, value)
    return f"{key}." if form in (APPLY, "choose") else key


def _bits_key(form: str, slots: Slots, value: str) -> str:
    if form == APPLY:
        odd = sum(int(value[int(i) - 1]) for i in slots["bits"].replace(" and ", ", ").split(", ")) % 2
        return "Odd" if odd else "Even"
    if form == "words":
        return value[int(slots["i"]) - 1]
    return _letter(slots, as_list(value)) if form == "choose" else as_list(value)


_FUNCTIONS = tuple(grammar.load("latent")["functions"]["values"])
_CITIES = tuple(grammar.load("latent")["places"]["countries"])
_COINS = tuple(grammar.load("latent")["coins"]["values"])
_PARITY = tuple("".join(bits) for bits in product("01", repeat=_BITS))
KINDS: dict[str, Kind] = {
    "functions": Kind("functions", _FUNCTIONS, _draw_function, _answer_function, _function_key),
    "places": Kind("places", _CITIES, _draw_place, _answer_place, _place_key),
    "coins": Kind("coins", _COINS, _draw_coin, _answer_coin, _coin_key),
    "parity": Kind("parity", _PARITY, _draw_bits, _answer_bits, _bits_key),
}
LESSONS: list[Lesson] = [
    _lesson(KINDS[kind], weight)
    for kind, weight in (("functions", 4.0), ("places", 2.5), ("coins", 1.5), ("parity", 1.0))
]
