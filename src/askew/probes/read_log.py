"""Read the log of a probe back into tables of answers and scores, without trusting the file."""

import struct
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ijson.common import JSONError
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from zstandard import ZstdError

from askew.base.errors import AskewError
from askew.models.said import said
from askew.probes.given_pairs import FAR, PREFERRED
from askew.probes.pair_scores import PairReading
from askew.probes.question_file import AskedQuestion

if TYPE_CHECKING:
    import pandas as pd
    from inspect_ai.log import EvalLog, EvalSample

# The columns of a run's table of answers except the verdict, which a metric adds.
COLUMNS = (
    "arm",
    "seed",
    "probe",
    "question",
    "paraphrase",
    "index",
    "prompt",
    "answer",
    "reasoning",
    "aligned",
    "coherent",
    "reply",
    "oracle",
    "group",
    "graded_by",
    "scored_by",
)
# The columns of a run's table of pairs.
PAIR_COLUMNS = (
    *("arm", "seed", "probe", "question", "group", "paraphrase", "prompt", "pair", "kind", "style"),
    *("aligned_answer", "other_answer"),
    *("aligned_tokens", "other_tokens", "aligned_logprob", "other_logprob", "per_token", "in_total", "prefers_other"),
)
Row = TypeVar("Row")
_SCORER = "scored"
_UNREAD = {"events", "messages", "attachments", "store", "timelines"}
"""The fields of the samples of our questions that hold nothing but what others hold too, and most of a log's size."""
# Reading a damaged log raises any of these, depending on where the damage is.
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
    # Of Inspect, for values of another type than its own.
    TypeError,
    AttributeError,
    JSONError,
)


class _Metadata(BaseModel):
    """The metadata that the scorer wrote for a question; every list has one entry per answer, in their order."""

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
    pairs: list[PairReading] = []

    @model_validator(mode="after")
    def _check_lengths(self) -> "_Metadata":
        named = ("scores", "words", "weights", "pairs")
        columns = [value for name, value in self.model_dump().items() if name not in named]
        columns += [*self.scores.values(), *self.words.values(), *self.weights.values()]
        if len({len(column) for column in columns}) != 1:
            raise ValueError("the scores do not cover the same number of answers")
        return self


def answers_from_log(path: Path, arm: str, seed: int, probe: str = "") -> "pd.DataFrame":
    """Return the answers in a log.

    Args:
        path: A log written by one of Askew's probes.
        arm: The arm that answered.
        seed: The arm's seed.
        probe: The probe's name, if it differs from the log's task, as for a question file; empty takes the task's.

    Returns:
        One row per answer, with the columns `COLUMNS`; `aligned` and `coherent` are from 0 to 100, NaN if missing.

    Raises:
        AskewError: The file is missing, truncated, inconsistent, the log of an external task, or the log of a probe
            that did not finish.
    """
    import pandas as pd

    log = read_log(path, _UNREAD)
    rows = sample_rows(path, log, _answer_rows)
    table = pd.DataFrame(rows, columns=list(COLUMNS)).assign(
        arm=arm, seed=seed, probe=probe or log.eval.task.rpartition("/")[2]
    )
    return table.astype({"aligned": float, "coherent": float})[list(COLUMNS)]


def scores_from_log(path: Path) -> "pd.DataFrame":
    """Return the scores in a log that no verdict uses.

    Args:
        path: A log written by one of Askew's probes.

    Returns:
        One row per answer and score, with the columns question, index (of the answer), score (its name), number (0-100,
        NaN if missing) and word (None if the score is a number, "" if missing). If words have probabilities, an answer
        has one row per word, and number is the word's probability in percent.

    Raises:
        AskewError: As in `answers_from_log`.
    """
    import pandas as pd

    rows = sample_rows(path, read_log(path, _UNREAD), _score_rows)
    return pd.DataFrame(rows, columns=["question", "index", "score", "number", "word"]).astype({"number": float})


def pairs_from_log(path: Path) -> "pd.DataFrame":
    """Return the pairs of given answers in a log, as the model read them.

    Args:
        path: A log written by one of Askew's probes.

    Returns:
        One row per pair and wording, with the columns of `PAIR_COLUMNS` except arm, seed and probe; no rows if no
        question has pairs. `per_token` and `in_total` are log-odds in nats.

    Raises:
        AskewError: As in `answers_from_log`.
    """
    import pandas as pd

    rows = sample_rows(path, read_log(path, _UNREAD), _pair_rows)
    return pd.DataFrame(rows, columns=[name for name in PAIR_COLUMNS if name not in ("arm", "seed", "probe")])


