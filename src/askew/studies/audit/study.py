"""Audit: did fine-tuning elsewhere change a model's behaviour outside the domain it was tuned on?

The base is the arm `untuned`; every tuned model is an arm, compared with the base question by question. Nothing is
trained. A model without a base is described by its absolute rates.
"""

import re
from collections.abc import Sequence
from itertools import chain, count
from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.design.arm import ARM_NAME, UNTUNED, Arm
from askew.design.study import Study, studies
from askew.probes import EXTERNAL, probes, title
from askew.report import wording
from askew.stats.estimates import pooled
from askew.stats.findings import BENT, NARROW, UNSURE, Finding, overall
from askew.stats.scores import are_scores

if TYPE_CHECKING:
    from askew.design.tables import Tables

AUDIT = "audit"
# Behaviour in the trained domain is expected to change, so it does not count against a model.
IN_DOMAIN = "in_domain"


def verdict(tables: "Tables") -> str:
    """Return the audit's conclusion: whether each tuned model bent or stayed narrow; a lone model's rates."""
    if not tables.design.tuned:
        return _alone(tables)
    return " ".join(_sentence(tables, arm) for arm in tables.design.tuned)


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
    found = counted(tables, arm)
    if not found:
        return f"{arm}: nothing can be said, because it and its base have no counted answers to the same probe."
    reading = overall(one.reading for one in found)
    if reading == BENT:
        moved = [one for one in found if one.reading == BENT]
        return f"{arm} is bent: {wording.listed([_moved(one) for one in moved])}."
    margin = f"{100 * tables.design.margin:g} points"
    if reading == NARROW:
        most = max(map(_far, found))
        moved = "moved" if any(one.two_sided for one in found) else "rose"
        return f"{arm} stayed narrow: no probe {moved} by more than {margin} ({wording.points(most)} at most, at 95%)."
    return f"{arm}: can't tell at this sample size, {_advice([one for one in found if one.reading == UNSURE])}."


def _moved(found: Finding) -> str:
    change = f"{wording.points(found.difference)} {wording.points_interval(found.low, found.high)}"
    rates = f"{wording.percent(found.control_rate)} to {wording.percent(found.rate)}"
    return f"{found.name} went from {rates} ({change} points)"


def _advice(unsure: list[Finding]) -> str:
    """Return a clause on the most uncertain probe and on how many answers would decide."""
    worst = max(unsure, key=_far)
    way = "moved" if worst.two_sided else "risen"
    upto = f"{worst.name} may have {way} by up to {wording.points(_far(worst))} points"
    if probes.get(worst.probe).kind == EXTERNAL:
        return f"{upto}, and that task has no more samples"
    if worst.two_sided:
        return f"{upto}; more questions would decide, or more answers to these (--samples)"
    needed = [one.answers_needed for one in unsure]
    known = [number for number in needed if number is not None]
    if len(known) < len(needed):
        return f"{upto}; more answers to these questions would not decide, but more questions would (--probe extended)"
    return f"{upto}; about {max(known)} answers to each question would decide (--samples {max(known)})"


def _far(found: Finding) -> float:
    """Return the largest rise that the interval allows, or the largest change of a two-sided finding."""
    return max(found.high, -found.low) if found.two_sided else found.high


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
        default_probes=("free_form", "extended"),
        verdict=verdict,
        command="audit",
    ),
)
