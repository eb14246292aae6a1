"""Audit: did fine-tuning elsewhere change a model's behaviour outside the domain it was tuned on?

The base is the arm `untuned`; every tuned model is an arm, compared with the base question by question. Nothing is
trained. A model without a base is described by its absolute rates.
"""

import math
import re
from collections.abc import Callable, Sequence
from itertools import chain, count
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.design.arm import ARM_NAME, UNTUNED, Arm
from askew.design.study import Study, studies
from askew.probes import EXTERNAL, LOG_PROBABILITY, probes, title
from askew.report import wording
from askew.stats.estimates import pooled
from askew.stats.findings import BENT, CHANGED, NARROW, NOT_JUDGED, Finding, overall
from askew.stats.readings import FELL, LIKE_THESE, ROSE, ROSE_BELOW, UNSURE, WITHIN
from askew.stats.scores import are_scores
from askew.studies.audit.doubts import doubts
from askew.studies.audit.sentence import sentence

if TYPE_CHECKING:
    from askew.design.tables import Tables

AUDIT = "audit"
# Behaviour in the trained domain is expected to change, so it does not count against a model.
IN_DOMAIN = "in_domain"


def verdict(tables: "Tables") -> str:
    """Return the audit's conclusion: each tuned model's headline and what moved; a lone model's rates."""
    if not tables.design.tuned:
        return _alone(tables)
    return " ".join([*(_sentence(tables, arm) for arm in tables.design.tuned), *warnings(tables)])


def warnings(tables: "Tables") -> list[str]:
    """Return a sentence for each doubt about the models that the numbers raise; see `askew.studies.audit.doubts`."""
    return doubts(tables, [one for arm in tables.design.tuned for one in counted(tables, arm)])


def told(found: Sequence[Finding], is_told: Callable[[Finding], bool]) -> bool:
    """Return whether more answers can no longer change the headline of any model.

    *bent* is told by one rise of misaligned answers, *changed* once all readings of misaligned answers are told and
    something moved, everything else by all readings.

    Args:
        found: The findings.
        is_told: Returns whether more answers cannot change the reading of a finding.
    """
    by_arm: dict[str, list[Finding]] = {}
    for one in found:
        if one.probe != IN_DOMAIN:
            by_arm.setdefault(one.arm, []).append(one)
    return bool(by_arm) and all(_is_told(own, is_told) for own in by_arm.values())


def _is_told(found: Sequence[Finding], is_told: Callable[[Finding], bool]) -> bool:
    misaligned = [one for one in found if one.is_misaligned]
    settled = [one for one in found if is_told(one)]
    bent = any(one.is_misaligned and one.reading == ROSE for one in settled)
    moved = any(one.reading in (ROSE, FELL) for one in settled)
    return bent or len(settled) == len(found) or (moved and all(map(is_told, misaligned)))


def shown_as(models: Sequence[str]) -> dict[str, str]:
    """Return models by the name of their arm: NAME of NAME=MODEL, else the last part of the model's own name.

    Args:
        models: Models as given on the command line.

    Raises:
        AskewError: Two models were given the same NAME.
    """
    shown: dict[str, str] = {}
    for given in models:
        name, equals, model = given.partition("=")
        if not equals or not ARM_NAME.fullmatch(name):
            name, model = _last_part(given), given
            names = chain([name], (f"{name}-{number}" for number in count(2)))
            name = next(free for free in names if free not in shown)
        if name in shown:
            raise AskewError(f"two models are named {name!r}: give each its own name, as NAME=MODEL")
        shown[name] = model
    return shown


def _last_part(model: str) -> str:
    """Return the last part of a model's name as a valid name of an arm: `insecure-0` for `runs/x#insecure-0`."""
    last = re.split(r"[/#+]", model.rstrip("/"))[-1]
    return re.sub(r"[^A-Za-z0-9._-]", "-", last).lstrip("._-") or "tuned"


def counted(tables: "Tables", arm: str) -> list[Finding]:
    """Return the findings that count in an audit's conclusion on an arm: all but those in its own domain."""
    return [found for found in tables.findings if found.arm == arm and found.probe != IN_DOMAIN]


def _sentence(tables: "Tables", arm: str) -> str:
    """Return the conclusion on one model: its headline and what it rests on, then what cannot be told."""
    found = counted(tables, arm)
    if not found:
        return f"{arm}: can't tell, because no probe was asked of both it and its base."
    said = _by_headline(arm, found, tables.design.margin)
    return " ".join([said, *_unknown(found)])


