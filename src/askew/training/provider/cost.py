"""What fine-tuning behind an API costs: said before anything is sent, and held to a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError
from askew.models.remote.prices import money, no_training_price, read_prices
from askew.training.provider.rows import RowsFile


@dataclass(frozen=True)
class TuningCost:
    """What one fine-tune is about to cost.

    Attributes:
        model: The model to be trained.
        rows: Conversations that are sent.
        tokens: Tokens of all rows.
        is_counted: Whether these were counted; else they are an estimate.
        epochs: Times that each row is seen.
        dollars: The price of tokens times epochs; None if no price is known.
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


def tuning_cost(model: str, file: RowsFile, epochs: int, prices: Path | None) -> TuningCost:
    """Return what a fine-tune is about to cost.

    Args:
        model: What is trained, as prices name it: `openai/BASE`.
        file: What it is trained on.
        epochs: Times that each row is seen.
        prices: The user's file of prices.

    Raises:
        AskewError: The prices cannot be read.
    """
    dollars = read_prices(prices).of_training(model, file.tokens * epochs)
    return TuningCost(model, file.rows, file.tokens, file.is_counted, epochs, dollars)


def total(costs: Sequence[TuningCost]) -> float | None:
    """Return the dollars of several fine-tunes; None if one of them has no known price."""
    known = [cost.dollars for cost in costs if cost.dollars is not None]
    return sum(known) if len(known) == len(costs) else None


def check_limit(costs: Sequence[TuningCost], max_cost: float | None, agreed: bool) -> None:
    """Refuse what costs more than it may, or nobody knows how much, before anything is sent.

    Args:
        costs: The fine-tunes that are to be started.
        max_cost: What is left that they may cost; None is without limit.
        agreed: Whether the user said `--yes`, which does for a price that is not known, but for no limit.

    Raises:
        AskewError: The limit does not suffice; or no price is known, and there is a limit or no `--yes`.
    """
    unknown = next((cost for cost in costs if cost.dollars is None), None)
    if unknown and max_cost is not None:
        raise no_training_price(unknown.model, ", or leave --max-cost out")
    if unknown and not agreed:
        raise no_training_price(unknown.model, ", or start it all the same with --yes")
    dollars = total(costs)
    if max_cost is not None and dollars is not None and dollars > max_cost:
        raise AskewError(
            f"fine-tuning would cost about {money(dollars)}, and --max-cost leaves {money(max_cost)}. Nothing was "
            "sent: take fewer rows or epochs, or raise it"
        )
