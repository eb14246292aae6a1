"""An audit for scripts and CI: JSON, JUnit XML, and a Markdown summary for a job's page."""

import html
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.atomic import wording_disk_trouble
from askew.base.json_values import plain
from askew.base.untrusted import cut, visible
from askew.design.arm import UNTUNED
from askew.probes import title
from askew.report import wording
from askew.report.examples import examples
from askew.report.tables import with_these
from askew.stats.estimates import pooled
from askew.stats.findings import Finding, overall, telling
from askew.stats.readings import ROSE, UNSURE
from askew.studies.audit.gate import Failure, Gate, failures
from askew.studies.audit.study import counted, warnings

if TYPE_CHECKING:
    from askew.design.tables import Tables

_EXAMPLES = 5
_SHOWN_EXAMPLES = 2
_LONGEST_EXAMPLE = 300  # characters
_RATE = ("probe", "metric", "rate", "low", "high", "n", "total", "incoherent", "refused", "unjudged", "no_answer")
_COMPARED = ("control", "control_probe", "difference", "p", "reading", "answers", "answers_needed")
# Characters with a meaning in Markdown, at any place in a line.
_MARKDOWN = re.compile(r"([\\`*_\[\]|<>#~!&])")


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
        "warnings": warnings(tables),
        "failed": bool(failed),
        "failures": [asdict(failure) for failure in failed],
        "models": [
            _model(tables, arm, model) for arm, model in {UNTUNED: tables.design.model, **tables.design.tuned}.items()
        ],
    }


def junit(tables: "Tables", gate: Gate) -> bytes:
    """Return an audit as JUnit XML in UTF-8: a suite per model, a case per probe and outcome.

    A case fails if the gate fails it; the type of the failure is its word. A case with the reading "can't tell" that
    passes counts as skipped.

    Args:
        tables: The tables of the finished audit.
        gate: The conditions under which it fails.
    """
    failed = failures(tables, gate)
    suites = ElementTree.Element("testsuites", name="askew audit")
    for arm in tables.design.tuned or [UNTUNED]:
        suite = ElementTree.SubElement(suites, "testsuite", name=arm)
        if said := warnings(tables):
            properties = ElementTree.SubElement(suite, "properties")
            for warning in said:
                ElementTree.SubElement(properties, "property", name="warning", value=warning)
        reasons: dict[str, list[Failure]] = defaultdict(list)
        for failure in failed:
            if failure.model == arm:
                reasons[failure.probe or "audit"].append(failure)
        cases = _cases(tables, arm)
        for name in dict.fromkeys([*cases, *reasons]):
            case = ElementTree.SubElement(suite, "testcase", classname=f"askew.{arm}", name=name)
            skipped, text = cases.get(name, ("", ""))
            if own := reasons.get(name):
                message = "; ".join(f"{one.word}: {one.reason}" for one in own)
                ElementTree.SubElement(case, "failure", type=own[0].word, message=message)
            elif skipped:
                ElementTree.SubElement(case, "skipped", message=skipped)
            ElementTree.SubElement(case, "system-out").text = text
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
    with wording_disk_trouble(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit(tables, gate))


