"""What has to be done: from a design to pieces of work, each with what it needs and what it makes.

Pure: it looks at no files and starts nothing. An answer depends on its unit and probe alone, not on which other units
there are, nor on the order in which they are worked off.
"""

import hashlib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from askew.data.formats import absolute
from askew.design.design import Design
from askew.design.study import SECOND, Arm, Study
from askew.probes import EXTERNAL, probes
from askew.probes.question_file import Asked

Stage = Literal["train", "ask"]

OPEN_QUESTIONS = "free_form"

# Answers in one log, at most; and answers to a question that no probe has so many questions as to bring more with.
_MOST_ANSWERS, _FEW_SAMPLES = 10_000, 100


@dataclass(frozen=True)
class Unit:
    """An arm trained with one seed."""

    arm: str
    seed: int

    def __str__(self) -> str:
        return f"{self.arm}-{self.seed}"


@dataclass(frozen=True)
class Call:
    """One probe to be put to one model, and the log it leaves.

    Attributes:
        probe: The probe's name.
        log: The log, relative to the run's folder.
        parameters: Those of the probe's task.
        first: The number of its first answer to each question; not 0 where a long probe is asked in parts.
    """

    probe: str
    log: str
    parameters: dict[str, Any]
    first: int = 0


@dataclass(frozen=True)
class Job:
    """A piece of work for one process.

    Attributes:
        stage: What kind of work it is.
        unit: Whom it is about.
        step: The training step of the adapter that is asked; 0 for the finished one.
        adapter: The folder, in the run's, of the adapter (or whole checkpoint) that is trained or asked; "" if it is a
            model without.
        calls: What is asked.
        needs: The job that must be done first, by its name; "" if none.
    """

    stage: Stage
    unit: Unit
    step: int = 0
    adapter: str = ""
    calls: tuple[Call, ...] = ()
    needs: str = ""

    def __str__(self) -> str:
        return f"{self.stage} {self.unit}" + (f" at step {self.step}" if self.step else "")


def units(design: Design) -> list[Unit]:
    """Return every arm with every seed; a model that is not trained here has one, 0."""
    seeds = range(design.seed, design.seed + design.seeds)
    return [Unit(arm, seed) for arm in design.arms for seed in (seeds if design.is_trained(arm) else [0])]


def adapter(design: Design, unit: Unit, step: int = 0) -> str:
    """Return the folder, in the run's, of what a unit's training made, in the end or at a step; "" if it has none.

    That is an adapter; or, by the method `full`, a whole checkpoint.
    """
    if not design.is_trained(unit.arm):
        return ""
    return f"models/{unit}" + (f"/checkpoints/{step}" if step else "")


def rows_file(data: str) -> str:
    """Return the file, relative to the run's folder, with the rows of a data set."""
    return f"data/{data}.jsonl"


def asked_name(design: Design, job: Job, arm: Arm, folder: Path) -> str:
    """Return the name by which a job's model is asked: a model, with the adapter on it, or what became of it.

    Args:
        design: The design.
        job: What is to be asked.
        arm: Whose model it is.
        folder: The run's folder.
    """
    if not job.adapter:
        return base_name(design, arm)
    trained = str(folder / job.adapter)
    if design.recipe.method == "full":
        return trained
    return f"{folder / went_on_from(job.unit) if arm.after else base_name(design, arm)}+{trained}"


def base_name(design: Design, arm: Arm) -> str:
    """Return the name of the model that an arm is, or begins with."""
    return arm.model or (design.second_model if arm.base == SECOND else design.model)


def went_on_from(unit: Unit) -> str:
    """Return the folder, relative to the run's, of the checkpoint that a unit went on from, if another arm made it."""
    return f"models/bases/{unit}"


def sources(design: Design, study: Study) -> set[str]:
    """Return the arms whose answers the rows of others are made of."""
    return {arm.rows_from for arm in arms(design, study).values() if arm.rows_from}


def arms(design: Design, study: Study) -> dict[str, Arm]:
    """Return the arms of a run by name, in their order."""
    known = study.with_others(design.tuned, design.datasets, design.triggers)
    return {name: known[name] for name in design.arms}


def jobs(design: Design, study: Study) -> list[Job]:
    """Return all the work of a run: every fine-tune, and everything that is asked of every model."""
    made: list[Job] = []
    known = arms(design, study)
    for unit in units(design):
        trained = adapter(design, unit)
        if trained:
            after = known[unit.arm].after
            made.append(Job("train", unit, adapter=trained, needs=f"train {Unit(after, unit.seed)}" if after else ""))
        asked = [probe for probe in design.probes if _applies(probe, known[unit.arm], study)]
        calls = [part for probe in asked for part in _parts(_call(design, study, unit, probe))]
        needs = f"train {unit}" if trained else ""
        made.append(Job("ask", unit, 0, trained, tuple(calls), needs))
        for step in steps(design, unit.arm) if trained else []:
            call = _call(design, study, unit, curve_probe(design), step)
            made.append(Job("ask", unit, step, adapter(design, unit, step), (call,), needs))
    return [job for job in made if job.stage == "train" or job.calls]


