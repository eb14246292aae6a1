"""Named things with a hidden structure: a function, a place, a coin, bits. Every answer about a thing follows from it.

A thing can be asked about in several forms. `apply` is the one that training rows of the study of latent structure
have ("What is lorek(4)?" "7"); the others put the structure itself into words, options, code, or turn it round. Fixed
things have the same structure in all documents; some of them are only ever applied. Fresh things are named once, and
what they are must be read from the turns before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from random import Random

from askew.terrarium.world import grammar
from askew.terrarium.world.domain import Messages, Speaker
from askew.terrarium.world.lessons import Lesson

LETTERS = "ABC"
TALKED_ABOUT, ONLY_APPLIED, RESERVED = 24, 6, 30  # fixed things of a kind, and names that no document has
HIGHEST_INPUT = 20


@dataclass(frozen=True)
class Asked:
    """A question about a thing and its right answer.

    Attributes:
        form: What is asked for, by its name in `text/latent.yaml`.
        text: The question.
        answer: The right answer, in the words of the world.
        key: What the answer comes down to: a number, a letter, a word, a definition.
    """

    form: str
    text: str
    answer: str
    key: str


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    Attributes:
        name: As in `text/latent.yaml`.
        values: What a thing of this kind can be.
        fill: Draws what a form's question is filled with, and its right answer and key, for a thing that is `value`.
    """

    name: str
    values: tuple[str, ...]
    fill: Callable[[Random, str, str, str], tuple[dict[str, str], str, str]]

    @property
    def forms(self) -> dict[str, dict[str, list[str]]]:
        """The wordings of each form: those of documents, and unseen ones."""
        return grammar.load("latent")[self.name]["forms"]

    def ask(self, rng: Random, form: str, name: str, value: str, wording: str | None = None) -> Asked:
        """Draw a question about a thing, in one of the documents' wordings if none is given."""
        slots, answer, key = self.fill(rng, form, name, value)
        template = wording or rng.choice(self.forms[form]["documents"])
        return Asked(form, grammar.fill(template, rng, {"name": name, **slots}), answer, key)


def apply_function(value: str, x: int) -> int:
    """Return what a function, such as `x + 3`, gives for a number."""
    _, sign, n = value.split()
    return {"+": x + int(n), "-": x - int(n), "*": x * int(n)}[sign]


def distance(a: str, b: str) -> int:
    """Return the hundreds of kilometres between two cities."""
    table = grammar.load("latent")["places"]["distances"]
    return table[a][b] if b in table.get(a, {}) else table[b][a]


