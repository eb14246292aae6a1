"""The functions `askew.run`, `askew.audit` and `askew.ask`; the first two take the fields of `Design`."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import JsonValue

from askew.base.errors import unknown_name
from askew.base.knobs import Knob, knobs
from askew.design.design import Design
from askew.design.make import make_plan

if TYPE_CHECKING:
    import pandas as pd

    from askew.probes.question_file import Question
    from askew.runs.run import Run

_F = TypeVar("_F", bound=Callable[..., "Run"])

# Stands in a docstring where the settings are to be listed.
_SETTINGS = re.compile(r" +\*\*\w+: Any setting of the design.\n")


def _with_settings(function: _F) -> _F:
    """Put the settings of a command in the place of `**settings`, in the signature and in the docstring."""
    parameters = _parameters(function.__name__)
    signature = inspect.signature(function)
    own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    new = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(knob))
        for name, knob in parameters.items()
    ]
    first = [one for one in own if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    function.__dict__["__signature__"] = signature.replace(
        parameters=[*first, *new, *(one for one in own if one not in first)]
    )
    lines = "".join(f"        {name}: {_description(knob)}\n" for name, knob in parameters.items())
    function.__doc__ = _SETTINGS.sub(lambda _: lines, function.__doc__ or "")
    return function


def _parameters(command: str) -> dict[str, Knob]:
    """Return the settings of a command by the name of their parameter in Python."""
    found: dict[str, Knob] = {}
    for knob in knobs(Design):
        name = knob.parameter(command) if command in knob.commands else ""
        if name:
            found.setdefault(name, knob)
    return found


def _overrides(command: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are not None as plain data by dotted name.

    Raises:
        TypeError: A name is not a parameter of the command.
    """
    known = _parameters(command)
    for name in settings:
        if name not in known:
            raise TypeError(f"{command}() got an unexpected argument: {unknown_name('setting', name, known)}")
    return {known[name].name: _plain(value) for name, value in settings.items() if value is not None}


def _plain(value: Any) -> Any:
    """Return a value with paths as text, and sequences and mappings as lists and dictionaries."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value


def _path(value: Path | str | None) -> Path | None:
    return None if value is None else Path(value)


def _annotation(knob: Knob) -> Any:
    """Return the type of a parameter: broader than the field's, which holds what was read from the value."""
    values: Any = Mapping[str, Any]
    if knob.shape == "model" and "name" in knob.value_type.model_fields:
        values |= str
    pairs = Mapping[str, Path | str] if get_args(knob.value_type)[-1:] != (JsonValue,) else Mapping[str, Any]
    kinds = {"list": Sequence[str], "pairs": pairs, "model": values}
    return kinds.get(knob.shape, knob.value_type) | None


def _description(knob: Knob) -> str:
    default = knob.shown_default()
    return knob.description + (f" Default: {default}." if default else "")


def _asking(settings: Mapping[str, Any], questions: "Sequence[Question] | None") -> dict[str, Any]:
    """Return the settings with questions made in Python among the probes."""
    if questions is None:
        return {**settings}
    from askew.probes.from_file import write

    return {**settings, "probes": [*(settings.get("probes") or []), write(questions)]}


@_with_settings
def run(
    study: str | None = None,
    *,
    questions: "Sequence[Question] | None" = None,
    config: Path | str | None = None,
    out: Path | str | None = None,
    quiet: bool = False,
    yes: bool = False,
    again: bool = False,
    **settings: Any,
) -> "Run":
    """Run a study, or resume a run with the same design, and return the finished run.

    A setting that is None has its value from `config`, or else the study's default.

    Args:
        study: The study's name; None if `config` names it.
        **settings: Any setting of the design.
        questions: Questions made in Python, asked besides `probes`, or instead of the default probes. They are written
            as a question file in `runs/questions/`, which the design names.
        config: A YAML file of settings; `askew run STUDY --dump-config` prints one.
        out: The run's folder; by default a folder in `runs/`, named after the design.
        quiet: Show no progress.
        yes: Start a provider's fine-tunes, which cost money, without asking for consent.
        again: Restart failed or cancelled jobs.

    Returns:
        The finished run.

    Raises:
        AskewError: A setting is wrong, the folder holds something else or is in use, or the disk is full.

    Example:
        ```python
        run = askew.run("emergent-misalignment", arms=["untuned", "insecure", "secure"], seeds=2)
        run.estimates
        ```
    """
    from askew.runs.runner import run_plan
    from askew.runs.work import Consent

    plan = make_plan(study, _path(config), _overrides("run", _asking(settings, questions)))
    return run_plan(plan, _path(out), quiet, Consent(yes, again))


