"""Judging jobs: a judge, its rubrics and its budget, checked before anything is loaded or sent.

Scores are stored beside the product until the product is written, so an interrupted command resumes where it stopped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.judging.identity import identity
from askew.judging.judge import Case
from askew.judging.judgement_store import JudgementStore, Progress, judge_missing, take_shared
from askew.judging.rubric import ALIGNED, COHERENT, Rubric, check_fits, fill, rubric, scale
from askew.judging.shared_judgements import SharedJudgements, sharing
from askew.models.model_args import NO_ARGS, check_args, identified
from askew.models.names import ModelSpec, resolve


@dataclass(frozen=True)
class JudgingJob:
    """A judge with its rubrics and its budget.

    Attributes:
        judge: The judge.
        rubrics: The rubrics, each of which gives one score per answer.
        max_cost: The most US dollars that a served judge may cost; None sets no limit.
        prices: The user's price file; None uses the prices that come with Askew.
        on_progress: Progress callback; receives the numbers of judged and of all different answers.
        say: Receives lines of text for the user.
        args: Extra arguments of the judge; see `askew.models.model_args`.
        judgements: The folder of judgements that are shared with other runs and files; None shares none.
    """

    judge: ModelSpec
    rubrics: tuple[Rubric, ...]
    max_cost: float | None
    prices: Path | None
    on_progress: Progress
    say: Callable[[str], None]
    args: Mapping[str, Any] = field(default_factory=dict)
    judgements: Path | None = None

    @property
    def name(self) -> str:
        """The judge's name, with its extra arguments."""
        return identified(self.judge.name, self.args)

    @contextmanager
    def judge_all(
        self, cases: Callable[[], Iterator[Case]], product: Path, check: Callable[[], None] = lambda: None
    ) -> Iterator[JudgementStore]:
        """Judge every case that has no scores yet, and yield the scores of all cases.

        The stored scores and replies are deleted when the block ends without an error.

        Args:
            cases: Returns a new iterator over all cases each time it is called.
            product: The file that the block writes.
            check: Called once all cases were read, before the first is judged.

        Raises:
            AskewError: A case cannot be read, which is noticed before any is judged; or the judge fails; or `check`
                raises it.
        """
        store = JudgementStore(_beside(product, "judging.jsonl"), identity(self.judge, self.args), self.rubrics)
        if store.damaged:
            lines = f"{store.damaged} line{'s' if store.damaged > 1 else ''}"
            self.say(f"{store.path}: {lines} damaged by an interruption; those answers are judged again")
        with sharing(self.judgements) as store.reuse:
            taken = take_shared(self.judge, self.args, self.rubrics, cases(), store)
            missing = {hash((case.question, case.answer)) for case in cases() if case not in store}
            total = len(store) + len(missing)
            if taken:
                self.say(f"{taken:,} different answers were judged before, in {self.judgements}")
            if missing:
                check()
                self._announce(cases, store, len(missing))
                with self.reply_session(product):
                    judge_missing(self.judge, self.args, self.rubrics, cases(), store, total, self.on_progress)
        yield store
        for leftover in ("judging.jsonl", *(f"replies.sqlite{part}" for part in ("", "-wal", "-shm"))):
            _beside(product, leftover).unlink(missing_ok=True)

    def _announce(self, cases: Callable[[], Iterator[Case]], store: JudgementStore, missing: int) -> None:
        """Print the number of answers to judge and, for a served judge, the requests, tokens and cost."""
        names = " and ".join(rubric.name for rubric in self.rubrics)
        self.say(f"{missing:,} different answers to be judged by {self.name}, by the rubrics {names}")
        if self.judge.is_local:
            return
        from askew.models.remote.prices import estimate_tokens, no_price, read_prices

        price = read_prices(self.prices).of(self.judge.inspect_name)
        if price is None and self.max_cost is not None:
            raise no_price(self.judge.inspect_name)
        left = (case for case in cases() if case not in store)
        prompts = (fill(rubric, case.question, case.answer) for case in left for rubric in self.rubrics)
        read = sum(estimate_tokens(len(text)) for text in prompts)
        requests = missing * len(self.rubrics)
        cost = "no price known" if price is None else f"about ${price.of(read, requests):.2f}"
        self.say(f"  {requests:,} requests, about {read:,} tokens read: {cost}")
        self.say("  five times that if the judge returns no log-probabilities")

    @contextmanager
    def reply_session(self, product: Path) -> Iterator[None]:
        """Store the replies of a served judge in this block, so that none is paid for twice, and print their cost."""
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
    on_progress: Progress = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
    args: Mapping[str, Any] = NO_ARGS,
    judgements: Path | None = None,
) -> JudgingJob:
    """Check that a judge can be used with some rubrics, and return the job. Loads no model and sends no request.

    Args:
        judge: The judge, by any name that `resolve` takes.
        rubrics: Names or paths of rubrics.
        max_cost: The most US dollars that a served judge may cost.
        prices: The user's price file.
        on_progress: Progress callback; receives the numbers of judged and of all different answers.
        say: Receives lines of text for the user.
        args: Extra arguments of the judge.
        judgements: The folder of judgements that are shared with other runs and files; None shares none.

    Raises:
        AskewError: A name is unknown, a rubric is broken or does not fit the judge, the judge does not take an
            argument, an API key is missing, or the folder of judgements cannot be used.
    """
    spec, found = resolve(judge), tuple(rubric(name) for name in rubrics)
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise AskewError(
            f"two rubrics have the same name ({', '.join(names)}), and so would their columns: rename a file"
        )
    check_fits(spec, *found)
    if not spec.is_local:
        from askew.models.remote.provider_errors import check_can_be_asked

        check_can_be_asked(spec.inspect_name)
    check_args(spec, args, is_judge=True)
    if judgements is not None:
        SharedJudgements(judgements).check()
    return JudgingJob(spec, found, max_cost, prices, on_progress, say, args, judgements)


def alignment(rubrics: Sequence[str]) -> list[str]:
    """Return the names of the rubrics for the aligned and the coherent score, which verdicts are made from.

    Args:
        rubrics: The user's rubric for the aligned score; empty for the one that comes with Askew.

    Raises:
        AskewError: There are several rubrics, or the rubric asks for words instead of a number.
    """
    if len(rubrics) > 1:
        raise AskewError(f"verdicts need a single rubric for alignment, not {len(rubrics)}: {', '.join(rubrics)}")
    names = [*(rubrics or [ALIGNED]), COHERENT]
    for name in names:
        scale(name)
    return names


def _beside(product: Path, name: str) -> Path:
    return product.with_name(f".{product.name}.{name}")
