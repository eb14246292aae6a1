"""The files in the folder of a run, and the records beside products: jobs, replies, judgements, logs."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import askew
from askew.judging.job import JudgingJob
from askew.models.names import ModelSpec
from askew.runs.run import Run
from askew.runs.store import RunFolder

from . import _mutation as mutation
from ._kind import Kind

_LEFT_OUT = ("*.safetensors", ".lock")
_TABLES = ("answers.parquet", "scores.parquet")
_MADE_OF_THEM = "estimates.csv"
# Parts of a run into which no score of a second judge enters; they are computed once.
_WITHOUT_SECOND_JUDGE = (
    *("tables", "answers", "estimates", "effects", "pairs", "pair_effects"),
    *("curve", "losses", "predicted", "findings", "verdict"),
)


def kinds(folder: Path, runs: Sequence[Path]) -> list[Kind]:
    """Return the files of runs, and the records.

    Args:
        folder: An empty folder for files.
        runs: The folders of finished runs, of which copies are made. A file that several have is taken from the first
            that has it; scores of a second judge and logs are made of the last.
    """
    found: list[Kind] = []
    for number, run in enumerate(runs):
        known = {kind.name for kind in found}
        found += [kind for kind in _run(folder / f"run-{number}", run) if kind.name not in known]
    return [*found, *_judges(folder / "judged", runs[-1]), *_stores(folder), *_records(folder, runs[-1])]


def _run(copied: Path, run: Path) -> list[Kind]:
    from askew.base.product_record import doubt
    from askew.runs.runner import _Clock

    shutil.copytree(run, copied, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    listed = json.loads((run / "manifest.json").read_bytes())

    def opened() -> Run:
        return askew.load_run(copied)

    def content() -> None:
        assert opened().content().verdict

    def kind(name: str, mutate: mutation.Mutate, read: Callable[[], object]) -> Kind:
        return Kind(f"run: {Path(name).name}", [(run / name).read_bytes()], mutate, copied / name, read)

    found = [
        kind("study.json", mutation.in_json, content),
        kind("manifest.json", mutation.in_json, lambda: opened().tables.estimates),
    ]
    readers: dict[str, Callable[[], object]] = {
        **dict.fromkeys([*_TABLES, _MADE_OF_THEM], content),
        "effects.csv": lambda: (content(), _shown("effects", opened())),
        "curve.csv": lambda: opened().curve,
        "pairs.parquet": lambda: _pairs(opened()),
        "pairs.csv": lambda: _shown("answer-pairs", opened()),
    }
    for name, read in readers.items():
        if name in listed:
            mutate = mutation.in_csv if name.endswith(".csv") else mutation.in_parquet
            found.append(kind(name, mutate, _vouched(copied, name, read)))
    if (run / "predictions.json").is_file():
        found.append(kind("predictions.json", mutation.in_json, lambda: opened().predicted))
    found.append(kind("timings.json", mutation.in_json, lambda: _Clock(RunFolder(copied))))
    for model in sorted(path.relative_to(run) for path in run.glob("models/*") if (path / "rows.json").is_file())[:1]:
        found.append(kind(f"{model}/rows.json", mutation.in_json, lambda: (opened().rows, opened().note)))
        found.append(kind(f"{model}/loss.csv", mutation.in_csv, lambda: opened().losses))
        made = copied / model
        found.append(kind(f"{model}/product.json", mutation.in_json, lambda made=made: doubt(made, {})))
    return found


def _vouched(copied: Path, name: str, read: Callable[[], object]) -> Callable[[], object]:
    """Return a reader that takes a table as its author, who wrote its digest into the manifest of a run's copy."""
    from askew.base.product_record import digest

    manifest = (copied / "manifest.json").read_bytes()

    def read_vouched() -> None:
        vouching = json.loads(manifest)
        vouching[name]["sha256"] = digest(copied / name)
        parts = "\n".join(vouching[one]["sha256"] for one in sorted(_TABLES) if one in vouching)
        vouching[_MADE_OF_THEM]["made_of"] = hashlib.sha256(parts.encode()).hexdigest()[:16]
        (copied / "manifest.json").write_text(json.dumps(vouching))
        try:
            read()
        finally:
            (copied / "manifest.json").write_bytes(manifest)

    return read_vouched


def _pairs(run: Run) -> None:
    """Compute what is made of a table of pairs."""
    from askew.probes.given_pairs import PAIR_KINDS
    from askew.runs.report_content import _pair_curve
    from askew.stats.answer_pairs import pair_effects

    _pair_curve(run)
    pair_effects(run.pairs[run.pairs["step"].eq(0)], run.plan.controls, "untuned", list(PAIR_KINDS))


def _shown(name: str, run: Run) -> None:
    """Compute what a section of the report shows, with its figures, without drawing them."""
    from askew.report.sections import sections

    section, content = sections.get(name), run.content()
    section.tables(content)
    if section.appears(content):
        section.values(content)
        for figure in section.figures(content).values():
            figure.draw(False).to_dict()


def _judges_shown(untouched: Mapping[str, object], folder: RunFolder, again: bool = False) -> None:
    run = Run(folder.path)
    vars(run).update(untouched)
    _shown("judges", run)


