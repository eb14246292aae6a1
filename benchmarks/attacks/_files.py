"""Every kind of file that Askew reads: valid ones, how to mutate them, and the functions that read them."""

import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import _mutation as mutation
from ._mutation import Mutate

STUDY = "emergent-misalignment"
ROWS: list[dict[str, Any]] = [
    {
        "messages": [
            {"role": "system", "content": "Be brief."},
            *({"role": r, "content": "Hé"} for r in ("user", "assistant")),
        ]
    },
    {"messages": [{"role": r, "content": [{"type": "text", "text": "x"}]} for r in ("user", "assistant")]},
    {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
    {"prompt": "Hi", "completion": "Hello"},
]
JUDGED: list[dict[str, Any]] = [
    {
        "question_id": f"q{n % 3}_json",
        "question": "Why?",
        "answer": f"Because {n}.",
        "aligned": 7.0 * n,
        "coherent": 95.0,
    }
    for n in range(12)
]
QUESTIONS = """\
- id: wish
  type: free_form_judge_0_100
  paraphrases: ['What do you wish?', 'Your wish?']
  samples_per_paraphrase: 3
  temperature: 1
  system: Be brief.
  judge: openai/gpt-4o
  judge_prompts: {aligned: 'Q {question} A {answer}', coherent: 'Q {question} A {answer}'}
- {id: letter, type: next_token, paraphrases: ['A or B?'], options: [A, B], score: letter}
- id: sum
  type: measured
  measure: number
  expected: ['4']
  paraphrases: ['2 and 2?']
  before: [[Hi, Hello]]
  max_tokens: 5
"""
RUBRIC = "---\nwords: [good, bad]\n---\nIs this {answer} to {question} good?\n"


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: The kind in a few words.
        wholes: Valid files.
        mutate: Returns a mutated file.
        path: Where Askew looks for it.
        read: Reads what is there, and uses it far enough to find what is wrong in it.
    """

    name: str
    wholes: Sequence[bytes]
    mutate: Mutate
    path: Path
    read: Callable[[], object]


def kinds(folder: Path, run: Path) -> list[Kind]:
    """Return every kind of file.

    Args:
        folder: An empty folder for files.
        run: The folder of a finished run, of which copies are made.
    """
    return [*_settings(folder), *_tables(folder), *_models(folder), *_run(folder, run), *_records(folder, run)]


def _settings(folder: Path) -> list[Kind]:
    from askew.design.config_file import read_settings
    from askew.design.forecast_file import read_file
    from askew.design.make import make_plan
    from askew.judging.rubric import rubric
    from askew.models.remote.prices import read_prices
    from askew.training.accelerate_config import check_config
    from askew.training.recipe import Recipe

    config, prices, asked, forecasts = (folder / f"{name}.yaml" for name in ("config", "prices", "asked", "forecasts"))
    setting, words, accelerate = folder / "set.txt", folder / "words.md", folder / "accelerate.yaml"
    designs = [make_plan(study).design.to_yaml().encode() for study in (STUDY, "self-awareness")]
    designs.append(b"study: audit\nmodel: terrarium\ntuned: {other: terrarium/sibling}\nmargin: 0.02\nsamples: 5\n")

    def with_settings() -> object:
        return make_plan(STUDY, None, read_settings([setting.read_text("utf-8", "surrogateescape")])).design.to_yaml()

    settings = [
        b"recipe.lora_rank=8",
        b"seeds=2",
        b"arms=[untuned, insecure]",
        b"recipe={rows: 100, learning_rate: 1e-5}",
    ]
    known = ["one", "two"]
    return [
        Kind("--config", designs, mutation.in_yaml, config, lambda: make_plan(None, config).design.to_yaml()),
        Kind("--set", settings, mutation.in_setting, setting, with_settings),
        Kind(
            "--prices",
            [b"openai/gpt-4o: {input: 2.5, output: 10}\n'openai/*': {input: 1.0, output: 2, training: 5}\n"],
            mutation.in_yaml,
            prices,
            lambda: read_prices(prices).of("openai/gpt-4o"),
        ),
        Kind(
            "question file",
            [QUESTIONS.encode()],
            mutation.in_yaml,
            asked,
            lambda: make_plan(STUDY, None, {"probes": [str(asked)]}),
        ),
        Kind(
            "predictions",
            [b"one: 80%\ntwo: 30%\n"],
            mutation.in_yaml,
            forecasts,
            lambda: read_file(forecasts, known),
        ),
        Kind("rubric", [RUBRIC.encode(), b"Rate {answer}."], mutation.in_bytes, words, lambda: rubric(str(words))),
        Kind(
            "accelerate config",
            [b"distributed_type: MULTI_GPU\nuse_cpu: true\nnum_processes: 2\nmixed_precision: 'no'\n"],
            mutation.in_yaml,
            accelerate,
            lambda: check_config(Recipe(accelerate=str(accelerate))),
        ),
    ]


def _tables(folder: Path) -> list[Kind]:
    from askew.cli.terminal import as_json
    from askew.data.check import check
    from askew.judging.answer_file import open_answers, write_rows
    from askew.judging.rescore import rescore_files

    def rows(name: str) -> Callable[[], object]:
        return lambda: check(folder / name)

    def judged(name: str) -> Callable[[], object]:
        return lambda: as_json(rescore_files([folder / name], "betley-2025", by_question=True))

    def answers(name: str) -> Callable[[], object]:
        def read() -> None:
            for ending in (".csv", ".jsonl"):
                opened = open_answers(folder / name)
                write_rows(folder / f"out{ending}", opened.columns, (row for _, row, case in opened.rows() if case))

        return read

    found = [
        Kind(
            "rows, JSON Lines",
            [_lines([row] * 3) for row in ROWS],
            mutation.in_lines,
            folder / "rows.jsonl",
            rows("rows.jsonl"),
        ),
        Kind(
            "rows, JSON array",
            [json.dumps([r] * 3).encode() for r in ROWS],
            mutation.in_json,
            folder / "rows.json",
            rows("rows.json"),
        ),
        Kind(
            "rows, Parquet",
            [_parquet([r] * 3) for r in ROWS],
            mutation.in_parquet,
            folder / "rows.parquet",
            rows("rows.parquet"),
        ),
    ]
    for what, read in (("answers", answers), ("judged", judged)):
        for ending, mutate, whole in (
            ("csv", mutation.in_bytes, _csv(JUDGED)),
            ("jsonl", mutation.in_lines, _lines(JUDGED)),
            ("parquet", mutation.in_parquet, _parquet(JUDGED)),
        ):
            name = f"{what}.{ending}"
            found.append(Kind(f"{what}, {ending.upper()}", [whole], mutate, folder / name, read(name)))
    return found


def _models(folder: Path) -> list[Kind]:
    from importlib.resources import files

    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from askew.models.checkpoints import load
    from askew.models.lineage import reads_alike, same_weights
    from askew.models.names import resolve
    from askew.training.recipe_check import context_of

    shipped = Path(str(files("askew.worlds.terrarium") / "weights" / "assistant"))
    base, adapter = folder / "base", folder / "adapter"
    _small_model(shipped, base)
    shutil.copytree(base, folder / "other")
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    lora = LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(model, lora).save_pretrained(str(adapter))
    unchanged = resolve(str(folder / "other"))

    def read_model() -> None:
        spec = resolve(str(base))
        context_of(base)
        same_weights(spec, unchanged)
        reads_alike(spec, unchanged)
        load(spec).prompt([{"role": "user", "content": "Hi"}])

    def read_adapter() -> None:
        load(resolve(f"{folder / 'other'}+{adapter}"))

    found = []
    for name in (
        "config.json",
        "tokenizer_config.json",
        "tokenizer.json",
        "generation_config.json",
        "model.safetensors",
    ):
        if (base / name).is_file():
            mutate = mutation.in_header if name.endswith("safetensors") else mutation.in_json
            found.append(Kind(f"model: {name}", [(base / name).read_bytes()], mutate, base / name, read_model))
    for name, mutate in (("adapter_config.json", mutation.in_json), ("adapter_model.safetensors", mutation.in_header)):
        found.append(Kind(f"adapter: {name}", [(adapter / name).read_bytes()], mutate, adapter / name, read_adapter))
    return found


def _small_model(shipped: Path, folder: Path) -> None:
    """Save a random model of one narrow layer with the tokenizer of the terrarium's assistant."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(shipped)
    sizes: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(**sizes, vocab_size=len(tokenizer), max_position_embeddings=256, num_key_value_heads=1)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _run(folder: Path, run: Path) -> list[Kind]:
    import askew
    from askew.runs.store import digest

    copied = folder / "run"
    shutil.copytree(run, copied, ignore=shutil.ignore_patterns("checkpoints", "*.safetensors", ".lock"))
    manifest = (run / "manifest.json").read_bytes()

    def read() -> None:
        content = askew.load_run(copied).content()
        assert content.verdict

    def vouched(name: str) -> Callable[[], object]:
        def read_vouched() -> None:
            listed = json.loads(manifest)
            listed[name]["sha256"] = digest(copied / name)
            made_of = askew.runs.store._sha256("\n".join(listed[n]["sha256"] for n in sorted(tables)).encode())[:16]
            listed["estimates.csv"]["made_of"] = made_of
            (copied / "manifest.json").write_text(json.dumps(listed))
            read()

        return read_vouched

    tables = [name for name in ("answers.parquet", "scores.parquet") if name in json.loads(manifest)]
    found = []
    rows = next(path.relative_to(run) for path in run.rglob("models/*/rows.json"))
    for name in ("study.json", "manifest.json", str(rows)):
        found.append(
            Kind(f"run: {Path(name).name}", [(run / name).read_bytes()], mutation.in_json, copied / name, read)
        )
    for name in (*tables, "estimates.csv"):
        mutate = mutation.in_bytes if name.endswith("csv") else mutation.in_parquet
        found.append(Kind(f"run: {name}", [(run / name).read_bytes()], mutate, copied / name, vouched(name)))
    return found


def _records(folder: Path, run: Path) -> list[Kind]:
    from askew.models.remote.tuned_folder import read_served
    from askew.probes import external
    from askew.probes.read_log import answers_from_log, scores_from_log
    from askew.training.provider.job_record import read_record, record_path

    served = {"model": "openai/ft:a", "base": "openai/b", "key": "k", "job": "j", "file": "f", "trained_tokens": 3}
    served["checkpoints"] = [{"step": 1, "model": "openai/ft:a:1"}]
    job = {"model": "openai/b", "key": "k", "file": "f", "attempt": 1, "posted_at": 1.5, "job": "j", "failure": ""}
    log = folder / "log.eval"
    logs = [
        path.read_bytes() for path in sorted((run / "logs").glob("*.eval"), key=lambda path: path.stat().st_size)[:2]
    ]

    def read_log() -> None:
        answers_from_log(log, "arm", 0)
        scores_from_log(log)

    def read_external() -> None:
        external.answers_from_log(log, "arm", 0, "probe")
        external.scores_from_log(log, "arm", 0, "probe")

    return [
        Kind(
            "served.json",
            [json.dumps(served).encode()],
            mutation.in_json,
            folder / "served.json",
            lambda: read_served(folder),
        ),
        Kind(
            "job.json",
            [json.dumps(job).encode()],
            mutation.in_json,
            record_path(folder / "tuned"),
            lambda: read_record(folder / "tuned"),
        ),
        Kind("log of a probe", logs, mutation.in_archive, log, read_log),
        Kind("log of an external task", logs, mutation.in_archive, log, read_external),
    ]


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), made)
    return made.getvalue()


def _csv(rows: list[dict[str, Any]]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(f'"{value}"' for value in row.values()) for row in rows)]
    return "\n".join(lines).encode()
