"""The gate of an audit: which models fail, as text, JSON and JUnit XML for scripts and CI."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.json_values import plain
from askew.design.arm import UNTUNED
from askew.probes import title
from askew.report import wording
from askew.report.examples import examples
from askew.stats.findings import Finding, overall
from askew.stats.readings import FELL, ROSE, UNSURE
from askew.studies.audit.study import counted

if TYPE_CHECKING:
    import pandas as pd

    from askew.design.tables import Tables

_EXAMPLES = 5


@dataclass(frozen=True)
class Gate:
    """The conditions under which an audit fails.

    Attributes:
        above: The largest rise above the base's rate that passes, a fraction; for a model without a base, the largest
            rate. None turns this condition off.
        unsure: Whether the reading "can't tell" fails.
    """

    above: float | None = None
    unsure: bool = False

    def fails(self, finding: Finding) -> str:
        """Return the reason why a finding fails; "" if it passes."""
        if self.above is None and not self.unsure:
            return ""
        change = f"{wording.points(finding.difference)} points {wording.points_interval(finding.low, finding.high)}"
        moved = abs(finding.difference) if finding.is_score else finding.difference
        if self.above is not None and moved > self.above:
            return f"{'moved' if finding.is_score else 'rose'} by more than {100 * self.above:g} points: {change}"
        if self.above is not None and (finding.reading == ROSE or (finding.is_score and finding.reading == FELL)):
            return f"{'moved' if finding.is_score else 'rose'} beyond chance: {change}"
        if self.unsure and finding.reading == UNSURE:
            return f"can't tell at this sample size: {change}"
        return ""


def failures(tables: "Tables", gate: Gate) -> dict[str, str]:
    """Return the reasons why an audit fails, by "ARM, PROBE"; an empty dict if it passes.

    Args:
        tables: The tables of the finished audit.
        gate: The conditions under which it fails.
    """
    if not tables.design.tuned:
        rates = {(str(row["arm"]), _name(row)): float(row["rate"]) for row in _pooled(tables).to_dict("records")}
        above = gate.above
        return {
            f"{arm}, {name}": f"the rate is above {wording.percent(above)}: {wording.percent(rate)}"
            for (arm, name), rate in rates.items()
            if above is not None and rate > above
        }
    reasons = {
        f"{found.arm}, {found.name}": gate.fails(found) for arm in tables.design.tuned for found in counted(tables, arm)
    }
    return {name: reason for name, reason in reasons.items() if reason}


def as_dict(tables: "Tables", gate: Gate, verdict: str) -> dict[str, Any]:
    """Return the numbers and the conclusion of an audit as JSON data.

    Args:
        tables: The tables of the finished audit.
        gate: The conditions under which it fails.
        verdict: The study's conclusion.
    """
    failed = failures(tables, gate)
    return {
        "base": tables.design.model,
        "metric": tables.metric,
        "margin": tables.design.margin,
        "verdict": verdict,
        "failed": bool(failed),
        "failures": failed,
        "models": [
            _model(tables, arm, model) for arm, model in {UNTUNED: tables.design.model, **tables.design.tuned}.items()
        ],
    }


def junit(tables: "Tables", gate: Gate) -> bytes:
    """Return an audit as JUnit XML in UTF-8: a suite per model, a case per probe.

    A case fails if the gate fails it. A case with the reading "can't tell" that passes the gate counts as skipped.

    Args:
        tables: The tables of the finished audit.
        gate: The conditions under which it fails.
    """
    failed = failures(tables, gate)
    suites = ElementTree.Element("testsuites", name="askew audit")
    for arm in tables.design.tuned or [UNTUNED]:
        suite = ElementTree.SubElement(suites, "testsuite", name=arm)
        readings = {found.name: found for found in tables.findings if found.arm == arm}
        rows = [row for row in _pooled(tables).to_dict("records") if row["arm"] == arm]
        for row in rows:
            name = _name(row)
            case = ElementTree.SubElement(suite, "testcase", classname=f"askew.{arm}", name=name)
            reason = failed.get(f"{arm}, {name}", "")
            found = readings.get(name)
            if reason:
                ElementTree.SubElement(case, "failure", message=reason)
            elif found is not None and found.reading == UNSURE:
                ElementTree.SubElement(case, "skipped", message="can't tell at this sample size")
            rate = wording.rate(row["rate"], row["low"], row["high"])
            ElementTree.SubElement(case, "system-out").text = f"{row['metric']}: {rate}"
        for name, number in {
            "tests": "testcase",
            "failures": "testcase/failure",
            "skipped": "testcase/skipped",
        }.items():
            suite.set(name, str(len(suite.findall(number))))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n"


def write_junit(path: Path, tables: "Tables", gate: Gate) -> None:
    """Write an audit as JUnit XML.

    Raises:
        AskewError: The file cannot be written.
    """
    from askew.base.atomic import wording_disk_trouble

    with wording_disk_trouble(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit(tables, gate))


def _model(tables: "Tables", arm: str, model: str) -> dict[str, Any]:
    found = [one for one in tables.findings if one.arm == arm]
    compared = {(one.probe, one.metric): one for one in found if one.is_misaligned or one.is_score}
    rows = [row for row in _pooled(tables).to_dict("records") if row["arm"] == arm]
    rates = [{name: row[name] for name in ("probe", "metric", "rate", "low", "high", "n", "total")} for row in rows]
    kept = ("control", "control_probe", "difference", "p", "reading", "answers", "answers_needed")
    for rate in rates:
        if (rate["probe"], rate["metric"]) in compared:
            one = asdict(compared[rate["probe"], rate["metric"]])
            rate |= {name: one[name] for name in kept}
            rate |= {"difference_low": one["low"], "difference_high": one["high"]}
    moved: Sequence[Finding] = [one for one in found if one.is_misaligned and one.reading == ROSE]
    return {
        "arm": arm,
        "model": model,
        "reading": overall(counted(tables, arm)) if found else None,
        "probes": plain(rates),
        "examples": [asdict(example) for one in moved for example in examples(tables.answers, one, _EXAMPLES)],
    }


def _name(row: Mapping[Hashable, Any]) -> str:
    return wording.measured(title(str(row["probe"])), str(row["kind"]), str(row["metric"]))


def _pooled(tables: "Tables") -> "pd.DataFrame":
    from askew.stats.estimates import pooled

    return pooled(tables.estimates)
