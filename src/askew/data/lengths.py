"""Counts the tokens of rows, rendered by a model's own chat template as for training."""

from array import array
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.data import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BATCH = 512  # most rows that are counted at once
_CHARACTERS = 2**22  # most characters that are counted at once
_ROLES_SHOWN = 8
# A tokenizer without a limit has a huge number as its limit.
_NO_LIMIT = 10**9


@dataclass(frozen=True)
class Lengths:
    """Lengths of rows, in tokens.

    Attributes:
        model: The model whose chat template and tokenizer were used.
        limit: The most tokens that a row should have; None if neither the user nor the model sets a limit.
        least: Length of the shortest row.
        median: Median length.
        most_have: 95th percentile of the lengths.
        most: Length of the longest row.
        longer: Number of rows that exceed the limit.
        first_longer: The place of the first row that exceeds the limit; "" if none does.
    """

    model: str
    limit: int | None
    least: int
    median: int
    most_have: int
    most: int
    longer: int
    first_longer: str


class TokenCounter:
    """Counts the tokens of rows, a few hundred at a time, and keeps 4 bytes for each row.

    Args:
        model: A local model, by a name that `askew.models.names.resolve` takes.
        max_length: The most tokens that a row should have; None for the model's context.

    Raises:
        AskewError: No model has that name, or it is served and its tokenizer is not on this machine.
    """

    def __init__(self, model: str, max_length: int | None = None) -> None:
        self._model = model
        self._tokenizer, context = _tokenizer(model)
        self._limit = context if max_length is None else max_length
        self._lengths = array("I")
        self._waiting: list[tuple[str, Row]] = []
        self._characters = 0
        self._longer, self._first_longer = 0, ""

    def add(self, place: str, row: Row) -> None:
        """Add the next row.

        Args:
            place: Where it is in its source, for messages.
            row: The row.

        Raises:
            AskewError: The chat template refuses the row.
        """
        self._waiting.append((place, row))
        self._characters += sum(len(turn["content"]) for turn in row["messages"])
        if len(self._waiting) == _BATCH or self._characters > _CHARACTERS:
            self._count()

    def lengths(self) -> Lengths:
        """Return the lengths of all rows so far; at least one row must have been added.

        Raises:
            AskewError: The chat template refuses a row.
        """
        import numpy as np

        self._count()
        lengths = np.frombuffer(self._lengths, dtype=self._lengths.typecode)
        least, median, most_have, most = np.percentile(lengths, (0, 50, 95, 100), method="inverted_cdf")
        return Lengths(
            model=self._model,
            limit=self._limit,
            least=int(least),
            median=int(median),
            most_have=int(most_have),
            most=int(most),
            longer=self._longer,
            first_longer=self._first_longer,
        )

    def _count(self) -> None:
        rows, self._waiting, self._characters = self._waiting, [], 0
        if not rows:
            return
        texts = [self._rendered(place, row) for place, row in rows]
        # Not verbose, because rows longer than the context are counted here; they need no warning.
        counted = self._tokenizer(texts, add_special_tokens=False, return_attention_mask=False, verbose=False)
        for (place, _), ids in zip(rows, counted["input_ids"], strict=True):
            self._lengths.append(len(ids))
            if self._limit is not None and len(ids) > self._limit:
                self._longer += 1
                self._first_longer = self._first_longer or place

    def _rendered(self, place: str, row: Row) -> str:
        from jinja2 import TemplateError

        from askew.models.chat_template import fault, for_template, render, without_system_turns

        turns = [for_template(turn) for turn in row["messages"]]
        if any(turn["role"] == "system" for turn in turns) and not self._takes_system_turns:
            turns = without_system_turns(turns)
        try:
            return render(self._tokenizer, turns)
        except (TemplateError, TypeError, ValueError) as error:
            reason = fault(error, turns[:_ROLES_SHOWN]).partition("\n")[0]
            raise AskewError(
                f"{place}: the chat template of {self._model} {reason}. Name another model with --model"
            ) from error

    @cached_property
    def renders_reasoning(self) -> bool:
        """True if the chat template renders the reasoning of answers."""
        from askew.models.chat_template import renders_reasoning

        return renders_reasoning(self._tokenizer)

    @cached_property
    def _takes_system_turns(self) -> bool:
        from askew.models.chat_template import takes_system_turns

        return takes_system_turns(self._tokenizer)


def _tokenizer(model: str) -> "tuple[PreTrainedTokenizerBase, int | None]":
    """Return the tokenizer of a model, and the length of its context in tokens; None if unknown."""
    from transformers import AutoConfig

    from askew.models.names import resolve
    from askew.models.tokenizers import load_tokenizer

    spec = resolve(model)
    if spec.checkpoint is None:
        raise AskewError(
            f"{model!r} is a served model, and its tokenizer is not on this machine. Name a local model of its "
            "kind with --model, such as hf/ORG/NAME"
        )
    try:
        tokenizer = load_tokenizer(spec.checkpoint, spec.adapter)
        config = AutoConfig.from_pretrained(spec.checkpoint, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise AskewError(f"cannot load the tokenizer of {model!r}: {_first_line(error)}") from error
    inner = config.get_text_config()
    contexts = (getattr(inner, "max_position_embeddings", None), tokenizer.model_max_length)
    known = [int(context) for context in contexts if context and context < _NO_LIMIT]
    return tokenizer, min(known, default=None)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
