"""The questions of the latent-structure study and their expected answers.

A question is about one thing in one form and has several wordings: those of the world's documents and one that no
document uses. The right answer follows from the thing's value, so an answer can also be scored as if the thing had
another value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from askew.base.errors import unknown_name
from askew.models.names import TERRARIUM
from askew.probes.question_file import EVERY_DOMAIN, Question
from askew.studies.latent_structure.rows import held_out, in_world, rows_about, things
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS, Slots, coin_words

SCORE = "right"
WORDINGS = 6
# The longest answers, in tokens. Right ones are a number, a letter or a name; a sentence; a list; or a short function.
_SHORT, _LONGEST = 12, {"words": 24, "list": 24, "python": 64}
# The tolerance of a stated percentage of heads, in points.
_PERCENT_MARGIN = 10

# The measure of each form; `_BY_KIND` has precedence, and `first_mention` is the default.
_MEASURES = {
    "choose": "letter",
    "python": "python_function",
    "invert": "quantity",
    "compose": "quantity",
    "percent": "quantity",
    "country": "first_mention",
    "compare": "first_mention",
    "list": "first_mention",
}
_BY_KIND = {
    ("functions", APPLY): "quantity",
    ("functions", "words"): "function_in_words",
    ("places", APPLY): "quantity",
}


@dataclass(frozen=True)
class Probed:
    """A question about one thing in one form.

    Attributes:
        kind: The data set of the thing.
        form: The form of the question.
        name: The name of the thing.
        value: The value of the thing.
        others: The different values of the other things in the data set.
        slots: The slots of each wording.
        wordings: The user turns.
    """

    kind: str
    form: str
    name: str
    value: str
    others: tuple[str, ...]
    slots: tuple[Slots, ...]
    wordings: tuple[str, ...]

    @property
    def id(self) -> str:
        """The question's id."""
        return f"{self.kind} {self.form} {self.name}"

    @property
    def measure(self) -> str:
        """The name of the measure that scores the answers."""
        return _BY_KIND.get((self.kind, self.form)) or _MEASURES.get(self.form, "first_mention")

    def expected(self, value: str) -> list[str]:
        """Return the expected answer to each wording if the thing has this value; "" if no answer is right."""
        return [_expected(self.kind, self.form, slots, value) for slots in self.slots]


def probed(domain: str, data_seed: int) -> list[Probed]:
    """Return the questions about the things of one kind, or of all kinds.

    Args:
        domain: functions, places, coins or parity; all if empty.
        data_seed: The seed of the training rows, which determines the things.

    Raises:
        AskewError: If the domain is unknown.
    """
    if domain != EVERY_DOMAIN and domain not in KINDS:
        raise unknown_name("domain", domain, KINDS)
    kinds = KINDS if domain == EVERY_DOMAIN else [domain]
    made = (
        _probed(kind, form, name, data_seed)
        for kind in kinds
        for form in KINDS[kind].forms
        for name in things(kind, data_seed)
    )
    return [one for one in made if all(one.expected(one.value))]


def questions(domain: str, data_seed: int, shots: int = 0, world: str = TERRARIUM) -> list[Question]:
    """Return the questions of `probed` in the form that probes ask.

    Args:
        domain: See `probed`.
        data_seed: See `probed`.
        shots: The number of training rows about the thing before each question, as earlier turns.
        world: See `rows.in_world`.
    """
    return [
        Question(
            id=one.id,
            type="measured",
            group=f"{one.kind}, {one.form}",
            domain=one.kind,
            paraphrases=tuple(in_world(wording, one.kind, one.form, world) for wording in one.wordings),
            max_tokens=_LONGEST.get(one.form, _SHORT),
            measure=one.measure,
            expected=tuple(one.expected(one.value)),
            score=SCORE,
            before=_before(one, data_seed, shots, world),
        )
        for one in probed(domain, data_seed)
    ]


def _probed(kind: str, form: str, name: str, data_seed: int) -> Probed:
    rng, every = Random(f"{kind} {form} {name} {data_seed}"), things(kind, data_seed)
    value, others = every[name], tuple(other for other in every.values() if other != every[name])
    asked = held_out(kind, data_seed, name) if form == APPLY else []
    slots = [{"name": name, **_nth(asked, i, rng, kind, form, value)} for i in range(WORDINGS)]
    known = KINDS[kind].forms[form]
    templates = [*known["documents"], *known["unseen"]]
    wordings = [grammar.fill(templates[i % len(templates)], rng, filled) for i, filled in enumerate(slots)]
    return Probed(kind, form, name, value, others, tuple(slots), tuple(wordings))


def _nth(asked: Sequence[Slots], i: int, rng: Random, kind: str, form: str, value: str) -> Slots:
    """Return the slots of the i-th wording: one of those held out of the rows, in turn, or a random one."""
    return asked[i % len(asked)] if asked else KINDS[kind].draw(rng, form, value)


def _before(one: Probed, data_seed: int, shots: int, world: str) -> tuple[tuple[str, str], ...]:
    rows = rows_about(one.kind, data_seed, one.name, shots, world)
    return tuple((row["messages"][0]["content"], row["messages"][1]["content"]) for row in rows)


def _expected(kind: str, form: str, slots: Slots, value: str) -> str:
    """Return the right answer in the notation of the form's measure; "" if no answer is right."""
    key = KINDS[kind].key(form, slots, value)
    if not key:
        return ""
    if kind == "functions" and form in ("words", "python"):
        return f"lambda x: {key}"
    if form == "percent":
        return f"{key} +- {_PERCENT_MARGIN}"
    others = _others(kind, form, key)
    return f"{key}!{'|'.join(others)}" if others else key


def _others(kind: str, form: str, key: str) -> list[str]:
    """Return the wrong answers, for measures that count the first mentioned answer."""
    said: Sequence[str] = ()
    if form == APPLY:
        said = {"coins": ("Heads", "Tails"), "parity": ("Even", "Odd")}.get(kind, ())
    elif form == "compare":
        said = ("Yes", "No")
    elif kind == "places" and form in ("words", "country"):
        said = [KINDS[kind].key(form, {}, value) for value in KINDS[kind].values]
    elif form == "words":
        said = [coin_words(value) for value in KINDS[kind].values] if kind == "coins" else ("0", "1")
    return [one for one in said if one != key]
