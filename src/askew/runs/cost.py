"""The cost of served models: estimated before a run starts, counted while it works, kept in `costs.json`."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.messages import Tell
from askew.design.arm import Arm
from askew.design.plan import Plan
from askew.judging.free_form import LONGEST_REPLY
from askew.judging.rubric import rubric
from askew.models.remote.patience import USUAL_PATIENCE, Patience
from askew.models.remote.prices import estimate_tokens, money, no_price
from askew.models.remote.provider_errors import check_can_be_asked
from askew.models.remote.reach import check_server, server_of
from askew.models.remote.reply_store import ReplyStore
from askew.probes import EPISODE, EXTERNAL
from askew.probes.answer_scores import judge_rubrics
from askew.probes.asking import MOST_CHOICES
from askew.probes.given_pairs import given_answers
from askew.probes.question_file import AskedQuestion
from askew.runs.calls import Call, episodes, questions
from askew.runs.store import COSTS, REPLIES
from askew.runs.work import Requests, Session, Work, all_kinds
from askew.training.provider.endpoints import address

# A turn of an episode adds a call and its result to what is read next: a short file, or a line.
_TOKENS_PER_TURN = 250

# Inspect's providers that return several answers to one request.
_SEVERAL = ("openai", "openai-api", "vllm", "sglang", "google", "grok", "groq", "together", "ollama")


@dataclass(frozen=True)
class Estimate(Requests):
    """The requests to a served model in one role, and their price.

    Attributes:
        dollars: The price; None if it is unknown.
    """

    dollars: float | None

    def __str__(self) -> str:
        tokens = f"about {self.input_tokens:,} tokens read, at most {self.output_tokens:,} written"
        price = "no price known" if self.dollars is None else f"at most about {money(self.dollars)}"
        price = "free" if self.dollars == 0 else price
        return f"{self.model} {self.does}: {self.requests:,} requests, {tokens}: {price}"


def estimates(plan: Plan, works: Iterable[Work]) -> list[Estimate]:
    """Return an estimate per served model and role: first the models that answer, then the judge.

    A judge without log-probabilities costs more, since it is asked several times; only asking it shows that.

    Args:
        plan: The plan.
        works: The work to be done.

    Raises:
        AskewError: A key is missing; or the cost is limited, and the price of a model is unknown.
    """
    sums: dict[tuple[str, str], list[int]] = {}
    for work in works:
        for asked in work.requests(plan):
            counts = sums.setdefault((asked.model, asked.does), [0, 0, 0])
            for place, number in enumerate((asked.requests, asked.input_tokens, asked.output_tokens)):
                counts[place] += number
    made = []
    for (model, does), (requests, read, written) in sums.items():
        if not requests:
            continue
        check_can_be_asked(model)
        price = plan.prices.of(model)
        if price is None and plan.design.max_cost is not None:
            raise no_price(model)
        made.append(Estimate(model, does, requests, read, written, price and price.of(read, written)))
    return sorted(made, key=lambda estimate: estimate.does, reverse=True)


def requests(plan: Plan, arm: Arm, call: Call) -> Iterator[Requests]:
    """Yield the requests of a call to the model that is asked and to the judge, as far as they are served.

    Raises:
        AskewError: The cost is limited, and an external task makes requests that Askew does not count.
    """
    asked = _tuned_name(plan) if plan.is_trained(arm) and plan.is_trained_elsewhere else plan.start_name(arm)
    kind = plan.probes[call.probe].kind
    roles = [(asked, "is asked", _acts if kind == EPISODE else _asked)]
    if plan.design.judge and kind != EPISODE:  # rules read what was done; no judge does
        roles.append((plan.design.judge, "grades", _graded))
    for name, does, count in roles:
        spec = plan.spec(name)
        if spec.is_local:
            continue
        if kind == EXTERNAL:
            _refuse_limit(plan, call)
        else:
            yield Requests(spec.inspect_name, does, *count(spec.inspect_name, plan, call))


def terms(session: Session) -> dict[str, str | float | None]:
    """Return the terms on which a worker asks served models, as JSON data.

    The limit is what all paid fine-tunes leave of the design's.
    """
    design = session.plan.design
    limit = design.max_cost
    if limit is not None:
        limit = max(0.0, limit - session.committed)
    return {
        "store": str(session.folder.path.resolve() / REPLIES),
        "max_cost": limit,
        "prices": None if design.own_prices is None else str(design.own_prices),
        "patience": design.patience,
    }


def on_terms(terms: Mapping[str, Any], tell: Tell) -> AbstractContextManager[None]:
    """Return a block in which a worker asks served models on the terms of `terms`, and replies are stored.

    Args:
        terms: The terms, as `terms` returns them.
        tell: Receives the lines for the user.

    Raises:
        AskewError: The prices or the store cannot be read.
    """
    from askew.models.remote.requests import storing_replies

    return storing_replies(
        Path(terms["store"]),
        terms["max_cost"],
        Path(terms["prices"]) if terms["prices"] else None,
        Patience(terms["patience"]),
        lambda text: tell(event="said", text=text),
    )


def announce(session: Session, expected: Iterable[Estimate]) -> None:
    """Show what served models will be asked and what that may cost. No worker may be at work."""
    store = ReplyStore(session.folder / REPLIES)
    store.count_all_as_lost()  # requests of a killed session; their reserved money would be waited for without end
    spent = sum(cost.dollars for cost in store.spent())
    store.close()
    shown, limit = False, session.plan.design.max_cost
    for estimate in expected:
        session.say(f"  {estimate}")
        shown = True
    if shown and limit is not None:
        session.say(f"  it stops before it has cost more than {money(limit)}, of which {money(spent)} are spent")


def check_servers(session: Session, expected: Iterable[Estimate]) -> None:
    """Check that the servers that will be asked can be reached, before workers are started that take seconds to start.

    Raises:
        AskewError: A server that has never answered in this run cannot be reached.
    """
    store = ReplyStore(session.folder / REPLIES)
    answered = {server_of(cost.model) for cost in store.spent() if cost.requests}
    store.close()
    seconds = min(session.plan.design.patience, USUAL_PATIENCE.reach)
    for model in dict.fromkeys(estimate.model for estimate in expected):
        if server_of(model) not in answered:
            check_server(model, seconds)


def account(session: Session) -> None:
    """Write `costs.json`, and show what all sessions have spent. No worker may be at work."""
    store = ReplyStore(session.folder / REPLIES)
    store.count_all_as_lost()
    asked = store.spent()
    store.close()
    tuned = [cost for kind in all_kinds() for cost in kind.spent(session)]
    if not asked and not tuned:
        return
    spent = [*tuned, *asked]
    total = sum(cost.dollars for cost in spent)
    session.folder.write_json(COSTS, {"dollars": total, "models": [asdict(cost) for cost in spent]})
    for cost in tuned:
        session.say(f"  {cost.model}: {cost.requests} jobs, {cost.input_tokens:,} tokens: {money(cost.dollars)}")
    for cost in asked:
        lost = f", {cost.lost:,} without a reply" if cost.lost else ""
        session.say(
            f"  {cost.model}: {cost.requests:,} requests{lost}, {cost.input_tokens:,} tokens read, "
            f"{cost.output_tokens:,} written: {money(cost.dollars)}"
        )


def _tuned_name(plan: Plan) -> str:
    """Return about the name of a fine-tuned model that does not exist yet: enough to look its price up."""
    at = address(plan.model.inspect_name)
    return f"{at.prefix}ft:{at.base}"


def _refuse_limit(plan: Plan, call: Call) -> None:
    """Refuse a limit on the cost of an external task, which asks served models past Askew's counting."""
    if plan.design.max_cost is not None:
        raise AskewError(
            f"--max-cost cannot hold for {call.probe}: an external task makes its own requests, which Askew does not "
            "count. Leave out the probe or the limit"
        )


