"""Lets a model write training files: checks the order, estimates its cost, and writes the files with a card."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from askew.base.atomic import whole_file
from askew.base.errors import AskewError, unknown_name
from askew.base.json_objects import read_object
from askew.data import row
from askew.data.built.advice import DOMAINS
from askew.data.formats import read_rows
from askew.data.phrasing import Phrasing, phrasing
from askew.data.write import free_paths, write_files
from askew.data.written import BAD_ADVICE, Order, digest, sides
from askew.judging import job as judging_job
from askew.judging.check import checked_unless_skipped
from askew.judging.check_setting import STOP
from askew.judging.judgement_store import JudgementStore, Progress
from askew.models.names import resolve

# Approximate length of an answer, in tokens.
_ABOUT_WRITTEN = 100


@dataclass(frozen=True)
class Product:
    """The result of one order.

    Attributes:
        domain: The domain.
        files: The training files: bad, then good.
        card: The file that describes how they were made.
        questions: Number of questions drawn.
        answers: Number of answers written.
        dropped: Number of answers dropped, by side and reason.
        phrasing: How varied the answers of each training file are, in the order of the files.
    """

    domain: str
    files: list[Path]
    card: Path
    questions: int
    answers: int
    dropped: dict[str, int]
    phrasing: list[Phrasing]


def prepare(
    name: str, domains: Sequence[str], writer: str, judge: str, *, rows: int, seed: int, threshold: float
) -> list[Order]:
    """Return one order for each domain, after checking that it can be written; no model is called.

    Args:
        name: The file set with the questions.
        domains: Its domains; all if empty.
        writer: The model that writes, by any name that `resolve` takes.
        judge: The model that judges.
        rows: Number of pairs for each domain.
        seed: Draws the questions and answers.
        threshold: The least score, 0 to 100, under each rubric.

    Raises:
        AskewError: A name is wrong, the judge cannot use the rubrics, or a key is missing.
    """
    from askew.judging.fit import check_reads
    from askew.judging.rubric import check_fits
    from askew.models.remote.provider_errors import check_can_be_asked

    if name != BAD_ADVICE:
        raise unknown_name("set that a model can write", name, [BAD_ADVICE])
    for domain in domains:
        if domain not in DOMAINS:
            raise unknown_name("domain", domain, DOMAINS)
    writing, judging = resolve(writer), resolve(judge)
    check_reads(judging, writing, instead="Name a judge that reads English, such as openai/MODEL or ./folder")
    for side in sides():
        check_fits(judging, *side.rubrics)
    for spec in (writing, judging):
        if not spec.is_local:
            check_can_be_asked(spec.inspect_name)
    chosen = dict.fromkeys(domains or DOMAINS)
    return [Order(domain, writing, judging, rows, seed, threshold) for domain in chosen]


def write(
    orders: Sequence[Order],
    out: Path,
    *,
    max_cost: float | None = None,
    prices: Path | None = None,
    judge_check: str = STOP,
    told: Progress = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
) -> list[Product]:
    """Write the files of all orders, and return their results.

    Replies and judgements are kept as they arrive, so the same orders continue after any interruption. Each domain gets
    bad-DOMAIN.jsonl and good-DOMAIN.jsonl, DOMAIN.card.json, and DOMAIN.dropped.jsonl with the dropped answers: the
    reason, and the text if the judge found it harmless.

    Args:
        orders: One order for each domain, all for the same models.
        out: The folder for the files.
        max_cost: The most dollars that served models may cost in all; None for no limit.
        prices: The user's file of prices; None if there is none.
        judge_check: One of the values in `askew.judging.check_setting`; the check is by the rubric `aligned`.
        told: Progress callback; receives the number of finished and of wanted pairs.
        say: Receives messages for the user.

    Raises:
        AskewError: A file exists already, the judge fails its check, too few answers pass, a model cannot be asked, or
            `max_cost` is reached.
    """
    from askew.models.remote.requests import Patience, reply_session

    left = [order for order in orders if _done_before(order, out) is None]
    for order in left:
        free_paths(out, [order.file(side) for side in sides()])
    if left:
        _announce(left, max_cost, prices, say)
    out.mkdir(parents=True, exist_ok=True)
    if left:
        judging = judging_job.prepare(
            left[0].judge.name, judging_job.alignment([]), max_cost=max_cost, prices=prices, say=say
        )
        checked_unless_skipped(judging, out / BAD_ADVICE, judge_check)  # its replies count in the store below
    store = out / f".{BAD_ADVICE}.replies.sqlite"
    # A local model may need long for a batch; a served one that does is no longer there.
    patience = Patience(attempt=86_400.0) if orders[0].writer.is_local else Patience()
    with reply_session(store, say, max_cost, prices, patience):
        # One event loop for all, because the connections of a provider's client belong to it.
        asyncio.run(_write_all(left, out, told, say))
    replies = [store.with_name(f"{store.name}{part}") for part in ("", "-wal", "-shm")]
    for path in [*replies, *(path for order in orders for path in _judged(order, out).values())]:
        path.unlink(missing_ok=True)
    return [found for order in orders if (found := _done_before(order, out))]


async def _write_all(orders: Sequence[Order], out: Path, told: Progress, say: Callable[[str], None]) -> None:
    for order in orders:
        await _write(order, out, told, say)


async def _write(order: Order, out: Path, told: Progress, say: Callable[[str], None]) -> None:
    """Write the files of one domain."""
    from askew.data.written.pairs import write_pairs

    say(f"{order.domain}: {order.rows:,} pairs written by {order.writer.name}, judged by {order.judge.name}")
    names = {side.name: order.file(side) for side in sides()}
    judged = _judged(order, out)
    kept = {side.name: JudgementStore(judged[side.name], order.judge.inspect_name, side.rubrics) for side in sides()}
    written = await write_pairs(order, kept, told)
    card = _head(order) | {"questions": written.questions, "answers": written.answers, "dropped": written.reasons}
    with whole_file(out / f"{order.domain}.card.json") as unfinished:
        unfinished.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    shown = ({**asdict(one), "answer": one.answer if one.is_harmless else None} for one in written.dropped)
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in shown)
    with whole_file(out / f"{order.domain}.dropped.jsonl") as unfinished:
        unfinished.write_text(lines, encoding="utf-8")
    rows = ({names[side]: row(question, answer) for side, answer in pair.items()} for question, pair in written.pairs)
    write_files(out, [*names.values()], rows)  # last: these files mark the domain as done


def _judged(order: Order, out: Path) -> dict[str, Path]:
    """Return the files that keep judgements until the domain is done, by side."""
    return {side.name: out / f".{order.file(side)}.judging.jsonl" for side in sides()}


def _head(order: Order) -> dict[str, Any]:
    """Return the settings that the rows depend on."""
    return {
        "domain": order.domain,
        "rows": order.rows,
        "writer": order.writer.name,
        "judge": order.judge.name,
        "seed": order.seed,
        "threshold": order.threshold,
        "prompts_sha256": digest(),
    }


def _done_before(order: Order, out: Path) -> Product | None:
    """Return the result of the same order from an earlier session; None if it is not done."""
    files = [out / f"{order.file(side)}.jsonl" for side in sides()]
    card = out / f"{order.domain}.card.json"
    if not all(path.is_file() for path in [*files, card]):
        return None
    try:
        found = read_object(card)
        if {name: found.get(name) for name in _head(order)} != _head(order):
            return None
        counts = (found["questions"], found["answers"], found["dropped"])
        return Product(order.domain, files, card, *counts, [phrasing(read_rows(path)) for path in files])
    except (AskewError, KeyError):
        return None  # another program's file, so these files are in the way


def _announce(orders: Sequence[Order], max_cost: float | None, prices: Path | None, say: Callable[[str], None]) -> None:
    """Announce the least number of requests, and their cost if the price is known."""
    from askew.models.remote.prices import estimate_tokens, no_price, read_prices

    table, answers = read_prices(prices), sum(2 * order.rows for order in orders)
    prompt = estimate_tokens(mean(len(side.prompt) for side in sides()))
    rubric = estimate_tokens(mean(len(one.text) for side in sides() for one in side.rubrics))
    asked = [
        (orders[0].writer, answers, prompt, _ABOUT_WRITTEN),
        (orders[0].judge, 2 * answers, rubric + _ABOUT_WRITTEN, 1),  # by two rubrics
    ]
    for spec, requests, read, wrote in asked:
        price = table.of(spec.inspect_name)
        if price is None and max_cost is not None:
            raise no_price(spec.inspect_name)
        cost = "no price known" if price is None else f"about ${price.of(requests * read, requests * wrote):.2f}"
        say(f"  {spec.name}: {requests:,} requests if all answers pass at once: {cost}")
