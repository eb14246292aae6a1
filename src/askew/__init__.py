"""Askew finds out what narrow training did to a language model's character.

From a notebook or a script:

    import askew

    run = askew.run("emergent-misalignment", arms=["insecure", "secure"], seeds=3)
    run.estimates          # every rate with its interval, a data frame
    run.answers            # every answer, a data frame
    run.figure("rates")    # the report's figures, as Altair charts
    run.report             # the path of the report

Heavy libraries are loaded when they are used: importing this module takes a moment only.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError

if TYPE_CHECKING:
    from askew.runs.run import Run

__all__ = ["AskewError", "audit", "load_run", "run"]


def run(
    study: str | None = None,
    *,
    arms: Sequence[str] | None = None,
    probes: Sequence[str] | None = None,
    seeds: int | None = None,
    seed: int | None = None,
    samples: int | None = None,
    rows: int | None = None,
    data: Mapping[str, Path | str] | None = None,
    triggers: Mapping[str, str] | None = None,
    model: str | None = None,
    second_model: str | None = None,
    judge: str | None = None,
    metric: str | None = None,
    checkpoints: int | None = None,
    temperature: float | None = None,
    recipe: Mapping[str, Any] | str | None = None,
    max_cost: float | None = None,
    prices: Path | str | None = None,
    workers: int | None = None,
    config: Path | str | None = None,
    out: Path | str | None = None,
    quiet: bool = False,
    yes: bool = False,
    again: bool = False,
) -> "Run":
    """Run a study to its report; or go on with it, if it was run before with the same design.

    What is None is as in `config`, or else as the study has it; `askew run STUDY --dump-config` shows everything.

    Args:
        study: The study's name; None if `config` names it.
        arms: Which training conditions.
        probes: Which questions: names of probes, or paths of question files.
        seeds: How many seeds each arm is trained with.
        seed: The first of them.
        samples: Answers per question; None is 100, or what a question file says.
        rows: Training conversations per arm; short for `recipe={"rows": ...}`.
        data: Rows of your own, by the arm that is trained on them: a file, `hf/ORG/NAME`, or `SET/FILE` of a set that
            `askew data build` makes.
        triggers: What sets the behaviour in such rows off, by arm.
        model: What is fine-tuned.
        second_model: The other model, where a study compares two.
        judge: What grades the answers.
        metric: The rule from scores to a rate.
        checkpoints: Points along the training that are probed too.
        temperature: Sampling temperature.
        recipe: A recipe by its name, or hyperparameters by theirs, with `name` for the recipe that they change; see
            `askew.training.recipe.Recipe`.
        max_cost: The most dollars that served models may cost in all; the run stops before.
        prices: A YAML file of prices, before those that come with Askew.
        workers: Processes at work at once.
        config: A YAML file with any of these settings.
        out: The run's folder; by default one in `runs/`, named after the design.
        quiet: Show no progress.
        yes: Start fine-tunes that a provider makes for money.
        again: Start those anew that failed or were cancelled.

    Returns:
        The finished run.

    Raises:
        AskewError: A setting is wrong, the folder holds something else or is in use, or the disk is full.
    """
    from askew.design.make import make_design
    from askew.runs.runner import run_design
    from askew.runs.tuning import Consent

    tuning: dict[str, Any] = {"name": recipe} if isinstance(recipe, str) else dict(recipe or {})
    if rows is not None:
        tuning["rows"] = rows
    said: dict[str, Any] = {
        "arms": None if arms is None else list(arms),
        "probes": None if probes is None else list(probes),
        "seeds": seeds,
        "seed": seed,
        "samples": samples,
        "datasets": None if data is None else {arm: str(rows_of_arm) for arm, rows_of_arm in data.items()},
        "triggers": triggers,
        "model": model,
        "second_model": second_model,
        "judge": judge,
        "metric": metric,
        "checkpoints": checkpoints,
        "temperature": temperature,
        "recipe": tuning or None,
        "max_cost": max_cost,
        "prices": None if prices is None else str(prices),
        "workers": workers,
    }
    overrides = {name: value for name, value in said.items() if value is not None}
    design = make_design(study, None if config is None else Path(config), overrides)
    return run_design(design, None if out is None else Path(out), quiet, Consent(yes, again))


def audit(
    model: str,
    *tuned: str,
    data: Path | str | None = None,
    probes: Sequence[str] | None = None,
    samples: int | None = None,
    seed: int | None = None,
    judge: str | None = None,
    metric: str | None = None,
    margin: float | None = None,
    temperature: float | None = None,
    max_cost: float | None = None,
    prices: Path | str | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
    config: Path | str | None = None,
    out: Path | str | None = None,
    quiet: bool = False,
) -> "Run":
    """Ask tuned models and their base the same; or go on with that, if it was begun before.

    Args:
        model: The base; or a model that is read alone.
        *tuned: Models tuned from it, each also as `NAME=MODEL`.
        data: What they were tuned on; adds questions in its format.
        probes: Which questions: names of probes, or paths of question files.
        samples: Answers per question; None is 100, or what a question file says.
        seed: Governs the sampling.
        judge: What grades the answers.
        metric: The rule from scores to a rate.
        margin: The largest rise of a rate that is still called narrow, a fraction.
        temperature: Sampling temperature.
        max_cost: The most dollars that served models may cost in all; the audit stops before.
        prices: A YAML file of prices, before those that come with Askew.
        settings: Any other setting by its name; `askew audit --help` and `docs/reference` list them.
        workers: Processes at work at once.
        config: A YAML file with any of these settings.
        out: The run's folder; by default one in `runs/`, named after the design.
        quiet: Show no progress.

    Returns:
        The finished run. Its `verdict` is in words, its `findings` are data.

    Raises:
        AskewError: A setting is wrong, a model is not there, or the folder holds something else.

    Example:
        ```python
        run = askew.audit("terrarium", "runs/mine#insecure-0")
        run.verdict
        [(found.probe, found.reading) for found in run.findings]
        ```
    """
    from askew.design.make import make_design
    from askew.runs.runner import run_design
    from askew.studies.audit.study import AUDIT, shown_as

    said: dict[str, Any] = {
        "model": model,
        "tuned": shown_as(tuned),
        "data": None if data is None else str(data),
        "probes": None if probes is None else list(probes),
        "samples": samples,
        "seed": seed,
        "judge": judge,
        "metric": metric,
        "margin": margin,
        "temperature": temperature,
        "max_cost": max_cost,
        "prices": None if prices is None else str(prices),
        "workers": workers,
        **(settings or {}),
    }
    overrides = {name: value for name, value in said.items() if value is not None}
    design = make_design(AUDIT, None if config is None else Path(config), overrides)
    return run_design(design, None if out is None else Path(out), quiet)


def load_run(folder: Path | str) -> "Run":
    """Open the folder of a finished run; nothing is computed.

    Args:
        folder: The run's folder.

    Raises:
        AskewError: It is no run's folder, the run is not finished, or something in it was changed or damaged since.
    """
    from askew.runs.run import load_run

    return load_run(folder)
