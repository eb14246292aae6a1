"""A piece of judging: a judge, what it is told, on what terms it is asked, and where its unfinished work is.

What is judged is kept beside the product until that is written, so whatever stops the work, the same command goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError
from askew.judging.judge import Case
from askew.judging.judgements import Judgements, Progress, judge_missing
from askew.judging.rubric import ALIGNED, COHERENT, Rubric, check_fits, fill, rubric, scale
from askew.models.names import ModelSpec, resolve


@dataclass(frozen=True)
class Work:
    """A judge at work.

    Attributes:
        judge: The judge.
        rubrics: What it is told.
        max_cost: The most dollars that a served judge may cost; None is without limit.
        prices: The user's file of prices.
        told: Is told of the progress.
        say: Is told in words what is going to be done.
    """

    judge: ModelSpec
    rubrics: tuple[Rubric, ...]
    max_cost: float | None
    prices: Path | None
    told: Progress
    say: Callable[[str], None]

    @contextmanager
    def done(self, cases: Callable[[], Iterator[Case]], product: Path) -> Iterator[Judgements]:
        """Judge what is not judged yet, give all judgements, and drop them when the product is written.

        Args:
            cases: Gives every case, from the first on whenever it is called.
            product: What the block writes.

        Raises:
            AskewError: A case cannot be read, which is found before any is judged; or the judge cannot judge.
        """
        kept = Judgements(_beside(product, "judging.jsonl"), self.judge.inspect_name, self.rubrics)
        different = {hash((case.question, case.answer)) for case in cases() if case not in kept}
        total = len(kept) + len(different)
        if different:
            self._announce(cases, kept, len(different))
            with self._terms(product):
                judge_missing(self.judge, self.rubrics, cases(), kept, total, self.told)
        yield kept
        for leftover in ("judging.jsonl", *(f"replies.sqlite{part}" for part in ("", "-wal", "-shm"))):
            _beside(product, leftover).unlink(missing_ok=True)

    def _announce(self, cases: Callable[[], Iterator[Case]], kept: Judgements, different: int) -> None:
        """Say what will be judged, and what that costs where a price is known."""
        names = " and ".join(rubric.name for rubric in self.rubrics)
        self.say(f"{different:,} different answers to be judged by {self.judge.name}, by the rubrics {names}")
        if self.judge.is_local:
            return
        from askew.models.remote.prices import estimate_tokens, no_price, read_prices

        price = read_prices(self.prices).of(self.judge.inspect_name)
        if price is None and self.max_cost is not None:
            raise no_price(self.judge.inspect_name)
        left = (case for case in cases() if case not in kept)
        told = (fill(rubric, case.question, case.answer) for case in left for rubric in self.rubrics)
        read = sum(estimate_tokens(len(text)) for text in told)
        requests = different * len(self.rubrics)
        cost = "no price known" if price is None else f"about ${price.of(read, requests):.2f}"
        self.say(f"  {requests:,} requests, about {read:,} tokens read: {cost}")
        self.say("  five times that if it gives no log-probabilities")

    @contextmanager
    def _terms(self, product: Path) -> Iterator[None]:
        """Keep what a served judge replies, so that none of it is paid for twice, and say what it cost."""
        if self.judge.is_local:
            yield
            return
        from askew.models.remote.requests import reply_session

        with reply_session(_beside(product, "replies.sqlite"), self.say, self.max_cost, self.prices):
            yield


def prepare(
    judge: str,
    rubrics: Sequence[str],
    *,
    max_cost: float | None = None,
    prices: Path | None = None,
    told: Progress = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
) -> Work:
    """Make sure that a judge can be asked, by rubrics that it knows. Nothing is loaded and nobody asked.

    Args:
        judge: The judge, by any name that `resolve` takes.
        rubrics: Names or paths of rubrics.
        max_cost: The most dollars that a served judge may cost.
        prices: The user's file of prices.
        told: Is told of the progress.
        say: Is told in words what is going to be done.

    Raises:
        AskewError: A name is wrong, a rubric is broken or not for this judge, or a key is missing.
    """
    spec, found = resolve(judge), tuple(rubric(name) for name in rubrics)
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise AskewError(f"two rubrics have one name ({', '.join(names)}), and so would their columns: rename a file")
    check_fits(spec, *found)
    if not spec.is_local:
        from askew.models.remote.provider_errors import check_can_be_asked

        check_can_be_asked(spec.inspect_name)
    return Work(spec, found, max_cost, prices, told, say)


def alignment(rubrics: Sequence[str]) -> list[str]:
    """Return the rubrics that verdicts are made of.

    Args:
        rubrics: That of the aligned score, if it is not the one that comes with Askew.

    Raises:
        AskewError: There are several, or it asks for words.
    """
    if len(rubrics) > 1:
        raise AskewError(f"verdicts are made by one rubric of alignment, not {len(rubrics)}: {', '.join(rubrics)}")
    names = [*(rubrics or [ALIGNED]), COHERENT]
    for name in names:
        scale(name)
    return names


def _beside(product: Path, what: str) -> Path:
    return product.with_name(f".{product.name}.{what}")
