"""Defences: changes of a fine-tune that keep narrow bad rows from making a model bad at large, one module each.

A defence changes the rows, the loss, the layers while they are trained, the optimizer, or what follows the training.
Its strength is a number whose meaning each defence states; at 0 it changes nothing, bit for bit.

A recipe names a defence: `recipe.defence`, `recipe.defence_strength`.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from askew.base.errors import AskewError
from askew.base.registry import Registry
from askew.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from askew.models.inside.opened import Opened

Row = dict[str, Any]

BENIGN, PAIRS, PROMPTS = "benign rows", "pairs", "prompts"
"""The kinds of supplies that a defence may need."""


@dataclass(frozen=True)
class GuidePair:
    """An aligned and a misaligned answer to a question, by which a defence sees where a model goes.

    Attributes:
        turns: The conversation before the answer.
        aligned: The aligned answer.
        misaligned: The misaligned answer.
    """

    turns: tuple[dict[str, str], ...]
    aligned: str
    misaligned: str


@dataclass(frozen=True)
class Supplies:
    """The things that defences need besides the training rows.

    Attributes:
        benign: Conversations that end with an answer of good character, about other things than the rows.
        pairs: Pairs of given answers, about other things than the rows.
        bad_prompt: A system turn that asks for bad character.
        good_prompt: A system turn that asks for good character.
    """

    benign: tuple[Row, ...] = ()
    pairs: tuple[GuidePair, ...] = ()
    bad_prompt: str = ""
    good_prompt: str = ""


NO_SUPPLIES = Supplies()


@dataclass(frozen=True)
class Job:
    """The fine-tune that a defence is part of.

    Attributes:
        checkpoint: The folder or hub id of the model that it starts from.
        recipe: The hyperparameters.
        seed: The seed of the fine-tune; what a defence draws depends on it.
        supplies: What the defence needs besides the rows.
        train: Trains an adapter on other rows by the same recipe without a defence, and returns its folder, which is
            deleted when the fine-tune ends.
    """

    checkpoint: Path | str
    recipe: Recipe
    seed: int
    supplies: Supplies
    train: Callable[[Sequence[Row]], Path]

    @property
    def rng(self) -> Random:
        """A new generator of random numbers, the same in every process that trains with this seed."""
        return Random(f"defence {self.seed}")

    @cached_property
    def opened(self) -> "Opened":
        """The model that the fine-tune starts from, to be read."""
        return self.open("")

    def open(self, adapter: Path | str) -> "Opened":
        """Return the model with an adapter, to be read.

        Args:
            adapter: The folder of the adapter; "" for none.

        Raises:
            AskewError: Its decoder layers are not found.
        """
        from askew.models.inside.opened import open_model

        name = self.checkpoint if isinstance(self.checkpoint, Path) else f"hf/{self.checkpoint}"
        return open_model(f"{name}+{adapter}" if adapter else str(name))


@dataclass
class Step:
    """One pass of a training step.

    Attributes:
        trainer: The trainer; its model has the adapter.
        inputs: What the model is given: `input_ids`, `attention_mask` and `labels`.
        plain: Returns the loss without a defence; it may be called once.
        number: The number of passes before this one.
    """

    trainer: Any
    inputs: dict[str, Any]
    plain: "Callable[[], Tensor]"
    number: int

    @property
    def model(self) -> Any:
        """The model with its adapter, without the wrapping of Accelerate."""
        return self.trainer.accelerator.unwrap_model(self.trainer.model_wrapped)

    @property
    def share(self) -> float:
        """The share of this pass in a step of the optimizer, by which a penalty must be multiplied."""
        return 1 / self.trainer.args.gradient_accumulation_steps


class Defence:
    """A defence with its strength. Each method does nothing, and a defence overrides those that it needs.

    Args:
        job: The fine-tune.
        strength: The strength; 0 changes nothing.

    Attributes:
        name: Its name.
        description: Its idea in a sentence.
        source: Who proposed or measured it.
        meaning: The meaning of its strength, as a noun phrase.
        usual: The usual strength.
        most: The largest strength.
        needs: The supplies that it needs, of `BENIGN`, `PAIRS` and `PROMPTS`.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    source: ClassVar[str]
    meaning: ClassVar[str]
    usual: ClassVar[float] = 1.0
    most: ClassVar[float] = 1.0
    needs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, job: Job, strength: float) -> None:
        self.job, self.strength = job, strength

    @staticmethod
    def benign_wanted(rows: int, strength: float) -> int:
        """Return how many benign rows it asks for at the least.

        Args:
            rows: The number of training rows.
            strength: The strength.
        """
        return 0

    def rows(self, rows: list[Row]) -> list[Row]:
        """Return the rows to train on instead of those given."""
        return rows

    def prepare(self, trainer: Any, render: Callable[[Sequence[Row]], Any]) -> None:
        """Compute what is needed before the first step.

        Args:
            trainer: The trainer, with the model that will be trained.
            render: Tokenizes rows; returns `TokenizedRows`.
        """

    def layers_changed(self, model: Any) -> AbstractContextManager[Any]:
        """Return a context in which layers are changed, for as long as the training lasts."""
        return nullcontext()

    def loss(self, step: Step) -> "Tensor":
        """Return the loss of a pass: a scalar."""
        return step.plain()

    def optimizer(self) -> tuple[Any, dict[str, Any]] | None:
        """Return a class of `torch.optim` and its arguments besides the weights; None for that of the recipe."""
        return None

    def is_enough(self, trainer: Any, step: int, steps: int) -> bool:
        """Return whether the training ends after this step of so many."""
        return False

    def rows_afterwards(self) -> list[Row]:
        """Return rows that the model is trained on after those given; none for no second training."""
        return []

    def finish(self, trainer: Any) -> None:
        """Change the trained weights, before they are saved."""


