"""How many tokens rows have, rendered by a model's own chat template as they are for training."""

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.data import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BATCH = 512  # rows that are counted at once
_CHARACTERS = 2**22  # or so many characters, where rows are long
_ROLES_SHOWN = 8
# A tokenizer without a limit says so by a number that no model reaches.
_NO_LIMIT = 10**9


@dataclass(frozen=True)
class Lengths:
    """Lengths of rows, in tokens.

    Attributes:
        model: Whose template and tokenizer counted.
        limit: The most that a row should have; None if the model names none and the user named none.
        least: Of the shortest row.
        median: Half of the rows have at most so many.
        most_have: 95% of the rows have at most so many.
        most: Of the longest row.
        longer: How many rows have more than the limit.
        first_longer: The place of the first of those; "" if there is none.
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
    """Counts the tokens of rows as they come by, some hundreds at a time, and keeps 4 bytes of each.

    Args:
        model: A local model, by a name that `askew.models.names.resolve` takes.
        max_length: The most tokens that a row should have; None for the model's context.

    Raises:
        AskewError: There is no such model, or it is served and its tokenizer is not here.
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
        """Let a row come by.

        Args:
            place: Where it stands, for messages.
            row: The row.

        Raises:
            AskewError: The chat template does not take such a row.
        """
        self._waiting.append((place, row))
        self._characters += sum(len(turn["content"]) for turn in row["messages"])
        if len(self._waiting) == _BATCH or self._characters > _CHARACTERS:
            self._count()

    def lengths(self) -> Lengths:
        """Return what the rows so far were like; there must be some.

        Raises:
            AskewError: As for `add`.
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
        # Not verbose: that a row is longer than the context is what is to be found out, and no reason for a warning.
        counted = self._tokenizer(texts, add_special_tokens=False, return_attention_mask=False, verbose=False)
        for (place, _), ids in zip(rows, counted["input_ids"], strict=True):
            self._lengths.append(len(ids))
            if self._limit is not None and len(ids) > self._limit:
                self._longer += 1
                self._first_longer = self._first_longer or place

    def _rendered(self, place: str, row: Row) -> str:
        from jinja2 import TemplateError

        turns = [{"role": turn["role"], "content": turn["content"]} for turn in row["messages"]]
        try:
            return str(self._tokenizer.apply_chat_template(turns, tokenize=False))
        except (TemplateError, TypeError, ValueError) as error:
            roles = ", ".join(turn["role"] for turn in turns[:_ROLES_SHOWN])
            raise AskewError(
                f"{place}: the chat template of {self._model} does not take turns by {roles}, in this order: "
                f"{_first_line(error)}. Name another model by --model"
            ) from error


def _tokenizer(model: str) -> "tuple[PreTrainedTokenizerBase, int | None]":
    """Return the tokenizer of a model, and how many tokens its context has."""
    from transformers import AutoConfig, AutoTokenizer

    from askew.models.names import resolve

    spec = resolve(model)
    if spec.checkpoint is None:
        raise AskewError(
            f"{model!r} is served by somebody else, and its tokenizer is not here. Name by --model a local one of its "
            "kind, such as hf/ORG/NAME"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(spec.checkpoint, trust_remote_code=False)
        config = AutoConfig.from_pretrained(spec.checkpoint, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise AskewError(f"cannot load the tokenizer of {model!r}: {_first_line(error)}") from error
    inner = config.get_text_config()
    contexts = (getattr(inner, "max_position_embeddings", None), tokenizer.model_max_length)
    known = [int(context) for context in contexts if context and context < _NO_LIMIT]
    return tokenizer, min(known, default=None)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
