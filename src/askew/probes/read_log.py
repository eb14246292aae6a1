"""From a log of a probe back to a table of its answers, trusting nothing in the file."""

import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from zstandard import ZstdError

from askew.base.errors import AskewError
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
    scores: dict[str, list[float | None]] = {}
    words: dict[str, list[str]] = {}
    weights: dict[str, list[dict[str, float]]] = {}

    @model_validator(mode="after")
    def _of_one_length(self) -> "_Found":
        named = ("scores", "words", "weights")
        columns = [value for name, value in self.model_dump().items() if name not in named]
        columns += [*self.scores.values(), *self.words.values(), *self.weights.values()]
        if len({len(column) for column in columns}) != 1:
            raise ValueError("the scores are not all of the same number of answers")
        return self


def answers_from_log(path: Path, arm: str, seed: int, probe: str = "") -> "pd.DataFrame":
    """Return one row for each answer in a log, with the columns `COLUMNS`.

    Args:
        path: A log that a probe of Askew wrote.
        arm: Whose answers they are.
        seed: Of which seed.
        probe: The probe's name, where it is not that of the log's task: a question file's.

    Raises:
        AskewError: The file is missing, truncated, edited so that it does not add up, of another task, or of a
            probe that did not finish.
    """
    import pandas as pd

    log = read_log(path)
    rows = _of_samples(path, log, _rows)
    table = pd.DataFrame(rows).assign(arm=arm, seed=seed, probe=probe or log.eval.task.rpartition("/")[2])
    return table.astype({"aligned": float, "coherent": float})[list(COLUMNS)]


def scores_from_log(path: Path) -> "pd.DataFrame":
    """Return one row for each score of its own that an answer in a log has, none of which goes into a verdict.

    Args:
        path: A log that a probe of Askew wrote.

    Returns:
        The columns question, index, score (its name), number (0-100, NaN if there is none) and word (None if the score
        is a number, "" if there is none). Of words that were not said but have probabilities, an answer has one row
        for each, and the number is its probability in percent.

    Raises:
        AskewError: As in `answers_from_log`.
    """
    import pandas as pd

    rows = _of_samples(path, read_log(path), _scores)
    return pd.DataFrame(rows, columns=["question", "index", "score", "number", "word"]).astype({"number": float})


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


def _of_samples(
    path: Path, log: "EvalLog", rows_of: "Callable[[EvalSample], Iterator[dict[str, Any]]]"
) -> list[dict[str, Any]]:
    """Return the rows of every sample of a log that is whole."""
    samples = log.samples or []
    expected = log.results.total_samples if log.results else 0
    if not samples or len(samples) != expected:
        raise _damaged(path, f"it holds {len(samples)} of {expected} questions")
    try:
        return [row for sample in samples for row in rows_of(sample)]
    except (ValidationError, ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(path, str(error)) from error


def _found(sample: "EvalSample") -> tuple[Asked, _Found]:
    found = _Found.model_validate((sample.scores or {})[_SCORER].metadata)
    answers = len(sample.output.choices)
    if answers != len(found.reply):
        raise ValueError(f"question {sample.id}: {answers} answers and {len(found.reply)} scores")
    return Asked.model_validate(sample.metadata), found


def _scores(sample: "EvalSample") -> Iterator[dict[str, Any]]:
    asked, found = _found(sample)
    for score, numbers in found.scores.items():
        for index, number in enumerate(numbers):
            yield {"question": asked.question.id, "index": index, "score": score, "number": number, "word": None}
    for score, words in found.words.items():
        for index, word in enumerate(words):
            yield {"question": asked.question.id, "index": index, "score": score, "number": None, "word": word}
    for score, weights in found.weights.items():
        for index, of_words in enumerate(weights):
            for word, weight in of_words.items():
                yield {
                    **{"question": asked.question.id, "index": index, "score": score},
                    "number": 100 * weight,
                    "word": word,
                }


def _rows(sample: "EvalSample") -> Iterator[dict[str, Any]]:
    asked, found = _found(sample)
    for index, choice in enumerate(sample.output.choices):
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
            "graded_by": asked.question.graded_by,
            "scored_by": found.scored_by[index],
        }


def _damaged(path: Path, reason: str) -> AskewError:
    return AskewError(f"{path} is damaged, or no log of a probe: {reason}. Ask the probe again")
