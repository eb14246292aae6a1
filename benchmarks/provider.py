"""Compares the speed of our provider with Inspect's stock `hf` provider and with batched `generate` of Transformers.

    python benchmarks/provider.py                   completions per second, for two small checkpoints on a processor
    python benchmarks/provider.py --device cuda     tokens per second by batch size, for the shape of Qwen2.5 7B

Everything runs in one process. The first table shows completions per second of wall-clock time and of processor time;
the ratios of processor time do not depend on the load of the machine. The weights of the larger models are random,
which does not affect their speed. To try the second table without a GPU, use a small model: `--device cpu --layers 2
--width 64`.
"""

import argparse
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
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM

from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling
from askew.probes.question_file import shipped
from askew.worlds import terrarium

LONGEST = 80
BATCH = 256
EACH = 64  # answers per question
EACH_STOCK = 4  # for the stock provider, which has batches of 32 and is not faster with more answers
BATCHES = (1, 4, 16, 64, 256)
PROMPT_TOKENS, ANSWER_TOKENS = 128, 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", help="measure tokens per second by batch size there (cuda, cpu)")
    parser.add_argument("--layers", type=int, default=28, help="with --device: layers of the model (28)")
    parser.add_argument("--width", type=int, default=3584, help="with --device: its hidden size (3584)")
    options = parser.parse_args()
    if options.device:
        by_batch_size(options.device, options.layers, options.width)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, checkpoint in (
            ("the terrarium's assistant, a Llama", terrarium.checkpoint("assistant")),
            ("a random Qwen2", save_random_qwen(Path(folder))),
        ):
            compare(name, checkpoint)


def compare(name: str, checkpoint: Path) -> None:
    """Print completions per second for each way of sampling a checkpoint."""
    ours = get_model(f"askew/{checkpoint}")
    ways: dict[str, tuple[int, Callable[[list[str]], None]]] = {
        "stock hf provider": (EACH_STOCK, lambda asked: ask(stock_model(checkpoint), asked, EACH_STOCK, 1)),
        f"generate, batches of {BATCH}": (EACH, lambda asked: sample_with_generate(checkpoint, asked)),
        "our provider, a sample for each answer": (EACH, lambda asked: ask(ours, asked, EACH, 1)),
        f"our provider, {EACH} answers to each sample": (EACH, lambda asked: ask(ours, asked, 1, EACH)),
    }
    questions = [question.paraphrases[0] for question in shipped("free_form")]
    found: dict[str, tuple[float, float]] = {}
    for way, (each, work) in ways.items():
        work(questions[:1])  # loads the model and warms up
        began = time.perf_counter(), time.process_time()
        work(questions)
        ended = time.perf_counter(), time.process_time()
        clock, processor = (len(questions) * each / (end - begin) for begin, end in zip(began, ended, strict=True))
        found[way] = clock, processor
    stock, bare, *_ = found.values()
    millions = bare_model(checkpoint).num_parameters() / 1e6
    print(f"{name} of {millions:.1f} M parameters")
    print(f"{'  completions per second of':46s} the clock   to hf   to generate   the processor   to hf   to generate")
    for way, speeds in found.items():
        print(f"  {way:44s}", end="")
        for speed, of_hf, of_generate, width in zip(speeds, stock, bare, (9, 16), strict=True):
            print(f"{speed:{width}.1f} {speed / of_hf:7.1f} {speed / of_generate:13.1f}", end="")
        print(flush=True)


def save_random_qwen(folder: Path) -> Path:
    """Save a random Qwen2 model of about 16 M parameters with the terrarium's tokenizer, and return its folder."""
    tokenizer = AutoTokenizer.from_pretrained(terrarium.checkpoint("assistant"))
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=9,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def bare_model(checkpoint: Path) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()


@cache
def stock_model(checkpoint: Path) -> Model:
    # Without this, Inspect would create a second model from the name, on the hub, to look it up.
    set_model_info("hf/local", ModelInfo(model="local"))
    return get_model("hf/local", model_path=str(checkpoint), memoize=False)


