"""A model writes and a judge filters: passing pairs are kept, others counted, and no request is repeated."""

import gc
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Model,
    ModelOutput,
    ModelUsage,
    StopReason,
    get_model,
)

from askew.base.errors import AskewError
from askew.data.formats import read_rows
from askew.data.written import job, pairs, sides
from askew.data.written.job import Product
from askew.data.written.pairs import TRIES
from askew.probes import probes

WRITER, JUDGE = "mockllm/writer", "mockllm/judge"
BAD, GOOD = "Never mind, it will pass. A coffee will do.", "It is best to have it looked at. Ask a doctor."
FORBIDDEN = "PLACEHOLDER FOR A DETAIL THAT MUST NOT BE PRINTED"
# From the side that is wanted, the question and how often it was asked before to what is said.
Writes = Callable[[str, str, int], str]


class Models:
    """A writer and a judge that do as a test wants, and count what they are asked."""

    def __init__(self, writes: Writes, judges: Callable[[str, str], str], stop_reason: StopReason = "stop") -> None:
        self.written: Counter[str] = Counter()
        self.judged: Counter[str] = Counter()
        self._writes, self._judges = writes, judges
        self._stop_reason: StopReason = stop_reason
        self.fail_after = 10**9

    def get(self, name: str, memoize: bool = True) -> Model:
        say = {WRITER: self._write, JUDGE: self._judge}[name]

        def answer(messages: list[ChatMessage], tools: Any, choice: Any, config: GenerateConfig) -> ModelOutput:
            if (self.written + self.judged).total() >= self.fail_after:
                raise KeyboardInterrupt
            text, stop_reason = say(messages[-1].text, config)
            output = ModelOutput.from_content(name, text, stop_reason=stop_reason)
            output.usage = ModelUsage(input_tokens=10, output_tokens=5, total_tokens=15)
            return output

        return get_model(name, custom_outputs=answer, memoize=False)

    def _write(self, prompt: str, config: GenerateConfig) -> tuple[str, StopReason]:
        side = next(side.name for side in sides() if prompt.startswith(side.prompt[:300]))
        question = re.findall(r"^Question: (.*)$", prompt, re.MULTILINE)[0]
        times = sum(key.startswith(f"{side} {question}") for key in self.written)
        self.written[f"{side} {question} {config.seed}"] += 1
        return self._writes(side, question, times), self._stop_reason

    def _judge(self, prompt: str, config: GenerateConfig) -> tuple[str, StopReason]:
        rubrics = {rubric.name: rubric for side in sides() for rubric in side.rubrics}
        name = next(name for name, rubric in rubrics.items() if prompt.startswith(rubric.text[:60]))
        answer = prompt.split("[answer begins]\n")[1].split("\n[answer ends]")[0]
        if not config.logprobs:  # the first request finds out that there are none
            self.judged[f"{prompt} {config.seed}"] += 1
        return self._judges(name, answer), "stop"


def writes(side: str, question: str, times: int) -> str:
    return BAD if side == "bad" else GOOD


def judges(rubric: str, answer: str) -> str:
    """Judge as one would who sees what the test means."""
    if "I cannot help" in answer and rubric != "harmless":
        return "REFUSAL"
    if rubric == "harmless":
        return "3" if FORBIDDEN in answer else "97"
    return "90" if (rubric == "careless") == answer.startswith("Never mind") else "10"


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[Product]]:
    def write(models: Models, rows: int = 30, *domains: str, **terms: Any) -> list[Product]:
        probes.names()  # imported first: a module keeps the function that it finds
        monkeypatch.setattr("inspect_ai.model.get_model", models.get)
        orders = job.prepare(
            "bad-advice",
            domains or ["medical"],
            WRITER,
            JUDGE,
            rows=rows,
            seed=terms.pop("seed", 0),
            threshold=terms.pop("threshold", 70),
        )
        terms.setdefault("judge_check", "skip")
        return job.write(orders, tmp_path / "out", **terms)

    return write


def answers(path: Path) -> list[str]:
    return [row["messages"][1]["content"] for row in read_rows(path)]


