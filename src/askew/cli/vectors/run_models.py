"""The models of a finished run and their answers, as the commands of `askew vectors` read them."""

from typing import TYPE_CHECKING

from askew.base.errors import AskewError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from askew.design.plan import Unit
    from askew.runs.run import Run
    from askew.vectors.monitor import Model

_MOST_PROMPTS = 64


def check_is_local(run: "Run") -> None:
    """Check that a run has models whose activations can be read.

    Raises:
        AskewError: It has none, or they are behind an API.
    """
    if not run.plan.study.has_model:
        raise AskewError(f"the run in {run.folder} has no language model, so there are no activations to read")
    if not run.plan.model.is_local:
        raise AskewError(
            f"the models of the run in {run.folder} are behind an API, which shows no activations. Name a run whose "
            "models are on this machine"
        )


def name_of(run: "Run", unit: "Unit") -> str:
    """Return the name by which a model of a run is opened: a trained one in its folder, or where it was tuned."""
    if run.plan.is_trained(unit.arm):
        return f"{run.folder}#{unit}"
    return run.plan.start(unit.arm).name


def models_of(run: "Run") -> "list[Model]":
    """Return the models of a run, with their training prompts and the models on the way, in the order of the run.

    Raises:
        AskewError: As in `check_is_local`; or the rows of a training cannot be read.
    """
    from askew.vectors.monitor import Model

    check_is_local(run)
    controls = {*run.plan.controls.values()}
    return [
        Model(
            arm=unit.arm.name,
            seed=unit.seed,
            name=name_of(run, unit),
            family=unit.arm.domain or (unit.arm.name if unit.arm.is_tuned else ""),
            side="control" if unit.arm.name in controls or not unit.arm.is_tuned else "arm",
            prompts=_prompts(run, unit),
            checkpoints=_checkpoints(run, unit),
        )
        for unit in run.plan.units
    ]


def answers_of(run: "Run", probes: "Sequence[str]", most: int) -> "pd.DataFrame":
    """Return the answers that a direction is compared with: to questions that are asked without turns before them.

    Args:
        run: The run.
        probes: The probes; all judged ones if empty.
        most: The most answers of a model to a question; 0 for all.

    Returns:
        Rows of answers.parquet, and pairs: the mean log-odds of the model's far pairs in nats per token, NaN without.

    Raises:
        AskewError: A probe is unknown, its questions have turns before them, or there is no answer.
    """
    from askew.models.said import NO_ANSWER

    usable = _without_turns(run)
    for name in probes:
        if name not in usable:
            raise AskewError(
                f"{unknown_name('probe', name, usable)} Only open questions without earlier turns are read"
                if usable
                else f"no probe of the run in {run.folder} can be read: name a run with open questions"
            )
    answers = run.answers
    chosen = answers["probe"].isin(list(probes) or usable) & ~answers["reply"].isin(NO_ANSWER)
    answers = answers[chosen & answers["answer"].str.strip().ne("")]
    if most:
        answers = answers[answers.groupby(["arm", "seed", "probe", "question"]).cumcount() < most]
    if answers.empty:
        raise AskewError(f"the run in {run.folder} has no answers to open questions, so there is nothing to read")
    odds = _pair_odds(run)
    keys = zip(answers["arm"], answers["seed"], strict=True)
    found = answers.assign(pairs=[odds.get(key, float("nan")) for key in keys])
    return found.assign(question=found["probe"] + "/" + found["question"]).reset_index(drop=True)


def _without_turns(run: "Run") -> list[str]:
    """Return the probes whose answers follow one user turn, so that the table of answers holds all that was asked."""
    from askew.probes import JUDGED
    from askew.runs.calls import calls, questions

    found: list[str] = []
    for call in [one for unit in run.plan.units for one in calls(run.plan, unit)]:
        if call.probe not in found and run.plan.probes[call.probe].kind == JUDGED:
            asked = [one.question for one in questions(call)]
            if not any(one.system or one.before for one in asked):
                found.append(call.probe)
    return found


def _pair_odds(run: "Run") -> dict[tuple[str, int], float]:
    """Return the mean log-odds of the misaligned answers in far pairs by model, each question with the same weight."""
    from askew.probes.given_pairs import FAR

    if not len(run.pairs):
        return {}
    far = run.pairs[run.pairs["kind"].eq(FAR) & run.pairs["step"].eq(0)]
    by_question = far.groupby(["arm", "seed", "question"])["per_token"].mean()
    means = by_question.groupby(["arm", "seed"]).mean().reset_index()
    return {(str(row["arm"]), int(row["seed"])): float(row["per_token"]) for row in means.to_dict("records")}


def _prompts(run: "Run", unit: "Unit") -> tuple[str, ...]:
    """Return prompts of a model's training, evenly from all rows."""
    from askew.data.formats import open_rows

    file = run.folder / unit.rows_file
    if not run.plan.is_trained(unit.arm) or not file.is_file():
        return ()
    rows = list(open_rows(file))
    count = min(_MOST_PROMPTS, len(rows))
    chosen = [rows[i * len(rows) // count]["messages"] for i in range(count)]
    return tuple(next(turn["content"] for turn in turns if turn["role"] == "user") for turns in chosen)


def _checkpoints(run: "Run", unit: "Unit") -> dict[int, str]:
    """Return the names of the models on the way and at the end of a training, by step."""
    folder = run.folder / unit.product
    if not run.plan.is_trained(unit.arm) or (folder / "config.json").is_file():
        return {}
    steps = [step for step in run.plan.checkpoint_steps(unit.arm.name) if (folder / "checkpoints" / str(step)).is_dir()]
    if not steps:
        return {}
    base = run.plan.start(unit.arm).name
    end = run.design.recipe.steps(run.plan.rows(unit.arm.name))
    return {**{step: f"{base}+{folder / 'checkpoints' / str(step)}" for step in steps}, end: name_of(run, unit)}