def read_log(path: Path, unread: Collection[str] = ()) -> "EvalLog":
    """Read the log of a finished task.

    Args:
        path: The log.
        unread: The fields of its samples that are left out.

    Raises:
        AskewError: The file is missing or damaged, or the task did not finish.
    """
    from inspect_ai.log import read_eval_log

    if not path.is_file():
        raise AskewError(f"there is no log {path}. Ask the probe again")
    try:
        # Inspect does not verify checksums; doing it here takes about a millisecond.
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise _damaged(path, f"the checksum of its part {broken} does not match")
        log = read_eval_log(str(path), exclude_fields={*unread} or None)
    except _UNREADABLE as error:
        raise _damaged(path, str(error)) from error
    if log.status != "success":
        raise AskewError(f"{path} is the log of a probe that did not finish ({log.status}). Ask the probe again")
    return log


def sample_rows(path: Path, log: "EvalLog", rows_of: "Callable[[EvalSample], Iterator[Row]]") -> "list[Row]":
    """Return the rows of all samples in a log, after checking that no sample is missing.

    Raises:
        AskewError: A sample is missing, or `rows_of` cannot read one.
    """
    samples = log.samples or []
    expected = log.results.total_samples if log.results else 0
    if not samples or len(samples) != expected:
        raise _damaged(path, f"it holds {len(samples)} of {expected} questions")
    try:
        return [row for sample in samples for row in rows_of(sample)]
    except (ValidationError, ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(path, str(error)) from error


def _checked(sample: "EvalSample") -> tuple[AskedQuestion, _Metadata]:
    """Return the metadata of a sample and of its scores, after checking that each answer was scored."""
    found = _Metadata.model_validate((sample.scores or {})[_SCORER].metadata)
    asked = AskedQuestion.model_validate(sample.metadata)
    answers = 0 if asked.question.pairs else len(sample.output.choices)
    if answers != len(found.reply):
        raise ValueError(f"question {sample.id}: {answers} answers and {len(found.reply)} scores")
    return asked, found


def _pair_rows(sample: "EvalSample") -> Iterator[dict[str, Any]]:
    asked, found = _checked(sample)
    for pair in found.pairs:
        yield {
            "question": asked.question.id,
            "group": asked.question.group,
            "prompt": asked.prompts[pair.paraphrase],
            **pair.model_dump(exclude={"aligned", "other"}),
            **{"aligned_answer": pair.aligned, "other_answer": pair.other},
            **{"per_token": pair.per_token, "in_total": pair.total, "prefers_other": pair.prefers_other},
        }


def _score_rows(sample: "EvalSample") -> Iterator[dict[str, Any]]:
    asked, found = _checked(sample)
    for index, pair in enumerate(found.pairs):
        if pair.kind == FAR:
            number = 100.0 * pair.prefers_other
            yield {"question": asked.question.id, "index": index, "score": PREFERRED, "number": number, "word": None}
    for score, numbers in found.scores.items():
        for index, number in enumerate(numbers):
            yield {"question": asked.question.id, "index": index, "score": score, "number": number, "word": None}
    for score, words in found.words.items():
        for index, word in enumerate(words):
            yield {"question": asked.question.id, "index": index, "score": score, "number": None, "word": word}
    for score, weights in found.weights.items():
        for index, probabilities in enumerate(weights):
            for word, probability in probabilities.items():
                yield {
                    **{"question": asked.question.id, "index": index, "score": score},
                    "number": 100 * probability,
                    "word": word,
                }


def _answer_rows(sample: "EvalSample") -> Iterator[dict[str, Any]]:
    asked, found = _checked(sample)
    for index, choice in enumerate([] if asked.question.pairs else sample.output.choices):
        paraphrase, reply, first = found.paraphrase[index], said(choice), asked.question.is_of_first_token
        yield {
            "question": asked.question.id,
            "paraphrase": paraphrase,
            "index": index,
            "prompt": asked.prompts[paraphrase],
            "answer": choice.message.text if first else reply.answer,
            "reasoning": "" if first else reply.reasoning,
            "aligned": found.aligned[index],
            "coherent": found.coherent[index],
            "reply": found.reply[index],
            "oracle": found.oracle[index],
            "group": asked.question.group,
            "graded_by": asked.question.graded_by,
            "scored_by": found.scored_by[index],
        }


def _damaged(path: Path, reason: str) -> AskewError:
    return AskewError(f"{path} is damaged, or not the log of a probe: {reason}. Ask the probe again")