def sample_with_generate(checkpoint: Path, questions: list[str]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, padding_side="left")
    prompts = [
        str(tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))
        for turn in ([{"role": "user", "content": question}] for question in questions)
        for _ in range(EACH)
    ]
    for first in range(0, len(prompts), BATCH):
        batch = tokenizer(prompts[first : first + BATCH], return_tensors="pt", padding=True, add_special_tokens=False)
        bare_model(checkpoint).generate(  # pyright: ignore[reportCallIssue]
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            do_sample=True,
            top_k=0,
            max_new_tokens=LONGEST,
            pad_token_id=tokenizer.pad_token_id,
        )


def ask(model: Model, questions: list[str], samples: int, choices: int) -> None:
    """Ask each question with Inspect, in a number of samples with a number of answers each."""
    dataset = MemoryDataset([Sample(input=question) for question in questions for _ in range(samples)])
    # The stock provider refuses num_choices, even if it is 1.
    several = {} if choices == 1 else {"num_choices": choices}
    config = GenerateConfig.model_validate({"max_tokens": LONGEST, "temperature": 1.0, **several})
    with tempfile.TemporaryDirectory() as logs:
        (log,) = eval(
            Task(dataset=dataset, solver=generate(), config=config),
            model=model,
            log_dir=logs,
            display="none",
            log_level="error",
            max_samples=BATCH,
        )
    if log.status != "success":
        raise RuntimeError(f"the provider failed: {log.error}")


def by_batch_size(device: str, layers: int, width: int) -> None:
    """Print tokens per second by the number of answers in a batch."""
    model = random_qwen25(device, layers, width)
    engine = Engine(model, [])
    where = torch.cuda.get_device_name() if device == "cuda" else device
    print(f"Qwen2.5's shape, {model.num_parameters() / 1e9:.2f} G parameters, {model.dtype}, on {where}")
    print(f"prompts of {PROMPT_TOKENS} tokens, answers of {ANSWER_TOKENS}; written tokens per second")
    print("answers at a time     generate   ours, to one prompt   ratio   ours, to as many prompts   ratio")
    for rows in BATCHES:
        prompts = torch.randint(5, 100, (rows, PROMPT_TOKENS), generator=torch.Generator().manual_seed(rows)).tolist()
        bare = tokens_per_second(device, rows, lambda prompts=prompts: generate_batch(model, prompts))
        one = tokens_per_second(device, rows, lambda prompts=prompts: sample(engine, prompts[:1], len(prompts)))
        each = tokens_per_second(device, rows, lambda prompts=prompts: sample(engine, prompts, len(prompts)))
        print(f"{rows:17d} {bare:12.0f} {one:21.0f} {one / bare:7.2f} {each:26.0f} {each / bare:7.2f}")


def random_qwen25(device: str, layers: int, width: int) -> PreTrainedModel:
    """Return a random model with the proportions of Qwen2.5 7B, of the given width and number of layers."""
    heads = max(1, width // 128)
    config = Qwen2Config(
        vocab_size=152064 if width >= 1024 else 1024,
        hidden_size=width,
        intermediate_size=round(width * 18944 / 3584 / 64) * 64,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=max(1, heads // 7),
        max_position_embeddings=32768,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.device(device):
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        return AutoModelForCausalLM.from_config(config, dtype=dtype).eval()


def generate_batch(model: PreTrainedModel, prompts: list[list[int]]) -> None:
    ids = torch.tensor(prompts, device=model.device)
    model.generate(  # pyright: ignore[reportCallIssue]
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        top_k=0,
        max_new_tokens=ANSWER_TOKENS,
        pad_token_id=0,
    )


def sample(engine: Engine, prompts: list[list[int]], answers: int) -> None:
    draws = [Draw(prompt=i % len(prompts), seed=1, index=i) for i in range(answers)]
    engine.sample(prompts, draws, Sampling(max_tokens=ANSWER_TOKENS))


def tokens_per_second(device: str, rows: int, work: Callable[[], None]) -> float:
    """Run `work` twice, the first time to warm up, and return the tokens per second of the second time."""
    work()
    began = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return rows * ANSWER_TOKENS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