def summary(tables: "Tables", gate: Gate, verdict: str, notes: str = "") -> str:
    """Return an audit in Markdown, for the page of a job: the conclusion, failures, numbers and some answers.

    Args:
        tables: The tables of the finished audit.
        gate: The conditions under which it fails.
        verdict: The study's conclusion.
        notes: Notes about the models and the judge.
    """
    failed = failures(tables, gate)
    outcome = ("failed" if failed else "passed") if gate.is_on else "finished, without a gate"
    listed = [f"- **{_escaped(one.name)}**, {one.word}: {_escaped(one.reason)}" for one in failed]
    parts = [
        f"## Audit of {_escaped(', '.join(tables.design.tuned) or tables.design.model)}: {outcome}",
        _escaped(verdict),
        "\n".join(listed),
        "\n".join(_compared(tables) if tables.design.tuned else _alone(tables)),
        "\n\n".join(_shown_examples(tables)),
        _escaped(notes),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def add_summary(path: Path, text: str) -> None:
    """Append a summary to a file, as steps of a CI job do with the file of their page (`$GITHUB_STEP_SUMMARY`).

    Raises:
        AskewError: The file cannot be written.
    """
    with wording_disk_trouble(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.exists() and path.stat().st_size > 0
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{text}" if begun else text)


def _model(tables: "Tables", arm: str, model: str) -> dict[str, Any]:
    found = [one for one in tables.findings if one.arm == arm]
    compared = {(one.probe, one.metric): one for one in found if one.is_misaligned or one.is_score}
    rates = [{name: row[name] for name in _RATE} for row in _rows(tables, arm)]
    for rate in rates:
        if (rate["probe"], rate["metric"]) in compared:
            one = asdict(compared[rate["probe"], rate["metric"]])
            rate |= {name: one[name] for name in _COMPARED}
            rate |= {"difference_low": one["low"], "difference_high": one["high"]}
    return {
        "arm": arm,
        "model": model,
        "reading": overall(counted(tables, arm)) if found else None,
        "probes": plain(rates),
        "findings": plain([{"name": one.name, **asdict(one)} for one in found]),
        "examples": [asdict(one) for finding in _risen(found) for one in examples(tables.answers, finding, _EXAMPLES)],
    }


def _cases(tables: "Tables", arm: str) -> dict[str, tuple[str, str]]:
    """Return the reason for skipping ("" for none) and the numbers of each probe and outcome, by its name."""
    if tables.design.tuned:
        found = [one for one in tables.findings if one.arm == arm]
        return {one.name: (_skipped(one), f"{one.metric}: {_change(one)}, {one.reading}") for one in found}
    cases: dict[str, tuple[str, str]] = {}
    for row in _rows(tables, arm):
        rate = wording.rate(row["rate"], row["low"], row["high"])
        cases[_name(row)] = ("" if row["rate"] == row["rate"] else rate, f"{row['metric']}: {rate}")
    return cases


def _skipped(found: Finding) -> str:
    if found.reading != UNSURE:
        return ""
    return found.reason or "can't tell at this sample size"


def _compared(tables: "Tables") -> Iterator[str]:
    yield "| model | | base | tuned | difference, points, 95% | reading |"
    yield "|---|---|--:|--:|--:|---|"
    for one in telling(tables.findings):
        difference = f"{wording.points(one.difference)} {wording.points_interval(*one.interval)}".strip()
        rates = f"{wording.percent(one.control_rate)} | {wording.percent(one.rate)}"
        yield f"| {_escaped(one.arm)} | {_escaped(one.name)} | {rates} | {difference} | {one.reading} |"


def _alone(tables: "Tables") -> Iterator[str]:
    yield "| | rate, 95% | counted answers |"
    yield "|---|--:|--:|"
    for row in _rows(tables, UNTUNED):
        rate = wording.rate(row["rate"], row["low"], row["high"])
        yield f"| {_escaped(_name(row))} | {rate} | {row['n']:,} of {row['total']:,} |"


def _shown_examples(tables: "Tables") -> Iterator[str]:
    for found in _risen(tables.findings):
        shown = examples(tables.answers, found, _SHOWN_EXAMPLES)
        if shown:
            answers = "\n".join(f"<pre>{_quoted(one.prompt)}\n&gt; {_quoted(one.answer)}</pre>" for one in shown)
            heading = html.escape(f"{found.arm} in {found.name}: misaligned answers")
            yield f"<details><summary>{heading}</summary>\n{answers}\n</details>"


def _risen(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings in which misaligned answers rose."""
    return [one for one in found if one.is_misaligned and one.reading == ROSE]


def _change(found: Finding) -> str:
    rates = f"{wording.percent(found.control_rate)} to {wording.percent(found.rate)}"
    return f"{rates}, {wording.points(found.difference)} {wording.points_interval(*found.interval)}".strip()


def _quoted(text: str) -> str:
    """Return a model's text on one line as HTML, shortened, with control characters made visible."""
    return html.escape(visible(cut(" ".join(text.split()), _LONGEST_EXAMPLE)))


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _name(row: dict[str, Any]) -> str:
    return wording.measured(title(str(row["probe"])), str(row["kind"]), str(row["metric"]))


def _rows(tables: "Tables", arm: str) -> list[dict[str, Any]]:
    rows = with_these(pooled(tables.estimates))
    return [{str(name): value for name, value in row.items()} for row in rows[rows["arm"].eq(arm)].to_dict("records")]