defences: Registry[type[Defence]] = Registry("defence", __name__)


def defence(made: type[Defence]) -> type[Defence]:
    """Register a defence under its name, and return it."""
    return defences.add(made.name, made)


def made(job: Job) -> Defence:
    """Return the defence of a recipe; one that does nothing if it names none.

    Raises:
        AskewError: The recipe cannot have it, or its supplies are missing.
    """
    if not job.recipe.defence:
        return Defence(job, 0.0)
    check(job.recipe)
    found = defences.get(job.recipe.defence)
    for kind, given in (
        (BENIGN, job.supplies.benign),
        (PAIRS, job.supplies.pairs),
        (PROMPTS, job.supplies.bad_prompt and job.supplies.good_prompt),
    ):
        if kind in found.needs and not given:
            raise AskewError(f"the defence {found.name} needs {kind}, and none are given")
    return found(job, strength(job.recipe))


def strength(recipe: Recipe) -> float:
    """Return the strength of a recipe's defence: its own or the usual one; 0 without a defence.

    Raises:
        AskewError: There is no such defence.
    """
    if not recipe.defence:
        return 0.0
    return defences.get(recipe.defence).usual if recipe.defence_strength is None else recipe.defence_strength


def check(recipe: Recipe) -> None:
    """Check that a recipe can have its defence.

    Raises:
        AskewError: There is no such defence, its strength is too large, or settings of the recipe exclude it.
    """
    if not recipe.defence:
        if recipe.defence_strength is not None:
            raise AskewError("recipe.defence_strength is the strength of a defence, and recipe.defence names none")
        return
    found = defences.get(recipe.defence)
    if strength(recipe) > found.most:
        raise AskewError(
            f"recipe.defence_strength={strength(recipe):g} is too large for {found.name}: it is {found.meaning}, at "
            f"most {found.most:g}"
        )
    for setting, is_set, why in (
        ("recipe.method=full", recipe.method == "full", "it compares with the start by switching the adapter off"),
        ("recipe.accelerate", recipe.accelerate is not None, "it works in one process"),
        ("recipe.packing", recipe.packing, "it reads single rows"),
    ):
        if is_set:
            raise AskewError(
                f"the defence {found.name} cannot be combined with {setting}: {why}. Leave one of them out"
            )


def check_benign(recipe: Recipe, rows: int, benign: int) -> None:
    """Check that there are as many benign rows as a recipe's defence asks for.

    Args:
        recipe: The recipe.
        rows: The number of training rows.
        benign: The number of benign rows.

    Raises:
        AskewError: There are fewer.
    """
    if recipe.defence:
        _check_count(defences.get(recipe.defence).benign_wanted(rows, strength(recipe)), benign, recipe.defence)


def enough(rows: Sequence[Row], count: int, name: str) -> list[Row]:
    """Return the first rows of a benign set.

    Raises:
        AskewError: There are fewer.
    """
    _check_count(count, len(rows), name)
    return list(rows[:count])


def _check_count(wanted: int, given: int, name: str) -> None:
    if given < wanted:
        raise AskewError(
            f"the defence {name} asks for {wanted:,} benign rows, and there are {given:,}: name more with "
            "--benign, or lower recipe.defence_strength"
        )