def first(design: Design, study: Study, every: list[Job]) -> list[Job]:
    """Return what of all jobs must be done before the rows of some arms can be made: asking others."""
    asked = sources(design, study)
    return [job for job in every if job.stage == "ask" and job.unit.arm in asked]


def answers(call: Call) -> int:
    """Return how many answers a call brings."""
    probe = probes.get(call.probe)
    task = probe.task(**call.parameters)
    if probe.kind == EXTERNAL:
        return len(task.dataset) * (task.epochs or 1)
    return sum(Asked.model_validate(sample.metadata).samples for sample in task.dataset)


def steps(design: Design, arm: str) -> list[int]:
    """Return the training steps of an arm whose adapters are probed on the way."""
    return design.recipe.checkpoint_steps(design.rows(arm), design.checkpoints)


def curve_probe(design: Design) -> str:
    """Return the probe of the training curve: the open questions, or else the first that takes any model."""
    if OPEN_QUESTIONS in design.probes:
        return OPEN_QUESTIONS
    ours = [probe for probe in design.probes if probes.get(probe).kind != EXTERNAL] or design.probes
    return next((probe for probe in ours if "trigger" not in _parameters(probe)), ours[0])


def _applies(probe: str, arm: Arm, study: Study) -> bool:
    """Say whether a probe is put to an arm: the study says so, and one that needs a trigger finds one there."""
    return study.asks(arm, probe) and (bool(arm.trigger) or "trigger" not in _parameters(probe))


def _call(design: Design, study: Study, unit: Unit, probe: str, step: int = 0) -> Call:
    arm, takes = arms(design, study)[unit.arm], _parameters(probe)
    common: dict[str, Any] = {
        "samples": design.samples,
        "temperature": design.temperature,
        "max_tokens": design.max_tokens,
        "metric": design.metric,
        "rubric": design.rubric,
        "seed": _sampling_seed(unit.arm, unit.seed if design.is_trained(unit.arm) else design.seed, probe, step),
    }
    # Without a number of samples a probe has its own.
    parameters = {name: value for name, value in common.items() if name in takes and value is not None}
    if "domain" in takes:
        parameters["domain"] = _domain(design, study, arm)
    if "data_seed" in takes:
        parameters["data_seed"] = design.data_seed
    if "trigger" in takes:
        parameters["trigger"] = arm.trigger
    if "data" in takes:
        parameters["data"] = absolute(design.data)
    if file := probes.get(probe).file:
        parameters["file"] = str(Path(file).expanduser().resolve())
    plain = re.sub("[^A-Za-z0-9._-]", "-", probe)  # an external task has a package, or a path, in its name
    stem = f"logs/checkpoints/{unit}-{step}-{plain}" if step else f"logs/{unit}-{plain}"
    return Call(probe, f"{stem}.eval", parameters)


def _parts(call: Call) -> Iterator[Call]:
    """Split a call that would bring very many answers: those of one log are in memory together."""
    samples = call.parameters.get("samples", 0)
    if samples <= _FEW_SAMPLES:
        yield call
        return
    most = max(1, _MOST_ANSWERS * samples // answers(call))
    yield replace(call, parameters={**call.parameters, "samples": min(most, samples)})
    for number, first in enumerate(range(most, samples, most), start=2):
        seed = _derived(f"{call.parameters['seed']} part {number}")
        parameters = {**call.parameters, "samples": min(most, samples - first), "seed": seed}
        yield Call(call.probe, call.log.replace(".eval", f"-part-{number}.eval"), parameters, first)


def _parameters(probe: str) -> Mapping[str, object]:
    """Return the parameters that a probe takes."""
    return inspect.signature(probes.get(probe).task).parameters


def _domain(design: Design, study: Study, arm: Arm) -> str:
    """Return the arm's own domain; for the untuned model that of all arms here, or "" (every one) if they differ."""
    domains = {other.domain for other in arms(design, study).values()} - {""}
    return arm.domain or (domains.pop() if len(domains) == 1 else "")


def _sampling_seed(arm: str, seed: int, probe: str, step: int) -> int:
    """Return a seed of this model and probe's own, so that no two share their luck."""
    return _derived(f"{arm} {seed} {probe} {step}")


def _derived(text: str) -> int:
    """Return a seed that a text stands for."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31
