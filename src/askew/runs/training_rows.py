"""The rows that the arms of a run are trained on: written into its folder, and looked at before anything is trained."""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd

from askew.base.errors import AskewError
from askew.design import plan
from askew.design.design import Design
from askew.design.plan import Job
from askew.design.study import Arm, studies
from askew.models.names import resolve
from askew.probes import EXTERNAL, probes
from askew.runs.store import RunFolder

if TYPE_CHECKING:
    from askew.data import Row


def write(folder: RunFolder, design: Design) -> None:
    """Write the training rows of every arm that needs no answers for them, one conversation a line."""
    for arm in _data_sets(design):
        if not arm.rows_from and not folder.is_finished(plan.rows_file(arm.data)):
            _write(folder, arm, _rows(design, arm))


def are_written(folder: RunFolder, design: Design) -> bool:
    """Say whether the rows of every arm are there; those made of answers are not at first."""
    return all(folder.is_finished(plan.rows_file(arm.data)) for arm in _data_sets(design))


def write_from_answers(folder: RunFolder, design: Design) -> None:
    """Write the rows that are made of the answers of other arms, which must have been asked.

    Raises:
        AskewError: The answers do not make rows, as the study says.
    """
    from askew.probes.read_log import answers_from_log

    study = studies.get(design.study)
    jobs = plan.first(design, study, plan.jobs(design, study))
    for arm in _data_sets(design):
        if not arm.rows_from or folder.is_finished(plan.rows_file(arm.data)):
            continue
        assert study.rows_from_answers is not None
        frames = [
            answers_from_log(folder / call.log, job.unit.arm, job.unit.seed, call.probe)
            for job in jobs
            if job.unit.arm == arm.rows_from
            for call in job.calls
            if probes.get(call.probe).kind != EXTERNAL
        ]
        _write(folder, arm, study.rows_from_answers(design, arm, pd.concat(frames, ignore_index=True)))


def _data_sets(design: Design) -> list[Arm]:
    """Return one arm for each data set that is trained on."""
    arms = plan.arms(design, studies.get(design.study)).values()
    return list({arm.data: arm for arm in arms if arm.data}.values())


def _write(folder: RunFolder, arm: Arm, rows: "list[Row]") -> None:
    from askew.data.write import as_line

    folder.write_bytes(plan.rows_file(arm.data), "".join(map(as_line, rows)).encode())
    folder.finish(plan.rows_file(arm.data))


def _rows(design: Design, arm: Arm) -> "list[Row]":
    """Return the rows that an arm is trained on: the first of its own, or those of the study's data set."""
    from askew.data import datasets
    from askew.data.formats import open_rows

    own, count = design.datasets.get(arm.name), design.rows(arm.name)
    return list(islice(open_rows(own.source), count)) if own else datasets.get(arm.data).rows(count, design.data_seed)


def check_own(design: Design) -> None:
    """Refuse rows of a user's own that cannot be trained on, as too long ones, before a folder is begun."""
    for arm in plan.arms(design, studies.get(design.study)).values():
        if arm.name in design.datasets:
            _check(design, arm, _rows(design, arm), design.datasets[arm.name].source)


def check_made(folder: RunFolder, design: Design, todo: Iterable[Job]) -> None:
    """Refuse rows of the study's own that cannot be trained on, before the first arm is trained."""
    from askew.data.formats import read_rows

    arms = plan.arms(design, studies.get(design.study))
    trained = {job.unit.arm for job in todo if job.stage == "train"} - set(design.datasets)
    for arm in sorted(trained, key=list(arms).index):
        file = folder / plan.rows_file(arms[arm].data)
        _check(design, arms[arm], read_rows(file), str(file))


def _check(design: Design, arm: Arm, rows: "list[Row]", source: str) -> None:
    from askew.training.rows import tokenize_rows

    checkpoint = resolve(plan.base_name(design, arm)).checkpoint
    assert checkpoint is not None
    try:
        tokenize_rows(checkpoint, [{**row} for row in rows], design.recipe)
    except AskewError as error:
        raise AskewError(f"{source}: {error}") from error
