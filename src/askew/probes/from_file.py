"""The probe that asks the questions of a file, the user's own or a published one."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from askew.base import yaml_files
from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.judging.rubric import RUBRICS
from askew.models.names import ModelSpec
from askew.probes import JUDGED, LOG_PROBABILITY, NO_VERDICT, Probe, probe
from askew.probes.question_file import Question, read


@probe("The questions of a YAML file, published or your own: --questions FILE.", kind=JUDGED, samples=None)
def questions(file: str = "") -> list[Question]:
    """Return the questions in a file.

    Raises:
        AskewError: No file is named, it cannot be read, or a question is invalid.
    """
    if not file:
        raise AskewError("the probe questions needs a question file: name it with --questions FILE")
    return read(Path(file).expanduser())


WRITTEN = Path("runs") / "questions"
"""The folder for questions that were written in Python."""


def write(made: Sequence[Question], folder: Path = WRITTEN) -> str:
    """Write questions to a question file, and return its path, which is also the probe's name.

    The file's name contains a hash of its content, so the same questions are always the same probe, and a run of them
    can be repeated from the command line.

    Args:
        made: The questions.
        folder: The folder for the file; created if missing.

    Raises:
        AskewError: No question is given, or two have the same id.
    """
    if not made:
        raise AskewError("questions=[]: pass at least one question")
    ids = [one.id for one in made]
    for one in ids:
        if ids.count(one) > 1:
            raise AskewError(f"two questions have the id {one!r}: rename one of them")
    items = [{**one.model_dump(mode="json", exclude_defaults=True), "group": one.group or "questions"} for one in made]
    content = yaml_files.dump(items).encode()
    path = folder / f"questions-{hashlib.sha256(content).hexdigest()[:8]}.yaml"
    if not path.is_file() or path.read_bytes() != content:
        with whole_file(path) as unfinished:
            unfinished.write_bytes(content)
    return str(path)


def has_pairs(asked: Probe) -> bool:
    """Return whether a probe has pairs of given answers; a question file may have some among other questions."""
    if asked.kind == LOG_PROBABILITY or not asked.file:
        return asked.kind == LOG_PROBABILITY
    return any(one.pairs for one in read(Path(asked.file).expanduser()))


def digests(asked: Iterable[Probe]) -> dict[str, str]:
    """Return the SHA-256 of each question file among probes, by the probe's name."""
    files = {one.name: Path(one.file).expanduser() for one in asked if one.file}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def notes(asked: Iterable[Probe], judge: ModelSpec | None) -> list[str]:
    """Return notes for the report on where judging departs from the question files among probes; none unjudged."""
    if judge is None:
        return []
    return [note for one in asked if one.file for note in _notes(one.file, judge)]


def _notes(name: str, judge: ModelSpec) -> list[str]:
    every, file = read(Path(name).expanduser()), Path(name).name
    named = sorted({one.judge for one in every if one.judge} - {judge.name})
    noted = [f"{file} was written for the judge {', '.join(named)}; {judge.name} judged here."] if named else []
    prompts = [one for one in every if one.judge_prompts]
    if not prompts or not judge.is_terrarium_judge:
        return noted
    if any(one.graded_by != NO_VERDICT for one in prompts):
        noted.append(
            f"The terrarium's judge knows only its own short rubrics: answers to {file} were judged by the terrarium's "
            "own rubric, not by the file's."
        )
    unjudged = sorted(
        {
            column
            for one in prompts
            for column in one.judge_prompts
            if one.graded_by == NO_VERDICT or column not in RUBRICS
        }
    )
    if unjudged:
        noted.append(f"The terrarium's judge cannot judge {', '.join(unjudged)} of {file}, which stays unjudged.")
    return noted
