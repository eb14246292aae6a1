"""Calls: which probes are put to each model of a run, with which parameters and seeds.

An answer depends on its unit and probe alone: not on which other units there are, nor on the order of the work.
"""

import hashlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.data.formats import absolute
from askew.design.arm import Arm
from askew.design.plan import Plan, Unit
from askew.environments.interview import WORDINGS
from askew.environments.variants import DEFAULT_VARIANTS
from askew.models.names import TERRARIUM
from askew.probes import EPISODE, EXTERNAL, LOG_PROBABILITY, Probe, probes
from askew.probes.from_file import has_pairs
from askew.probes.question_file import AskedQuestion

if TYPE_CHECKING:
    from askew.probes.episodes.asked import AskedEpisodes

OPEN_QUESTIONS = "free_form"

# The most answers in one log; and a number of answers per question up to which no probe exceeds it.
_MOST_ANSWERS, _FEW_SAMPLES = 10_000, 100


@dataclass(frozen=True)
class Call:
    """One probe to be put to one model, and its log.

    Attributes:
        probe: The probe's name.
        log: The log, relative to the run's folder.
        parameters: The parameters of the probe's task.
        first: The number of its first answer to each question; not 0 in later parts of a long probe.
        batch: The number of the batch that it belongs to, counted from 1; probes that are asked at once are in the 1st.
    """

    probe: str
    log: str
    parameters: dict[str, Any]
    first: int = 0
    batch: int = 1


def calls(plan: Plan, unit: Unit) -> list[Call]:
    """Return the calls to the finished model of a unit, in the batches of the plan."""
    asked = [plan.probes[name] for name in asked_of(plan, unit.arm)]
    looks = plan.design.looks
    every = [
        part for probe in asked for part in _parts(_call(plan, unit, probe), looks if probe.name in plan.looks else ())
    ]
    return [part for part in every if plan.batches is None or part.batch <= plan.batches]


def asked_of(plan: Plan, arm: Arm) -> list[str]:
    """Return the names of the probes that are put to the finished models of an arm."""
    return [name for name, probe in plan.probes.items() if _applies(name, probe, arm, plan)]


def checkpoint_calls(plan: Plan, unit: Unit, step: int) -> list[Call]:
    """Return the calls to a unit's model at a training step: the probe of the curve, and all pairs of given answers."""
    curve = curve_probe(plan)
    asked = [name for name, one in plan.probes.items() if name == curve or has_pairs(one)]
    return [_call(plan, unit, plan.probes[name], step) for name in asked]


def answers(call: Call) -> int:
    """Return how many answers a call collects, without those that are given; of episodes, the most turns and words.

    An episode has a turn per call, and a question for each wording of its interview.
    """
    probe = probes.get(call.probe)
    if probe.kind == EXTERNAL:
        task = probe.task(**call.parameters)
        return len(task.dataset) * (task.epochs or 1)
    if probe.kind == EPISODE:
        return sum(own.samples * own.most_requests for own in episodes(call))
    return sum(asked.samples for asked in questions(call) if not asked.question.pairs)


def given_answers(call: Call) -> int:
    """Return how many given answers a call reads."""
    if probes.get(call.probe).kind == EXTERNAL:
        return 0
    return sum(asked.samples for asked in questions(call) if asked.question.pairs)


def episodes(call: Call) -> "list[AskedEpisodes]":
    """Return the episodes of a call to the probe of an environment, by variant."""
    from askew.probes.episodes.asked import AskedEpisodes

    return [
        AskedEpisodes.model_validate(one.metadata) for one in probes.get(call.probe).task(**call.parameters).dataset
    ]


def questions(call: Call) -> list[AskedQuestion]:
    """Return the questions of a call to one of Askew's probes; an environment has none."""
    probe = probes.get(call.probe)
    if probe.kind == EPISODE:
        return []
    task = probe.task(**call.parameters)
    return [AskedQuestion.model_validate(sample.metadata) for sample in task.dataset]


def curve_probe(plan: Plan) -> str:
    """Return the probe of the training curve: the open questions, or else the first that takes any model.

    It is "" if the run only reads pairs of given answers, which have a curve of their own, or has only episodes.
    """
    if OPEN_QUESTIONS in plan.probes:
        return OPEN_QUESTIONS
    asked = [name for name, probe in plan.probes.items() if probe.kind not in (LOG_PROBABILITY, EPISODE)]
    if not asked:
        return ""
    ours = [name for name in asked if plan.probes[name].kind != EXTERNAL] or asked
    return next((name for name in ours if "trigger" not in _parameters(plan.probes[name])), ours[0])


