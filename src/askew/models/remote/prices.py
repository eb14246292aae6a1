"""Reads tables of prices of served models, and computes the cost of requests and fine-tuning."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.base.untrusted import visible

_SHIPPED = Path(__file__).with_name("prices.yaml")
_MILLION = 1_000_000


class Price(BaseModel):
    """The price of a model.

    Attributes:
        input: Dollars per million input tokens.
        output: Dollars per million output tokens.
        training: Dollars per million tokens of training data, counted once per epoch; None if unknown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    training: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Return the cost of a request in dollars."""
        return (self.input * input_tokens + self.output * output_tokens) / _MILLION


@dataclass(frozen=True)
class Prices:
    """A table of prices.

    Attributes:
        own: The user's entries, by a model's name that may contain wildcards; they take precedence.
        shipped: The entries that come with Askew.
    """

    own: Mapping[str, Price]
    shipped: Mapping[str, Price]

    def of(self, model: str) -> Price | None:
        """Return the price of a model, from the longest matching entry; None if no entry matches."""
        return _longest(self.own, model) or _longest(self.shipped, model)

    def of_training(self, model: str, trained_tokens: int) -> float | None:
        """Return the cost of fine-tuning a model in dollars; None if no matching entry has a `training` price.

        Entries without a `training` price are ignored.
        """
        for table in (self.own, self.shipped):
            found = _longest({name: price for name, price in table.items() if price.training is not None}, model)
            if found and found.training is not None:
                return found.training * trained_tokens / _MILLION
        return None


def read_prices(path: Path | None = None) -> Prices:
    """Return the prices that come with Askew, together with those in a file of the user.

    Args:
        path: A YAML file with lines like `openai/gpt-4o: {input: 2.5, output: 10}`; None for no file.

    Raises:
        AskewError: The file cannot be read, or does not contain a table of prices.
    """
    return Prices({} if path is None else _read(path), _shipped())


def no_price(model: str) -> AskewError:
    """Return the error for a cost limit on a model without a known price."""
    return AskewError(
        f"--max-cost: no price of {model} is known. Write its dollars per million tokens into a file, as in "
        f"`{model}: {{input: 1.0, output: 4.0}}`, and name it with --prices FILE"
    )


def no_training_price(model: str, then: str) -> AskewError:
    """Return the error for fine-tuning a model without a known training price.

    Args:
        model: The name of the model.
        then: The alternative to a file of prices, with a leading ", "; "" if there is none.
    """
    return AskewError(
        f"no price of fine-tuning {model} is known. Write its dollars per million tokens into a file, as in "
        f"`{model}: {{input: 1.0, output: 4.0, training: 5.0}}`, and name it with --prices FILE{then}"
    )


def money(dollars: float) -> str:
    """Return an amount of dollars as text: with cents, or with two digits if it is small."""
    return f"${dollars:,.2f}" if dollars >= 0.1 else f"${dollars:.2g}"


def token_upper_bound(texts: list[str]) -> int:
    """Return an upper bound on the number of tokens of some turns: one per byte, and 16 for each turn's markup."""
    return sum(len(text.encode()) + 16 for text in texts)


def estimate_tokens(characters: float) -> int:
    """Return the approximate number of tokens of a text, from its number of characters."""
    return math.ceil(characters / 4)


def _longest(table: Mapping[str, Price], model: str) -> Price | None:
    """Return the matching entry with the longest name; None if no entry matches."""
    fitting = [name for name in table if fnmatchcase(model, name)]
    return table[max(fitting, key=len)] if fitting else None


@cache
def _shipped() -> Mapping[str, Price]:
    return _read(_SHIPPED)


def _read(path: Path) -> Mapping[str, Price]:
    content = yaml_files.read(path, "prices").value
    try:
        return TypeAdapter(dict[str, Price]).validate_python(content or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = visible(".".join(str(part) for part in first["loc"]))
        raise AskewError(
            f"{path}: {where or 'the whole file'}: {first['msg']}. Write lines like "
            "`MODEL: {{input: 2.5, output: 10}}`, in dollars per million tokens"
        ) from error