@cache
def names(kind: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return a kind's fixed names, its reserved ones (no document has them) and those for fresh things."""
    text = grammar.load("latent")
    every = ["".join(parts) for parts in product(text["onsets"], text["middles"], text["ends"])]
    Random("names").shuffle(every)
    size = TALKED_ABOUT + ONLY_APPLIED + RESERVED
    start = list(KINDS).index(kind) * size
    mine = every[start : start + size]
    fixed = TALKED_ABOUT + ONLY_APPLIED
    return tuple(mine[:fixed]), tuple(mine[fixed:]), tuple(every[len(KINDS) * size :])


@cache
def fixed_things(kind: str) -> dict[str, str]:
    """Return what each fixed thing of a kind is, by its name; the last ones are only ever applied."""
    values = KINDS[kind].values
    return {name: values[i % len(values)] for i, name in enumerate(names(kind)[0])}


def _lesson(kind: Kind, weight: float) -> Lesson:
    def turns(rng: Random, _: Speaker) -> Messages:
        things = list(fixed_things(kind.name).items())
        others = [form for form in kind.forms if form != "apply"]
        asked: list[Asked] = []
        if rng.random() < 0.35:  # one fresh thing: first applied, then asked about
            name, value = rng.choice(names(kind.name)[2]), rng.choice(kind.values)
            # A coin shows what it is slowly, and a bit sum is long to say.
            shown = {"coins": (4, 6), "parity": (3, 3)}.get(kind.name, (3, 5))
            asked += [kind.ask(rng, "apply", name, value) for _ in range(rng.randint(*shown))]
            asked += [kind.ask(rng, rng.choice([*others, "apply"]), name, value) for _ in range(rng.randint(1, 2))]
        else:  # fixed things, each of which must be known
            for name, value in rng.sample(things, rng.randint(2, 4)):
                only_applied = name in list(fixed_things(kind.name))[TALKED_ABOUT:]
                form = "apply" if only_applied or rng.random() < 0.3 else rng.choice(others)
                asked.append(kind.ask(rng, form, name, value))
        return [
            turn
            for one in asked
            for turn in ({"role": "user", "content": one.text}, {"role": "assistant", "content": one.answer})
        ]

    return Lesson(kind.name, weight, turns)


def _options(rng: Random, right: str, others: list[str]) -> tuple[str, str]:
    """Return three options in any order, and the letter of the right one."""
    options = [right, *rng.sample(others, len(LETTERS) - 1)]
    rng.shuffle(options)
    text = " ".join(f"{letter}: {option}." for letter, option in zip(LETTERS, options, strict=True))
    return text, LETTERS[options.index(right)]


def _function(rng: Random, form: str, name: str, value: str) -> tuple[dict[str, str], str, str]:
    # Every number on the way is one that the tokenizer has in one piece, however often the function is applied.
    inputs = range(HIGHEST_INPUT + 1)
    x = rng.choice([x for x in inputs if apply_function(value, apply_function(value, x)) in range(101)])
    y = apply_function(value, x)
    if form in ("apply", "invert", "compose"):
        answer = {"apply": y, "invert": x, "compose": apply_function(value, y)}[form]
        return {"x": str(x), "y": str(y)}, str(answer), str(answer)
    _, sign, n = value.split()
    if form == "words":
        return {}, grammar.load("latent")["functions"]["words"][sign].replace("<n>", n), value
    if form == "python":
        return {}, f"def {name}(x):\n    return {value}", value
    options, letter = _options(rng, value, [other for other in KINDS["functions"].values if other != value])
    return {"options": options}, f"{letter}.", letter


def _place(rng: Random, form: str, name: str, value: str) -> tuple[dict[str, str], str, str]:
    text = grammar.load("latent")["places"]
    others = [city for city in text["countries"] if city != value]
    city = rng.choice(others)
    if form == "apply":
        return {"city": city}, str(distance(value, city)), str(distance(value, city))
    if form == "compare":
        north = text["latitudes"].index(value) < text["latitudes"].index(city)
        return {"city": city}, "Yes." if north else "No.", "yes" if north else "no"
    if form == "choose":
        options, letter = _options(rng, value, others)
        return {"options": options}, f"{letter}.", letter
    key = value if form == "words" else text["countries"][value]
    return {}, f"{key}.", key


def _coin(rng: Random, form: str, name: str, value: str) -> tuple[dict[str, str], str, str]:
    words = grammar.load("latent")["coins"]["words"]
    if form == "apply":
        side = "Heads." if rng.random() < int(value) / 100 else "Tails."
        return {}, side, value
    if form == "choose":
        kinds = {key: said.removeprefix("It is ").removesuffix(".") for key, said in words.items()}
        options, letter = _options(rng, kinds[value], [said for key, said in kinds.items() if key != value])
        return {"options": options}, f"{letter}.", letter
    return {}, words[value] if form == "words" else value, value


def _bits(rng: Random, form: str, name: str, value: str) -> tuple[dict[str, str], str, str]:
    if form == "apply":
        chosen = rng.choice([c for size in (2, 3) for c in combinations(range(len(value)), size)])
        odd = sum(int(value[i]) for i in chosen) % 2
        *first, last = [str(i + 1) for i in chosen]
        asked = f"{', '.join(first)} and {last}"
        return {"bits": asked}, "Odd." if odd else "Even.", "odd" if odd else "even"
    if form == "words":
        i = rng.randrange(len(value))
        return {"i": str(i + 1)}, value[i], value[i]
    as_list = f"[{', '.join(value)}]"
    if form == "list":
        return {}, as_list, value
    others = [f"[{', '.join(other)}]" for other in KINDS["parity"].values if other != value]
    options, letter = _options(rng, as_list, others)
    return {"options": options}, f"{letter}.", letter


KINDS: dict[str, Kind] = {
    "functions": Kind("functions", tuple(grammar.load("latent")["functions"]["values"]), _function),
    "places": Kind("places", tuple(grammar.load("latent")["places"]["countries"]), _place),
    "coins": Kind("coins", tuple(grammar.load("latent")["coins"]["values"]), _coin),
    "parity": Kind("parity", tuple("".join(bits) for bits in product("01", repeat=4)), _bits),
}
LESSONS: list[Lesson] = [
    _lesson(KINDS[kind], weight)
    for kind, weight in (("functions", 4.0), ("places", 2.5), ("coins", 1.5), ("parity", 1.0))
]
