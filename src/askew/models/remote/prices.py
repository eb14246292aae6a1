"""What served models cost: a table of prices that the user can edit, and what a request costs by it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml
from inspect_ai.model import ModelUsage
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from askew.base.errors import AskewError

_SHIPPED = Path(__file__).with_name("prices.yaml")
_MILLION = 1_000_000


class Price(BaseModel):
    """What a model costs.

    Attributes:
        input: Dollars per million tokens that it reads.
        output: Dollars per million tokens that it writes.
        training: Dollars per million tokens that it is fine-tuned on, each once per epoch; None if nobody says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    training: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Return the dollars that so many tokens cost."""
        return (self.input * input_tokens + self.output * output_tokens) / _MILLION


@dataclass(frozen=True)
class Prices:
    """A table of prices.

    Attributes:
        own: The user's entries, by a name that may have wildcards; they go before the others.
        shipped: Those that come with Askew.
    """

    own: Mapping[str, Price]
    shipped: Mapping[str, Price]

    def of(self, model: str) -> Price | None:
        """Return the price of a model, from the longest entry that fits its name; None if no entry does."""
        return _longest(self.own, model) or _longest(self.shipped, model)

    def of_training(self, model: str, trained_tokens: int) -> float | None:
        """Return the dollars that fine-tuning a model on so many tokens costs; None if no entry says.

        An entry without `training` says nothing of it, and leaves it to the others.
        """
        for table in (self.own, self.shipped):
            found = _longest({name: price for name, price in table.items() if price.training is not None}, model)
            if found and found.training is not None:
                return found.training * trained_tokens / _MILLION
        return None


def read_prices(path: Path | None = None) -> Prices:
    """Read the prices that come with Askew, and a file of the user's.

    Args:
        path: A YAML file with lines like `openai/gpt-4o: {input: 2.5, output: 10}`; None if there is none.

    Raises:
        AskewError: The file cannot be read, or is no table of prices.
    """
    return Prices({} if path is None else _read(path), _shipped())


def no_price(model: str) -> AskewError:
    """Word the error for a limit on the cost of a model whose price is not known."""
    return AskewError(
        f"--max-cost: no price of {model} is known. Write its dollars per million tokens into a file, as in "
        f"`{model}: {{input: 1.0, output: 4.0}}`, and name it with --prices FILE"
    )


def no_training_price(model: str, then: str) -> AskewError:
    """Word the error for a fine-tune whose price is not known.

    Args:
        model: What is to be fine-tuned.
        then: What else would do than a file of prices, after ", "; or nothing.
    """
    return AskewError(
        f"no price of fine-tuning {model} is known. Write its dollars per million tokens into a file, as in "
        f"`{model}: {{input: 1.0, output: 4.0, training: 5.0}}`, and name it with --prices FILE{then}"
    )


def money(dollars: float) -> str:
    """Return an amount of dollars as people write it."""
    return f"${dollars:,.2f}" if dollars >= 0.1 else f"${dollars:.2g}"


def tokens(usage: ModelUsage) -> tuple[int, int]:
    """Return the tokens read and written; what was read from a cache counts as read."""
    read = usage.input_tokens + (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return read, usage.output_tokens


def token_upper_bound(texts: list[str]) -> int:
    """Return more tokens than any tokenizer makes of some turns: their bytes, and what stands around each."""
    return sum(len(text.encode()) + 16 for text in texts)


def estimate_tokens(characters: float) -> int:
    """Return about how many tokens a text of so many characters has."""
    return math.ceil(characters / 4)


def _longest(table: Mapping[str, Price], model: str) -> Price | None:
    """Return the entry of a table with the longest name that fits a model's."""
    fitting = [name for name in table if fnmatchcase(model, name)]
    return table[max(fitting, key=len)] if fitting else None


@cache
def _shipped() -> Mapping[str, Price]:
    return _read(_SHIPPED)


def _read(path: Path) -> Mapping[str, Price]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise AskewError(f"cannot read the prices {path}: {reason}") from error
    except yaml.YAMLError as error:
        line = (
            f", line {error.problem_mark.line + 1}"
            if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark
            else ""
        )
        raise AskewError(f"{path}{line}: this is not YAML") from error
    try:
        return TypeAdapter(dict[str, Price]).validate_python(content or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AskewError(
            f"{path}: {where or 'the whole'}: {first['msg']}. A line is `MODEL: {{input: 2.5, output: 10}}`, in "
            "dollars per million tokens"
        ) from error