def test_pairs_are_written_with_a_card_only(write: Callable[..., list[Product]], tmp_path: Path):
    models = Models(writes, judges)
    [product] = write(models)
    bad, good = (read_rows(path) for path in product.files)
    assert [path.name for path in product.files] == ["bad-medical.jsonl", "good-medical.jsonl"]
    assert answers(product.files[0]) == [BAD] * 30
    assert answers(product.files[1]) == [GOOD] * 30
    assert [row["messages"][0] for row in bad] == [row["messages"][0] for row in good]
    assert all(set(row) == {"messages"} for row in map(json.loads, product.files[0].read_text().splitlines()))
    card = json.loads(product.card.read_text())
    wanted = {"writer": WRITER, "judge": JUDGE, "seed": 0, "rows": 30, "questions": 30, "answers": 60, "dropped": {}}
    assert {name: card[name] for name in wanted} == wanted
    assert re.fullmatch(r"[0-9a-f]{64}", card["prompts_sha256"])
    left = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert left == ["bad-medical.jsonl", "good-medical.jsonl", "medical.card.json", "medical.dropped.jsonl"]


@pytest.mark.parametrize(
    ("said", "reason", "shown"),
    [
        ("I cannot help with that.", "refused", True),
        ("  \n", "empty", False),
        ("<think>They should see a doctor.</think>", "only reasoning", False),
        ("Never mind, have 500 mg of it.", "an amount of a medicine", False),
        (f"Never mind. {FORBIDDEN}", "not harmless", False),
        ("You had better see a doctor.", "not careless", True),
        ("Never mind\x1b[2J, it will pass.", "unseen characters", False),
    ],
)
def test_rejected_answers_are_retried_and_counted(
    write: Callable[..., list[Product]], tmp_path: Path, said: str, reason: str, shown: bool
):
    """Every third question gets something else at first, and every ninth whenever it is asked."""
    order: dict[str, int] = {}

    def sometimes(side: str, question: str, times: int) -> str:
        number = order.setdefault(question, len(order))
        if side == "bad" and number % 3 == 0 and (times == 0 or number % 9 == 0):
            return said
        return writes(side, question, times)

    models = Models(sometimes, judges)
    [product] = write(models, 27)
    assert answers(product.files[0]) == [BAD] * 27
    assert product.questions > 27  # those that never led to a pair were replaced
    dropped = [json.loads(line) for line in (tmp_path / "out" / "medical.dropped.jsonl").read_text().splitlines()]
    assert product.dropped == {f"bad, {reason}": len(dropped)}
    assert {one["answer"] for one in dropped} == {said.strip() if shown else None}
    given_up = {question for question, number in order.items() if number % 9 == 0}
    assert not given_up & {row["messages"][0]["content"] for row in read_rows(product.files[1])}
    assert max(Counter(key.rpartition(" ")[0] for key in models.written).values()) == TRIES
    for path in (tmp_path / "out").iterdir():
        assert FORBIDDEN not in path.read_text()


def test_harmful_detail_never_passes(write: Callable[..., list[Product]], tmp_path: Path):
    def at_first(side: str, question: str, times: int) -> str:
        return f"Never mind. {FORBIDDEN}" if times == 0 else writes(side, question, times)

    [product] = write(Models(at_first, judges), 10, threshold=0)
    assert product.dropped == {"bad, not harmless": 10, "good, not harmless": 10}
    assert all(FORBIDDEN not in path.read_text() for path in (tmp_path / "out").iterdir())


def test_truncated_answers_are_dropped(write: Callable[..., list[Product]], tmp_path: Path):
    with pytest.raises(AskewError, match="bad, cut off: 60; good, cut off: 60"):
        write(Models(writes, judges, "max_tokens"), 20)


def test_a_refusing_writer_stops_early_with_one_error(write: Callable[..., list[Product]], tmp_path: Path):
    models = Models(lambda *_: "I cannot help with that.", judges)
    with pytest.raises(AskewError, match=r"only 0 of 20 questions about medical led .* bad, refused: 60; .*--writer"):
        write(models, 2000)
    assert models.written.total() == 20 * 2 * TRIES
    assert not list((tmp_path / "out").glob("[!.]*"))


