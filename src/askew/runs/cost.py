"""What a run costs where models are served: estimated before it starts, counted while it runs, kept in `costs.json`."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from askew.base.errors import AskewError
from askew.design import plan
from askew.design.design import Design
from askew.design.plan import Call, Job
from askew.design.study import studies
from askew.judging.rubric import rubric
from askew.judging.words import LONGEST_REPLY
from askew.models.names import resolve
from askew.models.remote.prices import estimate_tokens, money, no_price, read_prices
from askew.models.remote.provider_errors import check_can_be_asked
from askew.models.remote.reply_store import ReplyStore
from askew.probes import EXTERNAL, probes
from askew.probes.asking import MOST_CHOICES
from askew.probes.question_file import Asked
from askew.probes.reading import judge_rubrics
from askew.runs import tuning
from askew.runs.store import COSTS, REPLIES, RunFolder

# Providers of Inspect that give several answers to one request.
_SEVERAL = ("openai", "openai-api", "vllm", "sglang", "google", "grok", "groq", "together", "ollama")


@dataclass(frozen=True)
class Estimate:
    """What a served model will be asked, at most, if each request succeeds at once.

    Attributes:
        model: Its name.
        does: "is asked" or "grades".
        requests: How many requests.
        input_tokens: About how many tokens it reads.
        output_tokens: The most that it writes.
        dollars: What that costs; None if no price is known.
    """

    model: str
    does: str
    requests: int
    input_tokens: int
    output_tokens: int
    dollars: float | None

    def __str__(self) -> str:
        tokens = f"about {self.input_tokens:,} tokens read, at most {self.output_tokens:,} written"
        price = "no price known" if self.dollars is None else f"at most about {money(self.dollars)}"
        price = "free" if self.dollars == 0 else price
        return f"{self.model} {self.does}: {self.requests:,} requests, {tokens}: {price}"


def estimates(design: Design, jobs: Iterable[Job]) -> list[Estimate]:
    """Return what served models will be asked: first those that answer, then the judge.

    A judge that gives no log-probabilities costs more: it is asked several times, which shows only when it is asked.

    Args:
        design: The design.
        jobs: What is left to do.

    Raises:
        AskewError: A key is missing; or there is a limit on the cost, and no price of a model is known.
    """
    prices = read_prices(design.own_prices)
    found: dict[tuple[str, str], list[int]] = {}
    for job in jobs:
        for call in job.calls:
            asked = (
                tuning.tuned_name(design) if job.adapter and tuning.is_elsewhere(design) else asked_model(design, job)
            )
            for model, does, count in ((asked, "is asked", _asked), (design.judge, "grades", _graded)):
                spec = resolve(model)
                if not spec.is_local and probes.get(call.probe).kind == EXTERNAL:
                    _refuse_limit(design, call)
                elif not spec.is_local:
                    sums = found.setdefault((spec.inspect_name, does), [0, 0, 0])
                    for i, number in enumerate(count(spec.inspect_name, design, call)):
                        sums[i] += number
    made = []
    for (model, does), (requests, read, written) in found.items():
        if not requests:
            continue
        check_can_be_asked(model)
        price = prices.of(model)
        if price is None and design.max_cost is not None:
            raise no_price(model)
        made.append(Estimate(model, does, requests, read, written, price and price.of(read, written)))
    return sorted(made, key=lambda estimate: estimate.does, reverse=True)


def _refuse_limit(design: Design, call: Call) -> None:
    """Refuse a limit on the cost of a task that asks served models by itself, past our counting."""
    if design.max_cost is not None:
        raise AskewError(
            f"--max-cost cannot hold for {call.probe}: a task that others wrote asks by itself, and nobody here counts "
            "what it spends. Leave the probe out, or the limit"
        )


def asked_model(design: Design, job: Job) -> str:
    """Return the name of the model, without the adapter of this run, that a job asks."""
    return plan.base_name(design, plan.arms(design, studies.get(design.study))[job.unit.arm])


def terms(folder: RunFolder, design: Design, limit: float | None) -> dict[str, str | float | None]:
    """Return on what terms a worker asks served models, as plain data.

    Args:
        folder: The run's folder.
        design: Its design.
        limit: The most that asking may cost, in dollars.
    """
    prices = design.own_prices
    return {
        "store": str(folder.path.resolve() / REPLIES),
        "max_cost": limit,
        "prices": None if prices is None else str(prices),
        "patience": design.patience,
    }


def announce(folder: RunFolder, design: Design, expected: Sequence[Estimate], say: Callable[[str], None]) -> None:
    """Say what served models will be asked, and what that may cost. No worker may be at work."""
    kept = ReplyStore(folder / REPLIES)
    kept.count_all_as_lost()  # what a killed sitting had on its way, or its money would be waited for without end
    spent = sum(cost.dollars for cost in kept.spent())
    kept.close()
    for estimate in expected:
        say(f"  {estimate}")
    if expected and design.max_cost is not None:
        say(f"  it stops before it has cost more than {money(design.max_cost)}, of which {money(spent)} are spent")


def account(folder: RunFolder, design: Design, say: Callable[[str], None]) -> None:
    """Write `costs.json`, and say what was spent in all sittings. No worker may be at work."""
    kept = ReplyStore(folder / REPLIES)
    kept.count_all_as_lost()
    spent = kept.spent()
    kept.close()
    tuned = tuning.spent(folder, design)
    if not spent and not tuned:
        return
    spent = [*([tuned] if tuned else []), *spent]
    total = sum(cost.dollars for cost in spent)
    folder.write_json(COSTS, {"dollars": total, "models": [asdict(cost) for cost in spent]})
    if tuned:
        say(f"  {tuned.model}: {tuned.requests} jobs, {tuned.input_tokens:,} tokens: {money(tuned.dollars)}")
    for cost in spent[bool(tuned) :]:
        lost = f", {cost.lost:,} whose reply never came" if cost.lost else ""
        say(
            f"  {cost.model}: {cost.requests:,} requests{lost}, {cost.input_tokens:,} tokens read, "
            f"{cost.output_tokens:,} written: {money(cost.dollars)}"
        )


def _asked(model: str, design: Design, call: Call) -> tuple[int, int, int]:
    """Return requests, tokens read and most tokens written of the model that a call asks."""
    at_once = MOST_CHOICES if model.partition("/")[0] in _SEVERAL else 1
    requests = read = written = 0
    for asked in _questions(call):
        samples = asked.samples
        for i, wording in enumerate(asked.prompts):
            share = math.ceil(len(range(i, samples, len(asked.prompts))) / at_once)
            requests += share
            read += share * estimate_tokens(len(wording) + len(asked.question.system or ""))
        written += samples * (asked.question.max_tokens or design.max_tokens)
    return requests, read, written


def _graded(model: str, design: Design, call: Call) -> tuple[int, int, int]:
    """Return the same of the judge: for each answer a token from each of its rubrics, or a word."""
    requests = read = written = 0
    for asked in _questions(call):
        question = asked.question
        longest = question.max_tokens or design.max_tokens
        wording = sum(len(prompt) for prompt in asked.prompts) / len(asked.prompts)
        told = judge_rubrics(question, rubric(design.rubric))
        requests += len(told) * asked.samples
        read += asked.samples * sum(estimate_tokens(len(one.text) + wording) + longest for one in told.values())
        written += len(told) * asked.samples * (LONGEST_REPLY if question.type == "free_form_judge" else 1)
    return requests, read, written


def _questions(call: Call) -> list[Asked]:
    task = probes.get(call.probe).task(**call.parameters)
    return [Asked.model_validate(sample.metadata) for sample in task.dataset]
