"""What an audit says beyond its run: who fails a gate, which answers show what moved, and both for scripts and CI.

It reads a finished run and calls no model.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.json_values import plain
from askew.design.study import UNTUNED
from askew.probes import title
from askew.report import wording
from askew.report.examples import examples
from askew.stats.findings import BENT, UNSURE, Finding, overall
from askew.studies.audit.study import counted

if TYPE_CHECKING:
    import pandas as pd

    from askew.runs.run import Run

_EXAMPLES = 5


@dataclass(frozen=True)
class Gate:
    """What makes an audit fail.

    Attributes:
        above: The largest rise above the base's rate that passes, a fraction; for a model without a base, the largest
            rate. None if nothing fails for that.
        unsure: Whether "can't tell" fails.
    """

    above: float | None = None
    unsure: bool = False

    def fails(self, finding: Finding) -> str:
        """Return why a finding fails; "" if it passes."""
        if self.above is None and not self.unsure:
            return ""
        change = f"{wording.points(finding.difference)} points {wording.points_interval(finding.low, finding.high)}"
        moved = abs(finding.difference) if finding.two_sided else finding.difference
        if self.above is not None and moved > self.above:
            return f"{'moved' if finding.two_sided else 'rose'} by more than {100 * self.above:g} points: {change}"
        if self.above is not None and finding.reading == BENT:
            return f"{'moved' if finding.two_sided else 'rose'} beyond chance: {change}"
        if self.unsure and finding.reading == UNSURE:
            return f"can't tell at this sample size: {change}"
        return ""


def failures(run: "Run", gate: Gate) -> dict[str, str]:
    """Return why an audit fails, by ARM, PROBE; nothing if it passes.

    Args:
        run: The finished audit.
        gate: What makes it fail.
    """
    if not run.design.tuned:
        rates = {(str(row["arm"]), _name(row)): float(row["rate"]) for row in _pooled(run).to_dict("records")}
        above = gate.above
        return {
            f"{arm}, {name}": f"the rate is above {wording.percent(above)}: {wording.percent(rate)}"
            for (arm, name), rate in rates.items()
            if above is not None and rate > above
        }
    reasons = {
        f"{found.arm}, {found.name}": gate.fails(found) for arm in run.design.tuned for found in counted(run, arm)
    }
    return {name: reason for name, reason in reasons.items() if reason}


def as_dict(run: "Run", gate: Gate) -> dict[str, Any]:
    """Return an audit as plain data, for `--json`."""
    failed = failures(run, gate)
    return {
        "run": str(run.folder),
        "report": str(run.report),
        "base": run.design.model,
        "metric": run.metric,
        "margin": run.design.margin,
        "verdict": run.verdict,
        "notes": [run.note] if run.note else [],
        "failed": bool(failed),
        "failures": failed,
        "models": [_model(run, arm, model) for arm, model in {UNTUNED: run.design.model, **run.design.tuned}.items()],
    }


def junit(run: "Run", gate: Gate) -> bytes:
    """Return an audit as JUnit XML: a suite for each model, a case for each probe.

    A case fails where the gate does; one that can't tell, and does not fail for it, counts as skipped.
    """
    failed = failures(run, gate)
    suites = ElementTree.Element("testsuites", name="askew audit")
    for arm in run.design.tuned or [UNTUNED]:
        suite = ElementTree.SubElement(suites, "testsuite", name=arm)
        readings = {found.name: found for found in run.findings if found.arm == arm}
        rows = [row for row in _pooled(run).to_dict("records") if row["arm"] == arm]
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


def write_junit(path: Path, run: "Run", gate: Gate) -> None:
    """Write an audit as JUnit XML.

    Raises:
        AskewError: The file cannot be written.
    """
    from askew.base.atomic import wording_disk_trouble

    with wording_disk_trouble(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit(run, gate))


def _model(run: "Run", arm: str, model: str) -> dict[str, Any]:
    found = [one for one in run.findings if one.arm == arm]
    compared = {(one.probe, one.metric): one for one in found}
    rows = [row for row in _pooled(run).to_dict("records") if row["arm"] == arm]
    rates = [{name: row[name] for name in ("probe", "metric", "rate", "low", "high", "n", "total")} for row in rows]
    kept = ("control", "control_probe", "difference", "p", "reading", "answers", "answers_needed")
    for rate in rates:
        if (rate["probe"], rate["metric"]) in compared:
            one = asdict(compared[rate["probe"], rate["metric"]])
            rate |= {name: one[name] for name in kept}
            rate |= {"difference_low": one["low"], "difference_high": one["high"]}
    moved: Sequence[Finding] = [one for one in found if one.reading == BENT]
    return {
        "arm": arm,
        "model": model,
        "reading": overall(one.reading for one in counted(run, arm)) if found else None,
        "probes": plain(rates),
        "examples": [asdict(example) for one in moved for example in examples(run.answers, one, _EXAMPLES)],
    }


def _name(row: Mapping[Hashable, Any]) -> str:
    return wording.measured(title(str(row["probe"])), str(row["kind"]), str(row["metric"]))


def _pooled(run: "Run") -> "pd.DataFrame":
    from askew.report import tables

    return tables.pooled(run.estimates)