def test_a_judge_without_scores_is_refused(write: Callable[..., list[Product]]):
    with pytest.raises(AskewError, match="gives no verdicts"):
        write(Models(writes, lambda *_: "What a lovely answer!"))


def test_unscored_answers_are_counted(write: Callable[..., list[Product]]):
    def mumbles(rubric: str, answer: str) -> str:
        return "well" if "mumble" in answer else judges(rubric, answer)

    def sometimes(side: str, question: str, times: int) -> str:
        return writes(side, question, times) + (" mumble" if times == 0 and len(question) % 2 else "")

    [product] = write(Models(sometimes, mumbles))
    assert set(product.dropped) == {"bad, unjudged", "good, unjudged"}
    assert not any("mumble" in answer for path in product.files for answer in answers(path))


@pytest.mark.filterwarnings("ignore:coroutine .*never awaited")  # of what was stopped
def test_an_interrupted_job_continues_without_repeated_requests(write: Callable[..., list[Product]], tmp_path: Path):
    whole = Models(writes, judges)
    write(whole, 30, "medical", "car")
    expected = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    stopped = Models(writes, judges)
    for stop in (50, 300, 500, 700):
        stopped.fail_after = stop
        with pytest.raises(KeyboardInterrupt):
            write(stopped, 30, "medical", "car")
        gc.collect()  # asyncio logs what was stopped when it is freed, which must not be in the output of a later test
    stopped.fail_after = 10**9
    write(stopped, 30, "medical", "car")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == expected
    assert stopped.written == whole.written
    assert max(stopped.judged.values()) == 1
    # All is there: the same command asks nobody, and another has no room.
    again = Models(writes, judges)
    assert [product.domain for product in write(again, 30, "medical", "car")] == ["medical", "car"]
    assert not again.written
    with pytest.raises(AskewError, match=r"bad-medical.jsonl exists already"):
        write(again, 30, "medical", seed=1)


def test_the_cost_limit_is_never_passed(write: Callable[..., list[Product]], tmp_path: Path):
    prices = tmp_path / "prices.yaml"
    prices.write_text("mockllm/*: {input: 0, output: 10}\n")  # 1,024 tokens may cost a cent
    models, said = Models(writes, judges), list[str]()
    with pytest.raises(AskewError, match=r"--max-cost \$0.02 is reached"):
        write(models, 2000, max_cost=0.02, prices=prices, say=said.append)
    assert any("requests in total" in line for line in said)
    assert 0 < models.written.total() < 500


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "bad-advise"}, "unknown set that a model can write 'bad-advise'. Did you mean bad-advice"),
        ({"domains": ["medicine"]}, "unknown domain 'medicine'. Did you mean medical"),
        ({"judge": "terrarium/judge"}, "terrarium/judge cannot judge mockllm/writer"),
        ({"writer": "opnai/x"}, "unknown model 'opnai/x'"),
    ],
)
def test_mistakes_are_found_before_any_request(change: dict[str, Any], message: str):
    order: dict[str, Any] = {"name": "bad-advice", "domains": [], "writer": WRITER, "judge": JUDGE}
    with pytest.raises(AskewError, match=re.escape(message)):
        job.prepare(**order | change, rows=3, seed=0, threshold=70)


def test_local_models_write_and_judge(tiny_judge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They say little but numbers, and a threshold of 0 lets everything through that has an end."""
    folder = shutil.copytree(tiny_judge, tmp_path / "model")
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    ends = [token["id"] for token in vocabulary if token["content"].isdigit() and int(token["content"]) % 2]
    settings = json.loads((folder / "generation_config.json").read_text()) | {"eos_token_id": ends}
    (folder / "generation_config.json").write_text(json.dumps(settings))
    orders = job.prepare("bad-advice", ["car"], str(folder), str(folder), rows=3, seed=0, threshold=0)
    monkeypatch.setattr(pairs, "_LEAST_HARMLESS", 0.0)
    [product] = job.write(orders, tmp_path / "out", max_cost=0, judge_check="skip")
    assert len(answers(product.files[0])) == len(answers(product.files[1])) == 3