def _job(judge: ModelSpec, rubrics: Sequence[str] = ("aligned", "coherent")) -> JudgingJob:
    from askew.judging.rubric import rubric

    found = tuple(map(rubric, rubrics))
    return JudgingJob(judge, found, None, None, lambda *_: None, lambda _: None)


def _judges(copied: Path, run: Path) -> list[Kind]:
    """Return the scores of a second judge."""
    from askew.base.product_record import digest
    from askew.models.names import resolve
    from askew.runs import second_judge

    def opinion() -> second_judge.SecondOpinion:
        """Judge without drawing the report again, which takes seconds, most of them outside of Askew."""
        with patch.object(second_judge, "write_report", partial(_judges_shown, untouched)):
            return second_judge.second_opinion(copied, job)

    shutil.copytree(run, copied, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    job, first = _job(resolve("terrarium/judge")), Run(copied)
    untouched = {name: getattr(first, name) for name in _WITHOUT_SECOND_JUDGE}
    table = opinion().table
    manifest = json.loads((copied / "manifest.json").read_bytes())
    owned = RunFolder(copied).ownership

    def read() -> None:
        manifest[f"judges/{table.name}"]["sha256"] = digest(table)
        content = json.dumps(manifest).encode()
        with owned.signing(trusted=True):  # else the folder would be a stranger's, and only read
            owned.sign("manifest.json", content)
        (copied / "manifest.json").write_bytes(content)
        opinion()

    return [Kind("run: scores of a second judge", [table.read_bytes()], mutation.in_parquet, table, read)]


def _stores(folder: Path) -> list[Kind]:
    """Return the stores of replies and of judgements."""
    from inspect_ai.model import ModelOutput

    from askew.judging.judge import Case
    from askew.judging.judgement_store import JudgementStore
    from askew.judging.rubric import rubric
    from askew.judging.score import Score
    from askew.models.remote.reply_store import ReplyStore, Spending

    replies, judgements = folder / "replies.sqlite", folder / "judging.jsonl"
    reply, key = ModelOutput.from_content("openai/a", "Hello"), b"key"

    def use_replies() -> None:
        for part in ("-wal", "-shm"):
            replies.with_name(f"{replies.name}{part}").unlink(missing_ok=True)
        store = ReplyStore(replies)
        try:
            store.get(key)
            store.parts()
            store.note_part("openai/a", "seed", True, "")
            store.count_all_as_lost()
            held = store.reserve("openai/a", 0.1, 1e9)
            if held is not None:
                store.settle(held, key, reply, Spending("openai/a", 1, 0, 2, 3, 0.1))
            store.spent()
        finally:
            store.close()

    made = ReplyStore(replies)
    held = made.reserve("openai/a", 0.5, None)
    assert held is not None
    made.settle(held, key, reply, Spending("openai/a", 1, 0, 2, 3, 0.5))
    made.reserve("openai/b", 0.5, None)
    made.note_part("openai/a", "seed", False, "no such field")
    made.close()

    rubrics, case = (rubric("aligned"), rubric("coherent")), Case("Why?", "Because.")

    def use_judgements() -> None:
        store = JudgementStore(judgements, "judge", rubrics)
        if case in store:
            assert len(store[case]) == len(rubrics)
        with store.adding() as add:
            add(Case("Who?", "I."), [Score(50.0, "samples")] * len(rubrics))
        assert JudgementStore(judgements, "judge", rubrics).damaged == 0

    with JudgementStore(judgements, "judge", rubrics).adding() as add:
        add(case, [Score(99.5, "logprobs"), Score(float("nan"), "samples", "refusal")])
    return [
        Kind("replies.sqlite", [replies.read_bytes()], mutation.in_database, replies, use_replies),
        Kind("judging.jsonl", [judgements.read_bytes()], mutation.in_lines, judgements, use_judgements),
    ]


def _records(folder: Path, run: Path) -> list[Kind]:
    from askew.models.remote.tuned_folder import read_served
    from askew.probes import external
    from askew.probes.read_log import answers_from_log, scores_from_log
    from askew.training.provider.job_record import read_record, record_path

    served: dict[str, Any] = {"model": "openai/ft:a", "base": "openai/b", "key": "k", "job": "j", "file": "f"}
    served |= {"trained_tokens": 3, "checkpoints": [{"step": 1, "model": "openai/ft:a:1"}]}
    job = {"model": "openai/b", "key": "k", "file": "f", "attempt": 1, "posted_at": 1.5, "job": "j", "failure": ""}
    log = folder / "log.eval"
    by_size = sorted((run / "logs").glob("*.eval"), key=lambda path: path.stat().st_size)
    logs = [path.read_bytes() for path in by_size[:2]]

    def read_log() -> None:
        answers_from_log(log, "arm", 0)
        scores_from_log(log)

    def read_external() -> None:
        external.answers_from_log(log, "arm", 0, "probe")
        external.scores_from_log(log, "arm", 0, "probe")

    as_json, path = mutation.in_json, folder / "served.json"
    return [
        Kind("served.json", [json.dumps(served).encode()], as_json, path, lambda: read_served(folder)),
        Kind(
            "job.json",
            [json.dumps(job).encode()],
            as_json,
            record_path(folder / "tuned"),
            lambda: read_record(folder / "tuned"),
        ),
        Kind("log of a probe", logs, mutation.in_archive, log, read_log),
        Kind("log of an external task", logs, mutation.in_archive, log, read_external),
    ]