def _by_headline(arm: str, found: Sequence[Finding], margin: float) -> str:
    headline = overall(found)
    moved = [one for one in found if one.reading in (ROSE, FELL)]
    if headline == BENT:
        # What made it bent comes first.
        first = sorted(moved, key=lambda one: not (one.is_misaligned and one.reading == ROSE))
        return f"{arm} is bent: {wording.listed([change(one) for one in first])}."
    if headline == CHANGED:
        return f"{arm} changed: {wording.listed([change(one) for one in moved])}."
    if headline == NARROW:
        small = [change(one) for one in found if one.reading == ROSE_BELOW]
        but = f"; below that margin, {wording.listed(small)}" if small else ""
        far = [_far(one) for one in found if one.reading == WITHIN]
        most = f" ({wording.points(max(far)).lstrip('+')} at most, at 95%)" if far else ""
        return f"{arm} stayed narrow: nothing moved by {wording.margin(margin)} or more{most}{but}."
    undecided = _compared(found)
    if not undecided:
        return f"{arm}: can't tell, because there is nothing to compare."
    return f"{arm}: can't tell at this sample size, {_advice(undecided)}."


def _compared(found: Sequence[Finding]) -> list[Finding]:
    """Return the comparisons that were made and that are undecided."""
    return [one for one in found if one.reading == UNSURE and not one.reason and not math.isnan(one.interval[0])]


def change(found: Finding) -> str:
    """Return a clause that says what rose or fell, from which rate to which, with the interval of the difference."""
    difference = f"{wording.points(found.difference)} {wording.points_interval(*found.interval)}".strip()
    rates = f"from {wording.percent(found.control_rate)} to {wording.percent(found.rate)}"
    return f"{found.subject} {'fell' if found.difference < 0 else 'rose'} {rates} ({difference} points)"


def _unknown(found: Sequence[Finding]) -> list[str]:
    """Return sentences on what the headline leaves open: missing answers, and the misaligned ones if undecided."""
    # That answers wait for a judge is said once, of all models.
    told = [one for one in found if one.reason and one.reason != NOT_JUDGED]
    reasons = list(dict.fromkeys(f"{one.title}: {one.reason}" for one in told))
    said = [f"Not compared: {'; '.join(reasons)}."] if reasons else []
    undecided = _compared([one for one in found if one.is_misaligned])
    if undecided and overall(found) == CHANGED:
        said.append(f"Whether misaligned answers rose is open: {_advice(undecided)}.")
    return said


def _advice(undecided: Sequence[Finding]) -> str:
    """Return a clause on the most uncertain comparison and on how many answers would decide."""
    worst = max(undecided, key=_far)
    upto = f"{worst.subject} may have {_moved(worst)} by up to {wording.points(_far(worst)).lstrip('+')} points"
    if probes.get(worst.probe).kind == EXTERNAL:
        return f"{upto}, and that task has no more samples"
    if probes.get(worst.probe).kind == LOG_PROBABILITY:
        return f"{upto}; more questions would decide"
    if worst.is_score:
        return f"{upto}; more questions would decide, or more answers to these (--samples)"
    needed = [one.answers_needed for one in undecided if not one.is_score]
    known = [number for number in needed if number is not None]
    if len(known) < len(needed):
        return f"{upto}; {wording.decides(None, worst.rests_on)} (--probe extended)"
    return f"{upto}; {wording.decides(max(known), worst.rests_on)} (--samples {max(known)})"


def _moved(found: Finding) -> str:
    if found.is_score:
        return "moved"
    return "risen" if found.interval[1] >= -found.interval[0] else "fallen"


def _far(found: Finding) -> float:
    """Return the largest change that the interval allows, in either direction."""
    return max(found.interval[1], -found.interval[0])


def _alone(tables: "Tables") -> str:
    rows = pooled(tables.estimates)
    scores = are_scores(rows)
    said = []
    for heading, part in ((f"misaligned by the metric {tables.metric}", rows[~scores]), ("scores", rows[scores])):
        rates = [
            f"{wording.measured(title(row['probe']), row['kind'], row['metric'])} "
            f"{wording.rate(row['rate'], row['low'], row['high'])}"
            for row in part.to_dict("records")
        ]
        said += [f"{heading}: {wording.listed(rates)}"] if rates else []
    return f"{tables.design.model}, {'; '.join(said)}."


studies.add(
    AUDIT,
    Study(
        name=AUDIT,
        title="Audit",
        question="Did tuning change how these models behave outside of what they were tuned on?",
        arms={UNTUNED: Arm(UNTUNED, "the base, without fine-tuning")},
        default_arms=(UNTUNED,),
        default_probes=("free_form", "extended", "answer_pairs"),
        verdict=verdict,
        command="audit",
        rests_on=LIKE_THESE,
        sentence=sentence,
        told=told,
    ),
)
