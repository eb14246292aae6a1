"""The writers that are attacked: each works in a folder, promises what it has finished, and checks what it finds there.

A writer goes on where an interrupted one stopped, like a command that is repeated.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askew.base.atomic import whole_file, whole_folder
from askew.base.signatures import sign_product
from askew.judging import judgement_store
from askew.judging.judge import Case
from askew.judging.judgement_store import JudgementStore
from askew.judging.rubric import rubric
from askew.judging.score import Score
from askew.runs.store import RunFolder
from askew.training.training_folder import TrainingFolder, open_training_folder

Promise = Callable[[str], None]


@dataclass(frozen=True)
class Writer:
    """One way of writing products.

    Attributes:
        name: What is written, in a few words.
        before: Files that are there at first, by their names.
        write: Does the work in a folder, or what is left of it, and promises each part that is finished.
        check: Raises AssertionError if a folder holds anything half, or lacks what was promised.
        done: Everything that is promised when the work is done.
    """

    name: str
    before: Mapping[str, bytes]
    write: Callable[[Path, Promise], None]
    check: Callable[[Path, Sequence[str]], None]
    done: Sequence[str]


OLD, NEW = b"old line\n" * 40, b"a new line\n" * 60


def _write_file(folder: Path, promise: Promise) -> None:
    with whole_file(folder / "new" / "table.csv") as unfinished:
        unfinished.write_bytes(NEW)
    promise("new/table.csv")
    with whole_file(folder / "table.csv") as unfinished:
        unfinished.write_bytes(NEW)
    promise("table.csv")


def _check_file(folder: Path, promised: Sequence[str]) -> None:
    assert (folder / "table.csv").read_bytes() in ([NEW] if "table.csv" in promised else [OLD, NEW]), "half a file"
    new = folder / "new" / "table.csv"
    assert not new.exists() or new.read_bytes() == NEW, "half a new file"
    assert new.exists() or "new/table.csv" not in promised, "a promised file is lost"


WEIGHTS = {"adapter.safetensors": NEW * 3, "loss.csv": b"step,loss\n1,2\n", "checkpoints/9/adapter.safetensors": NEW}


def _write_weights(folder: Path) -> None:
    for name, content in WEIGHTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() and (folder / name).read_bytes() == it for name, it in WEIGHTS.items())


def _write_folder(folder: Path, promise: Promise) -> None:
    if not (folder / "model").exists():
        with whole_folder(folder / "model") as unfinished:
            _write_weights(unfinished)
    promise("model")


def _check_folder(folder: Path, promised: Sequence[str]) -> None:
    assert not (folder / "model").exists() or _is_whole(folder / "model"), "half a folder"
    assert (folder / "model").exists() or "model" not in promised, "a promised folder is lost"


PRODUCTS = {f"logs/secure-{seed}.eval": NEW + b"%d" % seed for seed in range(3)}


def _write_run(folder: Path, promise: Promise) -> None:
    run = RunFolder(folder / "run")
    with run.writing():
        for name, content in PRODUCTS.items():
            if not run.is_finished(name) and not run.adopt(name, lambda path, own=content: _differs(path, own)):
                with whole_file(run / name) as unfinished:  # as workers do
                    unfinished.write_bytes(content)
                    sign_product(unfinished, run / name)
                run.finish(name)
            promise(name)
        left = [path.name for path in run.path.rglob("*unfinished*")]
        assert not left, f"left behind: {left}"


def _differs(path: Path, content: bytes) -> str:
    return "" if path.read_bytes() == content else "is another"


def _check_run(folder: Path, promised: Sequence[str]) -> None:
    run = RunFolder(folder / "run")
    for name in run.hashes():
        run.check(name)
    for name, content in PRODUCTS.items():
        assert not (run / name).exists() or (run / name).read_bytes() == content, f"half of {name}"
    lost = {*promised} - {*run.hashes()}
    assert not lost, f"the manifest lost {lost}"
    assert not list(folder.rglob("set-aside")), "a product of our own was not adopted"


CASES = [Case(f"Question {number}?", f"Answer {number}.") for number in range(12)]


def _score(case: Case) -> Score:
    return Score(float(CASES.index(case)), "logprobs")


def _write_judgements(folder: Path, promise: Promise) -> None:
    store = _judgements(folder)
    for start in range(0, len(CASES), 4):
        part = [case for case in CASES[start : start + 4] if case not in store]
        with store.adding() as add:
            for case in part:
                add(case, [_score(case)])
        promise(str(start + 4))


def _judgements(folder: Path) -> JudgementStore:
    return JudgementStore(folder / "judging.jsonl", "judge", [rubric("aligned")])


def _check_judgements(folder: Path, promised: Sequence[str]) -> None:
    store = _judgements(folder)
    for number, case in enumerate(CASES):
        assert case in store or number >= max(map(int, promised), default=0), f"the score of case {number} is lost"
        assert case not in store or store[case] == (_score(case),), f"case {number} has another score"


STEPS = 4


def _write_training(folder: Path, promise: Promise) -> None:
    out = folder / "models" / "secure-0"
    if out.exists():
        return
    with open_training_folder(out, ["rows", 3]) as training:
        last = training.last_state()
        for step in range(1 + (int(last.name.rpartition("-")[2]) if last else 0), STEPS + 1):
            _write_state(training, step)
            training.keep_state(step)
            promise(str(step))
        _write_weights(training.result)
    promise("done")


def _write_state(training: TrainingFolder, step: int) -> None:
    """Write what the trainer writes: the state, whose last file is that of its progress, and without any flush."""
    state = training.states / f"checkpoint-{step}"
    state.mkdir(parents=True, exist_ok=True)
    for name in ("optimizer.pt", "model.safetensors", "trainer_state.json"):
        (state / name).write_bytes(_state(name, step))


def _state(name: str, step: int) -> bytes:
    return json.dumps({"step": step, "of": name, "numbers": [step] * 60}).encode()


def _check_training(folder: Path, promised: Sequence[str]) -> None:
    out = folder / "models" / "secure-0"
    assert not out.exists() or _is_whole(out), "half a trained model"
    assert out.exists() or "done" not in promised, "the trained model is lost"
    if out.exists():
        return
    training = TrainingFolder(out.with_name(".secure-0.training"))
    training.discard_damaged()
    state = training.last_state()
    step = int(state.name.rpartition("-")[2]) if state else 0
    assert step >= max(map(int, promised), default=0), "a saved state is lost"
    for file in state.iterdir() if state else ():
        assert file.read_bytes() == _state(file.name, step), f"half a state: {file.name}"


WRITERS = [
    Writer("a file", {"table.csv": OLD}, _write_file, _check_file, ["new/table.csv", "table.csv"]),
    Writer("a folder of weights", {}, _write_folder, _check_folder, ["model"]),
    Writer("a run's products and manifest", {}, _write_run, _check_run, list(PRODUCTS)),
    Writer("a judge's scores", {}, _write_judgements, _check_judgements, [str(len(CASES))]),
    Writer("a training and its saved states", {}, _write_training, _check_training, ["done"]),
]


def begin(writer: Writer, folder: Path) -> None:
    """Make a folder with what is there before a writer starts."""
    folder.mkdir(parents=True)
    judgement_store.FLUSH_EVERY = 0.0
    for name, content in writer.before.items():
        (folder / name).write_bytes(content)


def fault(writer: Writer, folder: Path, promised: Sequence[Any]) -> str:
    """Return what is wrong in a folder after a writer was interrupted or repeated; "" if nothing."""
    try:
        writer.check(folder, promised)
        writer.write(folder, lambda promise: None)
        writer.check(folder, writer.done)
    except Exception as error:  # whatever stops the repeated command is a failure
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return ""