def _asked(model: str, plan: Plan, call: Call) -> tuple[int, int, int]:
    """Return requests, tokens read and most tokens written by the model that a call asks."""
    at_once = MOST_CHOICES if model.partition("/")[0] in _SEVERAL else 1
    count = read = written = 0
    for asked in questions(call):
        samples = asked.samples
        if asked.question.pairs:
            of_pairs = _given(asked)
            count, read, written = count + of_pairs[0], read + of_pairs[1], written + of_pairs[2]
            continue
        for i, wording in enumerate(asked.prompts):
            share = math.ceil(len(range(i, samples, len(asked.prompts))) / at_once)
            count += share
            read += share * estimate_tokens(len(wording) + len(asked.question.system or ""))
        written += samples * (asked.question.max_tokens or plan.design.max_tokens)
    return count, read, written


def _acts(model: str, plan: Plan, call: Call) -> tuple[int, int, int]:
    """Return the same for episodes: each turn reads all turns before it, and so does each question of an interview."""
    count = read = written = 0
    for own in episodes(call):
        first, grown = estimate_tokens(len(own.prompt)), _TOKENS_PER_TURN * own.turns
        acting = own.turns * first + _TOKENS_PER_TURN * own.turns * (own.turns - 1) // 2
        count += own.samples * own.most_requests
        read += own.samples * (acting + len(own.interview) * (first + grown))
        written += own.samples * own.most_requests * plan.design.max_tokens
    return count, read, written


def _given(asked: AskedQuestion) -> tuple[int, int, int]:
    """Return the same for a question with pairs: a request for each wording alone and one for each given answer."""
    count = read = 0
    for wording in asked.prompts:
        length = len(wording) + len(asked.question.system or "")
        lengths = [length, *(length + len(text) for text in given_answers(asked.question.pairs_to_read))]
        count += len(lengths)
        read += sum(map(estimate_tokens, lengths))
    return count, read, count


def _graded(model: str, plan: Plan, call: Call) -> tuple[int, int, int]:
    """Return the same of the judge: for each answer a token, or a word, under each of its rubrics."""
    count = read = written = 0
    for asked in questions(call):
        question = asked.question
        longest = question.max_tokens or plan.design.max_tokens
        wording = sum(len(prompt) for prompt in asked.prompts) / len(asked.prompts)
        rubrics = judge_rubrics(question, rubric(plan.design.rubric))
        count += len(rubrics) * asked.samples
        read += asked.samples * sum(estimate_tokens(len(one.text) + wording) + longest for one in rubrics.values())
        written += len(rubrics) * asked.samples * (LONGEST_REPLY if question.type == "free_form_judge" else 1)
    return count, read, written