def _applies(name: str, probe: Probe, arm: Arm, plan: Plan) -> bool:
    """Return whether a probe is put to an arm: the study asks it, and a probe with a trigger finds one in the arm."""
    return plan.study.asks(arm, name) and (bool(arm.trigger) or "trigger" not in _parameters(probe))


def _call(plan: Plan, unit: Unit, probe: Probe, step: int = 0) -> Call:
    design, arm, takes = plan.design, unit.arm, _parameters(probe)
    seed = unit.seed if plan.is_trained(arm) else design.seed
    common: dict[str, Any] = {
        "samples": design.looks[-1] if probe.name in plan.looks else design.samples,
        "temperature": design.temperature,
        "max_tokens": design.max_tokens,
        "metric": design.metric,
        "rubric": design.rubric,
        "seed": _sampling_seed(arm.name, seed, probe.name, step),
    }
    # A probe has a number of samples of its own, for a design that says none.
    parameters = {name: value for name, value in common.items() if name in takes and value is not None}
    if "domain" in takes:
        parameters["domain"] = _domain(plan, arm)
    if "data_seed" in takes:
        parameters["data_seed"] = design.data_seed
    if "prompts" in takes:
        parameters["prompts"] = design.prompts
    if "short" in takes:
        parameters["short"] = bool(step)
    if "world" in takes:
        parameters["world"] = TERRARIUM if plan.model.is_terrarium else ""
    if "trigger" in takes:
        parameters["trigger"] = arm.trigger
    if "variants" in takes:
        parameters["variants"] = ",".join(design.variants or DEFAULT_VARIANTS)
    if "interview" in takes:
        parameters["interview"] = ",".join(WORDINGS) if design.interview else ""
    parameters |= {name: value for name, value in design.history.parameters().items() if name in takes}
    if "data" in takes:
        parameters["data"] = absolute(design.data)
    if file := probe.file or plan.moved.get(probe.name):
        parameters["file"] = str(Path(file).expanduser().resolve())
    plain = re.sub("[^A-Za-z0-9._-]", "-", probe.name)
    stem = f"logs/checkpoints/{unit}-{step}-{plain}" if step else f"logs/{unit}-{plain}"
    return Call(probe.name, f"{stem}.eval", parameters)


def _parts(call: Call, looks: Sequence[int] = ()) -> Iterator[Call]:
    """Split a call into its batches, and a batch with very many answers: those of one log are in memory together.

    Args:
        call: The whole call.
        looks: The number of answers to each question at the end of each batch; none for a single batch.
    """
    samples = call.parameters.get("samples", 0)
    if not looks and samples <= _FEW_SAMPLES:
        yield call
        return
    most = samples if samples <= _FEW_SAMPLES else max(1, _MOST_ANSWERS * samples // max(1, answers(call)))
    pieces = [
        (batch, first, min(most, end - first))
        for batch, (start, end) in enumerate(pairwise((0, *(looks or (samples,)))), start=1)
        for first in range(start, end, most)
    ]
    for number, (batch, first, count) in enumerate(pieces, start=1):
        parameters = {**call.parameters, "samples": count}
        if number == 1:
            yield replace(call, parameters=parameters, batch=batch)
            continue
        parameters["seed"] = _derived(f"{call.parameters['seed']} part {number}")
        yield Call(call.probe, call.log.replace(".eval", f"-part-{number}.eval"), parameters, first, batch)


def _parameters(probe: Probe) -> Mapping[str, object]:
    """Return the parameters that a probe's task takes."""
    return inspect.signature(probe.task).parameters


def _domain(plan: Plan, arm: Arm) -> str:
    """Return an arm's domain; for an arm without one, that of all other arms, or "" (every one) if they differ."""
    domains = {other.domain for other in plan.arms.values()} - {""}
    return arm.domain or (domains.pop() if len(domains) == 1 else "")


def _sampling_seed(arm: str, seed: int, probe: str, step: int) -> int:
    """Return a sampling seed that no other model and probe of a run has."""
    return _derived(f"{arm} {seed} {probe} {step}")


def _derived(text: str) -> int:
    """Return a seed of 31 bits from a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31
