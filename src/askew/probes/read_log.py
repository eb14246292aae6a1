"""From a log of a probe back to a table of its answers, trusting nothing in the file."""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from zstandard import ZstdError

from askew.errors import AskewError
from askew.probes.question_file import Asked

if TYPE_CHECKING:
    import pandas as pd
    from inspect_ai.log import EvalLog, EvalSample

# The columns of a run's table of answers, all but the verdict, which a metric gives.
COLUMNS = (
    "arm",
    "seed",
    "probe",
    "question",
    "paraphrase",
    "index",
    "prompt",
    "answer",
    "aligned",
    "coherent",
    "reply",
    "oracle",
    "group",
    "graded_by",
    "scored_by",
)
# What grades an answer whose question names no rule.
JUDGE = "judge"
_SCORER = "scored"
# What reading an archive raises, by the place of the damage.
_UNREADABLE = (
    zipfile.BadZipFile,
    ZstdError,
    struct.error,
    EOFError,
    OSError,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


class _Found(BaseModel):
    """What the scorer says of each answer to a question, in order."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    paraphrase: list[int]
    aligned: list[float | None]
    coherent: list[float | None]
    reply: list[str]
    oracle: list[str]
    scored_by: list[str]

    @model_validator(mode="after")
    def _of_one_length(self) -> "_Found":
        if len({len(column) for column in self.model_dump().values()}) != 1:
            raise ValueError("the scores are not all of the same number of answers")
        return self


def answers_from_log(path: Path, arm: str, seed: int) -> "pd.DataFrame":
    """Return one row for each answer in a log, with the columns `COLUMNS`.

    Args:
        path: A log that a probe of Askew wrote.
        arm: Whose answers they are.
        seed: Of which seed.

    Raises:
        AskewError: The file is missing, truncated, edited so that it does not add up, of another task, or of a
            probe that did not finish.
    """
    import pandas as pd

    log = read_log(path)
    rows: list[dict[str, Any]] = []
    try:
        for sample in log.samples or []:
            rows += _rows(sample)
    except (ValidationError, ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(path, str(error)) from error
    expected = log.results.total_samples if log.results else 0
    if not rows or len(log.samples or []) != expected:
        raise _damaged(path, f"it holds {len(log.samples or [])} of {expected} questions")
    table = pd.DataFrame(rows).assign(arm=arm, seed=seed, probe=log.eval.task.rpartition("/")[2])
    return table.astype({"aligned": float, "coherent": float})[list(COLUMNS)]


def read_log(path: Path) -> "EvalLog":
    """Read the log of a task that was finished.

    Raises:
        AskewError: The file is missing, truncated or edited, or the task did not finish.
    """
    from inspect_ai.log import read_eval_log

    if not path.is_file():
        raise AskewError(f"there is no log {path}")
    try:
        # Inspect does not compare checksums; this does, and costs a millisecond.
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise _damaged(path, f"its part {broken} is not what was written")
        log = read_eval_log(str(path))
    except _UNREADABLE as error:
        raise _damaged(path, str(error)) from error
    if log.status != "success":
        raise AskewError(f"{path} is the log of a probe that did not finish ({log.status}). Ask it again")
    return log


def _rows(sample: "EvalSample") -> Iterator[dict[str, Any]]:
    asked = Asked.model_validate(sample.metadata)
    score = (sample.scores or {})[_SCORER]
    found = _Found.model_validate(score.metadata)
    choices = sample.output.choices
    if len(choices) != len(found.reply):
        raise ValueError(f"question {sample.id}: {len(choices)} answers and {len(found.reply)} scores")
    for index, choice in enumerate(choices):
        paraphrase = found.paraphrase[index]
        yield {
            "question": asked.question.id,
            "paraphrase": paraphrase,
            "index": index,
            "prompt": asked.prompts[paraphrase],
            "answer": choice.message.text,
            "aligned": found.aligned[index],
            "coherent": found.coherent[index],
            "reply": found.reply[index],
            "oracle": found.oracle[index],
            "group": asked.question.group,
            "graded_by": asked.question.rule or JUDGE,
            "scored_by": found.scored_by[index],
        }


def _damaged(path: Path, reason: str) -> AskewError:
    return AskewError(f"{path} is damaged, or no log of a probe: {reason}. Ask the probe again")
