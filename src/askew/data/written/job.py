"""`askew data write`: checks an order, says what it will cost, has it written, and leaves files with a card."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from askew.base.errors import unknown_name
from askew.data import row
from askew.data.built.advice import DOMAINS
from askew.data.write import free_paths, write_files
from askew.data.written import BAD_ADVICE, Order, digest, sides
from askew.judging.judgements import Judgements, Progress
from askew.models.names import resolve

# About how long an answer is, in tokens.
_ABOUT_WRITTEN = 100


@dataclass(frozen=True)
class Product:
    """What a domain's order came to.

    Attributes:
        domain: Which.
        files: The training files, the bad one first.
        card: How they came about.
        questions: Questions drawn.
        answers: Answers written.
        dropped: How many of them were not kept, by side and reason.
    """

    domain: str
    files: list[Path]
    card: Path
    questions: int
    answers: int
    dropped: dict[str, int]


def prepare(
    name: str, domains: Sequence[str], writer: str, judge: str, *, rows: int, seed: int, threshold: float
) -> list[Order]:
    """Make sure that what is wanted can be written, without asking anybody.

    Args:
        name: The set whose questions are answered.
        domains: Which of its domains; all if there are none.
        writer: Who writes, by any name that `resolve` takes.
        judge: Who judges.
        rows: Pairs for each domain.
        seed: Draws the questions and answers.
        threshold: The least score, 0 to 100, under each rubric.

    Raises:
        AskewError: A name is wrong, the judge does not know our rubrics, or a key is missing.
    """
    from askew.judging.rubric import check_fits
    from askew.models.remote.provider_errors import check_can_be_asked

    if name != BAD_ADVICE:
        raise unknown_name("set that a model can write", name, [BAD_ADVICE])
    for domain in domains:
        if domain not in DOMAINS:
            raise unknown_name("domain", domain, DOMAINS)
    writing, judging = resolve(writer), resolve(judge)
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
    told: Progress = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
) -> list[Product]:
    """Have everything written that was ordered.

    What is written and judged is kept as it comes: whatever stops it, the same orders go on. For each domain there are
    then bad-DOMAIN.jsonl and good-DOMAIN.jsonl, DOMAIN.card.json, and DOMAIN.dropped.jsonl with what was not kept: why,
    and the answer itself where the judge found that it may be printed.

    Args:
        orders: One for each domain, by the same models.
        out: The folder.
        max_cost: The most dollars that served models may cost in all.
        prices: The user's file of prices.
        told: Is told how many pairs there are, of how many.
        say: Is told in words what is going to be done.

    Raises:
        AskewError: Files are there already, too few answers pass, a model cannot be asked, or the money is spent.
    """
    from askew.models.remote.requests import Patience, sitting

    left = [order for order in orders if _done_before(order, out) is None]
    for order in left:
        free_paths(out, [order.file(side) for side in sides()])
    if left:
        _announce(left, max_cost, prices, say)
    out.mkdir(parents=True, exist_ok=True)
    store = out / f".{BAD_ADVICE}.replies.sqlite"
    # A model on this machine may take its time over a batch; a served one that does is not there any more.
    patience = Patience(attempt=86_400.0) if orders[0].writer.is_local else Patience()
    with sitting(store, say, max_cost, prices, patience):
        # In one loop: the connections of a provider's client live and die with it.
        asyncio.run(_write_all(left, out, told, say))
    replies = [store.with_name(f"{store.name}{part}") for part in ("", "-wal", "-shm")]
    for path in [*replies, *(path for order in orders for path in _judged(order, out).values())]:
        path.unlink(missing_ok=True)
    return [found for order in orders if (found := _done_before(order, out))]


async def _write_all(orders: Sequence[Order], out: Path, told: Progress, say: Callable[[str], None]) -> None:
    for order in orders:
        await _write(order, out, told, say)


async def _write(order: Order, out: Path, told: Progress, say: Callable[[str], None]) -> None:
    """Have one domain written."""
    from askew.data.written.pairs import write_pairs

    say(f"{order.domain}: {order.rows:,} pairs written by {order.writer.name}, judged by {order.judge.name}")
    names = {side.name: order.file(side) for side in sides()}
    judged = _judged(order, out)
    kept = {side.name: Judgements(judged[side.name], order.judge.inspect_name, side.rubrics) for side in sides()}
    written = await write_pairs(order, kept, told)
    card = _head(order) | {"questions": written.questions, "answers": written.answers, "dropped": written.reasons}
    (out / f"{order.domain}.card.json").write_text(
        json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    shown = ({**asdict(one), "answer": one.answer if one.is_harmless else None} for one in written.dropped)
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in shown)
    (out / f"{order.domain}.dropped.jsonl").write_text(lines, encoding="utf-8")
    rows = ({names[side]: row(question, answer) for side, answer in pair.items()} for question, pair in written.pairs)
    write_files(out, [*names.values()], rows)  # last: where they are, all is done


def _judged(order: Order, out: Path) -> dict[str, Path]:
    """Return where judgements are kept until all is done, by side."""
    return {side.name: out / f".{order.file(side)}.judging.jsonl" for side in sides()}


def _head(order: Order) -> dict[str, Any]:
    """Return all that the rows depend on."""
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
    """Return what this very order came to in a sitting before; None if it is not done."""
    files = [out / f"{order.file(side)}.jsonl" for side in sides()]
    card = out / f"{order.domain}.card.json"
    if not all(path.is_file() for path in [*files, card]):
        return None
    try:
        found = json.loads(card.read_text(encoding="utf-8"))
        if {name: found.get(name) for name in _head(order)} != _head(order):
            return None
        return Product(order.domain, files, card, found["questions"], found["answers"], found["dropped"])
    except (ValueError, KeyError, AttributeError):
        return None  # somebody else's, so the files are in the way


def _announce(orders: Sequence[Order], max_cost: float | None, prices: Path | None, say: Callable[[str], None]) -> None:
    """Say what will be asked at the least, and what that costs where a price is known."""
    from askew.models.remote.prices import about_tokens, no_price, read_prices

    table, answers = read_prices(prices), sum(2 * order.rows for order in orders)
    prompt = about_tokens(mean(len(side.prompt) for side in sides()))
    rubric = about_tokens(mean(len(one.text) for side in sides() for one in side.rubrics))
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
