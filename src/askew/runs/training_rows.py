"""The training rows of a run: written into its folder, and checked before anything is trained."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from askew.base.errors import AskewError
from askew.design.arm import Arm
from askew.design.plan import Plan
from askew.models.model_args import template_variables
from askew.models.said import NO_ANSWER
from askew.probes import EXTERNAL
from askew.runs.calls import calls
from askew.runs.store import RunFolder

if TYPE_CHECKING:
    from askew.data import Row


def write(folder: RunFolder, plan: Plan) -> None:
    """Write the training rows of every arm that needs no answers for them, one conversation a line."""
    for arm in _data_sets(plan):
        if not _answers_of(arm) and not folder.is_finished(plan.rows_file(arm)):
            _write(folder, plan.rows_file(arm), plan.training_rows(arm))


def are_written(folder: RunFolder, plan: Plan) -> bool:
    """Return whether the rows of every arm are there; rows made of answers are missing at first."""
    return all(folder.is_finished(plan.rows_file(arm)) for arm in _data_sets(plan))


def write_from_answers(folder: RunFolder, plan: Plan) -> None:
    """Write the rows that are made of the answers of other arms, which must have been asked.

    What is no answer, such as a reply that a filter withheld, makes no row.

    Raises:
        AskewError: The study cannot make rows of these answers.
    """
    from askew.probes.read_log import answers_from_log

    for arm in _data_sets(plan):
        if not _answers_of(arm) or folder.is_finished(plan.rows_file(arm)):
            continue
        make = plan.study.rows_from_answers
        assert make is not None
        frames = [
            answers_from_log(folder / call.log, unit.arm.name, unit.seed, call.probe)
            for unit in plan.units
            if unit.arm.name == _answers_of(arm)
            for call in calls(plan, unit)
            if plan.probes[call.probe].kind != EXTERNAL
        ]
        answers = pd.concat(frames, ignore_index=True)
        answers = answers[~answers["reply"].isin(NO_ANSWER)].reset_index(drop=True)
        rows = make(plan.design, arm, plan.rows(arm.name), answers)
        _write(folder, plan.rows_file(arm), rows)


def check_own(plan: Plan) -> None:
    """Refuse the user's own rows that cannot be trained on, before a folder is begun.

    Raises:
        AskewError: A row does not fit the model or the recipe.
    """
    for arm in plan.arms.values():
        if arm.name in plan.design.datasets and plan.is_trained(arm):
            _check(plan, arm, plan.training_rows(arm), plan.design.datasets[arm.name].source)


def check_written(folder: RunFolder, plan: Plan, arms: Iterable[Arm]) -> None:
    """Refuse rows of the study's own that cannot be trained on, before the first arm is trained.

    Raises:
        AskewError: A row does not fit the model or the recipe.
    """
    from askew.data.formats import read_rows

    for arm in arms:
        if arm.name not in plan.design.datasets:
            file = folder / plan.rows_file(arm)
            _check(plan, arm, read_rows(file), str(file))


def of_another_world(plan: Plan) -> list[str]:
    """Return the arms that are trained on rows in the words of the terrarium's world, on a model that is not of it.

    The user's own rows, and rows made of answers, are of no world.
    """
    if plan.model.is_terrarium:
        return []
    ours = [
        arm
        for arm in plan.arms.values()
        if plan.is_trained(arm) and not _answers_of(arm) and arm.name not in plan.design.datasets
    ]
    return [arm.name for arm in ours if plan.data_set(arm).name == arm.data]


def _data_sets(plan: Plan) -> list[Arm]:
    """Return one arm for each data set that is trained on."""
    return list({arm.data: arm for arm in plan.arms.values() if arm.data}.values())


def _answers_of(arm: Arm) -> str:
    return arm.training.answers_of if arm.training else ""


def _write(folder: RunFolder, file: str, rows: "list[Row]") -> None:
    from askew.data.write import as_line

    content = "".join(map(as_line, rows)).encode()
    if not folder.adopt(file, lambda path: _doubt(path, content), made_anew=True):
        folder.write_bytes(file, content)
        folder.finish(file)


def _doubt(path: Path, content: bytes) -> str:
    return "" if path.is_file() and path.read_bytes() == content else "has other rows than the design gives"


def _check(plan: Plan, arm: Arm, rows: "list[Row]", source: str) -> None:
    from askew.training.rows import tokenize_rows

    checkpoint = plan.start(arm).checkpoint
    assert checkpoint is not None
    try:
        variables = template_variables(plan.design.model_args)
        tokenize_rows(checkpoint, [{**row} for row in rows], plan.design.recipe, variables)
    except AskewError as error:
        raise AskewError(f"{source}: {error}") from error
