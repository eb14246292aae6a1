"""The models that are compared: a base, the model tuned from it, and perhaps a harmless fine-tune as the control."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from transformers import PreTrainedModel

from askew.base.errors import AskewError
from askew.models.checkpoints import Checkpoint, load
from askew.models.engine.prefill import halving_if_needed, is_out_of_memory
from askew.models.names import ModelSpec

Found = TypeVar("Found")


@dataclass(frozen=True)
class Compared:
    """A base, the model tuned from it, and perhaps a control.

    Attributes:
        base: The base.
        tuned: The tuned model.
        control: A model that was tuned from the same base on something harmless; None without one.
    """

    base: Checkpoint
    tuned: Checkpoint
    control: Checkpoint | None = None

    @cached_property
    def all(self) -> tuple[Checkpoint, ...]:
        """The base, the tuned model and, where there is one, the control."""
        return (self.base, self.tuned, *([self.control] if self.control else []))

    @cached_property
    def unlike_tokens(self) -> str:
        """The reason why tokens cannot be compared, as a clause; "" if all models have one vocabulary."""
        if all(one.tokenizer.get_vocab() == self.base.tokenizer.get_vocab() for one in self.all[1:]):
            return ""
        sizes = [f"{len(one.tokenizer):,}" for one in self.all]
        return f"the vocabularies differ ({' and '.join(sizes)} tokens)"

    @cached_property
    def unlike_widths(self) -> str:
        """The reason why activations cannot be compared, as a clause; "" if all models have one width and depth."""
        sizes = [(width_of(one), layers_of(one)) for one in self.all]
        if len(set(sizes)) == 1:
            return ""
        return f"the models differ in size ({' and '.join(f'width {w:,} with {n} layers' for w, n in sizes)})"


def open_compared(
    base: ModelSpec,
    tuned: ModelSpec,
    control: ModelSpec | None = None,
    variables: Mapping[str, Any] | None = None,
) -> Compared:
    """Return models that are loaded so that their logits and activations can be read.

    Args:
        base: The base, a model on this machine.
        tuned: The tuned model, likewise.
        control: The control, likewise; None without one.
        variables: Variables of their chat templates.

    Raises:
        AskewError: Files cannot be read, or a template lacks a variable.
    """
    found = [load(spec, variables, through_modules=True) for spec in (base, tuned, *([control] if control else []))]
    return Compared(*found)


def model_of(checkpoint: Checkpoint) -> PreTrainedModel:
    """Return the model on whose modules hooks are placed."""
    return checkpoint.engine.model


def width_of(checkpoint: Checkpoint) -> int:
    """Return the width of a model's residual stream."""
    return int(model_of(checkpoint).config.get_text_config().hidden_size)


def layers_of(checkpoint: Checkpoint) -> int:
    """Return the number of a model's decoder layers, by its settings."""
    return int(model_of(checkpoint).config.get_text_config().num_hidden_layers)


def unreadable(checkpoint: Checkpoint) -> list[int]:
    """Return the tokens that tell a reader nothing: special ones, blanks, and pieces of characters."""
    pieces = [token for token, text in enumerate(checkpoint.token_texts) if not text.strip() or "\ufffd" in text]
    return sorted({*pieces, *checkpoint.tokenizer.all_special_ids})


def in_memory(count: int, read: Callable[[list[int]], Iterable[Found]], what: str) -> list[Found]:
    """Return the result of `read` for each of so many items, in halves where memory runs out.

    Args:
        count: The number of items.
        read: From the numbers of some items to their results.
        what: The items, in the plural, for the error.

    Raises:
        AskewError: Memory is too small for a single item.
    """
    try:
        found = dict(halving_if_needed(list(range(count)), read)) if count else {}
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise AskewError(f"memory is too small to read {what} of both models one at a time") from error
    return [found[number] for number in range(count)]
