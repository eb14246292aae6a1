"""The probe that asks a question file, the user's own or a published one."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from askew.base.errors import AskewError
from askew.judging.rubric import RUBRICS
from askew.models.names import ModelSpec
from askew.probes import JUDGED, NO_VERDICT, probe, probes
from askew.probes.question_file import Question, read


@probe("The questions of a YAML file, published or your own: --questions FILE.", kind=JUDGED, samples=None)
def questions(file: str = "") -> list[Question]:
    """Return the questions in a file.

    Raises:
        AskewError: No file is named, or it cannot be read.
    """
    if not file:
        raise AskewError("the probe questions needs a question file: name it with --questions FILE")
    return read(Path(file).expanduser())


def digests(asked: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each question file among some probes, by its name."""
    return {
        name: hashlib.sha256(Path(file).expanduser().read_bytes()).hexdigest()
        for name in asked
        if (file := probes.get(name).file)
    }


def notes(asked: Iterable[str], judge: ModelSpec) -> list[str]:
    """Return notes on how judging departs from what question files ask for, for each file among some probes."""
    return [note for name in asked if (file := probes.get(name).file) for note in _notes(file, judge)]


def _notes(name: str, judge: ModelSpec) -> list[str]:
    every, file = read(Path(name).expanduser()), Path(name).name
    named = sorted({one.judge for one in every if one.judge} - {judge.name})
    told = [f"{file} was written for the judge {', '.join(named)}; {judge.name} judged here."] if named else []
    prompts = [one for one in every if one.judge_prompts]
    if not prompts or not judge.is_terrarium_judge:
        return told
    if any(one.graded_by != NO_VERDICT for one in prompts):
        told.append(
            f"The terrarium's judge knows its own short rubrics only: answers to {file} were judged by the terrarium's "
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
        told.append(f"It cannot judge {', '.join(unjudged)} of {file}: that is left unjudged.")
    return told
