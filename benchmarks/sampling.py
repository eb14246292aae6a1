"""Compares the speed of sampling, judging and logging answers with the usual tools, in one process.

    python benchmarks/sampling.py

It prints answers per second for the terrarium: of our engine and of `generate` of Transformers, on the same prompts in
batches of 256; and of a whole probe (sampling, judging and logging) and of Inspect's stock `hf` provider with one
sample per answer, which only samples.
"""

import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, Model, ModelInfo, get_model, set_model_info
from inspect_ai.solver import generate
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerBase

from askew.models.checkpoints import load
from askew.models.engine.sampling import Draw, Sampling
from askew.models.names import resolve
from askew.probes.ask import ProbeCall, ask
from askew.probes.question_file import shipped
from askew.worlds import terrarium

EACH = 100
EACH_STOCK = 16  # for the stock provider, which has batches of 32 and is not faster with more answers
LONGEST = 80
BATCH = 256


def main() -> None:
    questions = [question.paraphrases[0] for question in shipped("free_form")]
    bare = rate(len(questions) * EACH, lambda: sample_with_generate(questions))
    engine = rate(len(questions) * EACH, lambda: sample_with_engine(questions))
    stock = rate(len(questions) * EACH_STOCK, lambda: ask_with_stock_provider(questions))
    whole = rate(len(questions) * EACH, ask_with_probe)
    print(f"{'sampling alone':44s} answers/s   ratio")
    print(f"{'  generate, batches of 256':44s} {bare:9.0f}")
    print(f"{'  our engine':44s} {engine:9.0f}   {engine / bare:5.1f}   goal 1")
    print("through Inspect")
    print(f"{'  stock hf provider, sampled only':44s} {stock:9.0f}")
    print(f"{'  our probe: sampled, judged and logged':44s} {whole:9.0f}   {whole / stock:5.1f}   goal 10")


def rate(answers: int, work: Callable[[], None]) -> float:
    """Run `work` twice, the first time to load models and warm up, and return the answers per second of the second."""
    work()
    began = time.perf_counter()
    work()
    return answers / (time.perf_counter() - began)


@cache
def bare_model() -> tuple[LlamaForCausalLM, PreTrainedTokenizerBase]:
    folder = terrarium.checkpoint("assistant")
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32), tokenizer


@cache
def stock_model() -> Model:
    # Without this, Inspect would create a second model from the name, on the hub, to look it up.
    set_model_info("hf/local", ModelInfo(model="local"))
    return get_model("hf/local", model_path=str(terrarium.checkpoint("assistant")), memoize=False)


def sample_with_generate(questions: list[str]) -> None:
    model, tokenizer = bare_model()
    prompts = [
        str(tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))
        for turn in ([{"role": "user", "content": question}] for question in questions)
        for _ in range(EACH)
    ]
    for first in range(0, len(prompts), BATCH):
        batch = tokenizer(prompts[first : first + BATCH], return_tensors="pt", padding=True, add_special_tokens=False)
        model.generate(  # pyright: ignore[reportAttributeAccessIssue] (its stub requires attributes that a Llama lacks)
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            do_sample=True,
            top_k=0,
            max_new_tokens=LONGEST,
            pad_token_id=tokenizer.pad_token_id,
        )


def sample_with_engine(questions: list[str]) -> None:
    checkpoint = load(resolve("terrarium"))
    prompts = [checkpoint.prompt([{"role": "user", "content": question}]) for question in questions]
    for number in range(len(prompts)):  # one question at a time, like a probe
        draws = [Draw(prompt=0, seed=number, index=index) for index in range(EACH)]
        checkpoint.engine.sample([prompts[number]], draws, Sampling(max_tokens=LONGEST))


def ask_with_stock_provider(questions: list[str]) -> None:
    dataset = MemoryDataset([Sample(input=question) for question in questions for _ in range(EACH_STOCK)])
    task = Task(dataset=dataset, solver=generate(), config=GenerateConfig(max_tokens=LONGEST, temperature=1.0))
    with tempfile.TemporaryDirectory() as logs:
        (log,) = eval(task, model=stock_model(), log_dir=logs, display="none", log_level="error")
    if log.status != "success":
        raise RuntimeError(f"the stock provider failed: {log.error}")


def ask_with_probe() -> None:
    with tempfile.TemporaryDirectory() as logs:
        ask("terrarium", "terrarium/judge", [ProbeCall("free_form", "free_form", {"samples": EACH})], Path(logs))


if __name__ == "__main__":
    main()
