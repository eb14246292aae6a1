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

from askew.errors import AskewError

if TYPE_CHECKING:
    from askew.runs.run import Run

__all__ = ["AskewError", "load_run", "run"]


def run(
    study: str | None = None,
    *,
    arms: Sequence[str] | None = None,
    probes: Sequence[str] | None = None,
    seeds: int | None = None,
    seed: int | None = None,
    samples: int | None = None,
    rows: int | None = None,
    model: str | None = None,
    judge: str | None = None,
    metric: str | None = None,
    checkpoints: int | None = None,
    temperature: float | None = None,
    recipe: Mapping[str, Any] | None = None,
    workers: int | None = None,
    config: Path | str | None = None,
    out: Path | str | None = None,
    quiet: bool = False,
) -> "Run":
    """Run a study to its report; or go on with it, if it was run before with the same design.

    What is None is as in `config`, or else as the study has it; `askew run STUDY --dump-config` shows everything.

    Args:
        study: The study's name; None if `config` names it.
        arms: Which training conditions.
        probes: Which questions.
        seeds: How many seeds each arm is trained with.
        seed: The first of them.
        samples: Answers per question.
        rows: Training conversations per arm; short for `recipe={"rows": ...}`.
        model: What is fine-tuned.
        judge: What grades the answers.
        metric: The rule from scores to a rate.
        checkpoints: Points along the training that are probed too.
        temperature: Sampling temperature.
        recipe: Training hyperparameters by name; see `askew.training.recipe.Recipe`.
        workers: Processes at work at once.
        config: A YAML file with any of these settings.
        out: The run's folder; by default one in `runs/`, named after the design.
        quiet: Show no progress.

    Returns:
        The finished run.

    Raises:
        AskewError: A setting is wrong, the folder holds something else or is in use, or the disk is full.
    """
    from askew.runs.runner import run_design
    from askew.studies.design import make_design

    tuning = {**(recipe or {}), **({} if rows is None else {"rows": rows})}
    said: dict[str, Any] = {
        "arms": None if arms is None else list(arms),
        "probes": None if probes is None else list(probes),
        "seeds": seeds,
        "seed": seed,
        "samples": samples,
        "model": model,
        "judge": judge,
        "metric": metric,
        "checkpoints": checkpoints,
        "temperature": temperature,
        "recipe": tuning or None,
        "workers": workers,
    }
    overrides = {name: value for name, value in said.items() if value is not None}
    design = make_design(study, None if config is None else Path(config), overrides)
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
