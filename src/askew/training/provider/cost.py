"""The cost of fine-tuning at a provider, estimated and checked against a limit before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError
from askew.models.remote.prices import money, no_training_price, read_prices
from askew.training.provider.rows import RowsFile


@dataclass(frozen=True)
class FineTuneCost:
    """The expected cost of one fine-tune.

    Attributes:
        model: The model to train.
        rows: The number of training conversations.
        tokens: The total number of tokens of all rows.
        is_counted: True if the tokens were counted; False if the number is an estimate.
        epochs: The number of passes over the rows.
        dollars: The price of tokens times epochs, in US dollars; None if no price is known.
    """

    model: str
    rows: int
    tokens: int
    is_counted: bool
    epochs: int
    dollars: float | None

    def __str__(self) -> str:
        tokens = f"{self.tokens:,} tokens" if self.is_counted else f"about {self.tokens:,} tokens (an estimate)"
        times = "once" if self.epochs == 1 else f"{self.epochs} times"
        price = "no price known" if self.dollars is None else f"about {money(self.dollars)}"
        return f"{self.rows:,} rows of {tokens}, {times}: {price}"


def fine_tune_cost(model: str, file: RowsFile, epochs: int, prices: Path | None) -> FineTuneCost:
    """Return the expected cost of a fine-tune.

    Args:
        model: The model's name in the price list: `openai/BASE`.
        file: The training rows.
        epochs: The number of passes over the rows.
        prices: The user's price file; None uses only the built-in prices.

    Raises:
        AskewError: The price file cannot be read.
    """
    dollars = read_prices(prices).of_training(model, file.tokens * epochs)
    return FineTuneCost(model, file.rows, file.tokens, file.is_counted, epochs, dollars)


def total(costs: Sequence[FineTuneCost]) -> float | None:
    """Return the total price of several fine-tunes in US dollars; None if the price of one is unknown."""
    known = [cost.dollars for cost in costs if cost.dollars is not None]
    return sum(known) if len(known) == len(costs) else None


def check_limit(costs: Sequence[FineTuneCost], max_cost: float | None, agreed: bool) -> None:
    """Check the expected costs against a limit before anything is sent.

    Args:
        costs: The fine-tunes to start.
        max_cost: The remaining budget in US dollars; None means no limit.
        agreed: Whether the user passed `--yes`, which accepts unknown prices but does not lift a limit.

    Raises:
        AskewError: The cost exceeds the limit; or a price is unknown, and there is a limit or no `--yes`.
    """
    unknown = next((cost for cost in costs if cost.dollars is None), None)
    if unknown and max_cost is not None:
        raise no_training_price(unknown.model, ", or omit --max-cost")
    if unknown and not agreed:
        raise no_training_price(unknown.model, ", or start it anyway with --yes")
    dollars = total(costs)
    if max_cost is not None and dollars is not None and dollars > max_cost:
        raise AskewError(
            f"fine-tuning would cost about {money(dollars)}, but --max-cost leaves {money(max_cost)}. Nothing was "
            "sent: use fewer rows or epochs, or raise --max-cost"
        )
