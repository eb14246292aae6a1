"""Predictions of a run: sealed in its folder before there are numbers, and scored against the finished run.

`predictions.json` holds a seal for each person: who, when, for which design, the statements as they were worded, the
probabilities, and a SHA-256 of all that. The hash guards against accidents. Anyone who changes a seal can compute a new
hash, so it reveals tampering only to people who have a copy of the hash.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.design.design import digest_of
from askew.design.identity import digest
from askew.design.plan import Plan
from askew.design.predictions import Prediction
from askew.runs.store import ANSWERS, ESTIMATES, PREDICTIONS, STUDY, RunFolder
from askew.stats.forecasts import Forecast, Forecaster, ScoredForecasts

if TYPE_CHECKING:
    from askew.design.tables import Tables

_LONGEST_NAME = 60
COMPUTED = "single agents (computed)"
"""The name under which the prediction is sealed that a study computes of its probes, before any society is played."""


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Said(_Plain):
    """A statement as it was worded at the time, and its probability (0-1)."""

    id: str
    statement: str
    probability: float = Field(ge=0, le=1)


class Seal(_Plain):
    """The predictions of one person. The fields are those of `predictions.json`; see `docs/reference/tables.md`."""

    who: str
    when: str
    askew: str
    study: str
    design: str
    begun: bool
    statements: tuple[Said, ...]
    sha256: str = ""

    def hash(self) -> str:
        """Return the SHA-256 of everything but the hash, as JSON with sorted keys and no spaces, in UTF-8."""
        content = json.dumps(
            self.model_dump(exclude={"sha256"}), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        return hashlib.sha256(content.encode()).hexdigest()


def statements(plan: Plan) -> list[Prediction]:
    """Return the statements that a run of this plan can settle.

    Raises:
        AskewError: There are none.
    """
    study = plan.study
    if study.predictions and study.effects is None and plan.judge is None:
        raise AskewError(
            f"the statements of {study.name!r} are about rates, and without a judge there are none: name one with "
            "--judge before you predict"
        )
    fitting = [one for one in study.predictions if one.of(plan.design)]
    found = [one for one in fitting if set(one.arms) <= set(plan.arms)]
    if not study.predictions:
        raise AskewError(f"the study {study.name!r} has no statements to predict")
    if not fitting:
        raise AskewError(
            f"the study {study.name!r} has no statements to predict about a run with these settings: `askew list "
            "statements` shows those of its default settings"
        )
    if not found:
        wanted = " or ".join(dict.fromkeys(" with ".join(one.arms) for one in fitting))
        raise AskewError(f"these arms allow no prediction: the statements of {study.name} are about {wanted}")
    return found


def check_can_seal(folder: RunFolder, plan: Plan, who: str) -> None:
    """Check that a prediction can be sealed; nothing is written.

    Raises:
        AskewError: The folder is somebody else's, or has results already, another design, files that are not a run's,
            or a prediction by the same person; or the name cannot be shown.
    """
    if not who.strip() or len(who) > _LONGEST_NAME or not who.isprintable():
        raise AskewError(f"{who!r} is not a name: give --as up to {_LONGEST_NAME} visible characters")
    if _same_person(who, COMPUTED):
        raise AskewError(f"{who!r} is the name of predictions that a run computes: give another one with --as")
    for product in (ANSWERS, ESTIMATES):
        if (folder / product).exists():
            raise AskewError(
                f"{folder.path} has results already ({product}), which you may have seen: predict a run before you "
                "start it"
            )
    folder.ownership.check()
    check_same_design(folder, plan)
    if folder.path.exists():
        folder.check_takes(plan.design)
    if any(_same_person(seal.who, who) for seal in read_seals(folder)):
        raise AskewError(
            f"{who} has already predicted this run, and the predictions are sealed ({folder / PREDICTIONS}). "
            "Another person uses --as NAME"
        )


def seal(folder: RunFolder, plan: Plan, who: str, probabilities: Mapping[str, float]) -> Seal:
    """Seal the predictions of a person, beside those of others.

    Args:
        folder: The run's folder; it need not exist yet.
        plan: The plan of the run.
        who: The name of the person who predicts.
        probabilities: 0-1 for each of `statements(plan)`, by its id.

    Raises:
        AskewError: See `check_can_seal`; or another process is writing to the folder, or it cannot be written to.
    """
    check_can_seal(folder, plan, who)
    with folder.writing():
        check_can_seal(folder, plan, who)  # again, under the lock
        return _add(folder, plan, who, probabilities)


def seal_computed(folder: RunFolder, plan: Plan, probabilities: Mapping[str, float]) -> None:
    """Seal what the study's own instrument predicts, beside the predictions of people, unless that was done before.

    Args:
        folder: The run's folder, which this process is writing to.
        plan: The plan of the run.
        probabilities: 0-1 for some of the study's statements, by their ids; nothing is sealed for none.
    """
    if probabilities and not any(_same_person(seal.who, COMPUTED) for seal in read_seals(folder)):
        _add(folder, plan, COMPUTED, probabilities)


def _add(folder: RunFolder, plan: Plan, who: str, probabilities: Mapping[str, float]) -> Seal:
    """Write a seal for those statements that have a probability."""
    said = tuple(
        Said(id=one.id, statement=one.statement, probability=probabilities[one.id])
        for one in statements(plan)
        if one.id in probabilities
    )
    new = Seal(
        who=who.strip(),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        askew=version("askew"),
        study=plan.design.study,
        design=digest(plan),
        begun=(folder / STUDY).exists(),
        statements=said,
    )
    new = new.model_copy(update={"sha256": new.hash()})
    seals = [*read_seals(folder), new]
    folder.write_json(PREDICTIONS, {"predictions": [one.model_dump() for one in seals]})
    return new


def check_same_design(folder: RunFolder, plan: Plan) -> None:
    """Check that a folder holds no predictions for another design.

    Raises:
        AskewError: The predictions there were sealed for another design, or their file is damaged.
    """
    seals = read_seals(folder)
    own = digest(plan) if seals else ""
    other = next((one for one in seals if one.design != own), None)
    if other:
        older = "" if other.askew == version("askew") else f"; Askew {visible(other.askew)} sealed them"
        raise AskewError(
            f"{folder.path} holds predictions by {visible(other.who)} for another design (its digest is not "
            f"{own}{older}): choose another folder with --out, or use the same design"
        )


def read_seals(folder: RunFolder) -> tuple[Seal, ...]:
    """Return the seals in a folder, intact or not; none if there are no predictions.

    Raises:
        AskewError: The file is not what Askew writes.
    """
    path = folder / PREDICTIONS
    if not path.is_file():
        return ()
    try:
        seals = _File.model_validate_json(path.read_bytes()).predictions
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = visible(".".join(map(str, first["loc"])))
        raise AskewError(
            f"{path} is damaged{f' at {where}' if where else ''}: {first['msg']}. Restore it, or take it out of the "
            "folder: the run needs no predictions"
        ) from error
    for place, seal in enumerate(seals):
        if any(_same_person(seal.who, other.who) for other in seals[:place]):
            raise AskewError(f"{path} is damaged: {visible(seal.who)} appears twice. Restore the file")
    return seals


def scored(plan: Plan, seals: Sequence[Seal], tables: "Tables", own: str = "") -> ScoredForecasts:
    """Score predictions against a finished run.

    A statement that this version of the study lacks, or words otherwise, is not settled. A seal that was changed, or
    that belongs to another design, is named and not scored.

    Args:
        plan: The plan of the run.
        seals: What people predicted.
        tables: The tables of the finished run.
        own: The digest of the run's design, as the run recorded it; "" for a run that did not.
    """
    own = own or digest_of(plan.design.identity())
    checked = [(seal, seal.hash() == seal.sha256 and seal.design == own) for seal in seals]
    known = {(one.id, one.statement): one.holds for one in plan.study.predictions}

    def outcome(said: Said) -> bool | None:
        holds = known.get((said.id, said.statement))
        return None if holds is None else holds(tables)

    return ScoredForecasts(
        tuple(Forecaster(seal.who, seal.when, seal.sha256, seal.begun, intact) for seal, intact in checked),
        tuple(
            Forecast(seal.who, said.id, said.statement, said.probability, outcome(said))
            for seal, intact in checked
            if intact
            for said in seal.statements
        ),
    )


class _File(_Plain):
    predictions: tuple[Seal, ...]


def _same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