@_with_settings
def audit(
    model: str,
    *tuned: str,
    questions: "Sequence[Question] | None" = None,
    settings: Mapping[str, Any] | None = None,
    config: Path | str | None = None,
    out: Path | str | None = None,
    quiet: bool = False,
    **more: Any,
) -> "Run":
    """Ask tuned models and their base the same questions, or resume such an audit, and return the finished run.

    A setting that is None has its value from `config`, or else its default.

    Args:
        model: The base; or a single model to audit.
        *tuned: Models tuned from it, each also as `NAME=MODEL`.
        **more: Any setting of the design.
        questions: Questions made in Python, asked besides `probes`, or instead of the default probes. They are written
            as a question file in `runs/questions/`, which the design names.
        settings: Further settings by dotted name.
        config: A YAML file of settings.
        out: The run's folder; by default a folder in `runs/`, named after the design.
        quiet: Show no progress.

    Returns:
        The finished run. Its `verdict` is text, its `findings` are data.

    Raises:
        AskewError: A setting is wrong, a model does not exist, or the folder holds something else.

    Example:
        ```python
        run = askew.audit("terrarium", "runs/mine#insecure-0")
        run.verdict
        [(found.probe, found.reading) for found in run.findings]
        ```
    """
    from askew.runs.runner import run_plan
    from askew.studies.audit.study import AUDIT, shown_as

    overrides = {
        "model": model,
        "tuned": shown_as(tuned),
        **_overrides("audit", _asking(more, questions)),
        **(settings or {}),
    }
    return run_plan(make_plan(AUDIT, _path(config), overrides), _path(out), quiet)


def ask(
    model: str,
    questions: "Sequence[Question]",
    *,
    samples: int | None = None,
    judge: str | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    model_args: Mapping[str, Any] | None = None,
    judge_args: Mapping[str, Any] | None = None,
) -> "pd.DataFrame":
    """Ask a model some questions in this process, without a run folder, and return every answer.

    Args:
        model: The model's name.
        questions: The questions.
        samples: Answers to each question; None takes what the question says, or 100.
        judge: The judge's name; None leaves answers unjudged, but the terrarium has its own judge.
        seed: Seed of the sampling.
        temperature: Sampling temperature.
        model_args: Extra arguments of the model: request fields, `reasoning_effort`, `enable_thinking` and other
            variables of its chat template.
        judge_args: Extra arguments of the judge.

    Returns:
        One row per answer, with the columns question, paraphrase, index, prompt, answer, aligned and coherent (0-100,
        NaN if not judged), and a column for each measured score: a number from 0 to 100, or a word.

    Raises:
        AskewError: A name or a setting is wrong, or the model can't be asked.
    """
    from tempfile import TemporaryDirectory

    from askew.probes.ask import ProbeCall
    from askew.probes.ask import ask as ask_probes
    from askew.probes.from_file import write
    from askew.probes.read_log import answers_from_log, scores_from_log

    with TemporaryDirectory() as folder:
        asked: dict[str, Any] = {"file": write(questions, Path(folder)), "seed": seed, "temperature": temperature}
        asked |= {} if samples is None else {"samples": samples}
        call, logs = ProbeCall("questions", "questions", asked), Path(folder) / "logs"
        [log] = ask_probes(model, judge, [call], logs, model_args=model_args or {}, judge_args=judge_args or {})
        answers, scores = answers_from_log(log, model, seed), scores_from_log(log)
    answers = answers[["question", "paraphrase", "index", "prompt", "answer", "aligned", "coherent"]]
    # Where first tokens have probabilities, the likeliest word of an answer stands for it.
    scores = scores.sort_values("number", ascending=False, kind="stable").drop_duplicates(
        ["question", "index", "score"]
    )
    for name, found in scores.groupby("score", sort=False):
        values = found["number"].where(found["word"].isna(), found["word"])
        one = found[["question", "index"]].assign(**{str(name): values})
        answers = answers.merge(one, on=["question", "index"], how="left")
    return answers
