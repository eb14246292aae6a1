"""The terms on which numbers of two runs may be set beside each other, combined, or pooled, with the reason if not.

Numbers of a probe *mean the same* if it was asked and scored in the same way. Differences that mean the same are
*combined* if the runs are of one study and don't repeat each other. Answers are *pooled* only if the runs are one
design with other seeds: then all of them are one larger run.
"""

from collections.abc import Mapping
from typing import Any

from askew.base.errors import AskewError
from askew.design.design import difference, flat
from askew.probes import JUDGED
from askew.runs.finished_run import FinishedRun
from askew.runs.judged_later import later_judge
from askew.runs.old_places import at_old_places
from askew.runs.run_notes import note as note_of

# Settings in which runs of one design may differ: what a larger run would have more of, or no final answer depends on.
_MORE = ("seed", "seeds", "samples", "arms", "probes", "checkpoints", "leaks", "metric", "judge", "rubric")
# Settings that say how any model is asked.
_ASKED = ("temperature", "max_tokens", "model_args")
_UNKNOWN = "?"


def why_other_meaning(one: FinishedRun, other: FinishedRun, probe: str) -> str:
    """Return why the numbers of a probe do not mean the same in two runs; "" if they do.

    Args:
        one: A run.
        other: Another run.
        probe: A probe of both; "" for the comparisons of the study, which may rest on any probe.
    """
    for name in [probe] if probe else dict.fromkeys([*one.design.probes, *other.design.probes]):
        versions = [run.provenance.get("probes", {}).get(name) for run in (one, other)]
        if versions[0] != versions[1]:
            return f"{name} was asked in version {_shown(versions[0])} and {_shown(versions[1])}"
        files = [run.provenance.get("hashes", {}).get(name) for run in (one, other)]
        if files[0] != files[1]:
            return f"the file of {name} differs"
    for name in _ASKED:
        values = [getattr(run.design, name) for run in (one, other)]
        if values[0] != values[1]:
            return f"{name} is {_shown(values[0])} and {_shown(values[1])}"
    return _why_judged_otherwise(one, other) if _is_judged(one, probe) else ""


def why_not_combined(one: FinishedRun, other: FinishedRun) -> str:
    """Return why the differences of two runs are not combined; "" if they are, where they mean the same."""
    if one.design.study != other.design.study:
        return f"one is of the study {one.design.study}, the other of {other.design.study}"
    shared = sorted(_seeds(one) & _seeds(other))
    if shared and not _differing(one, other):
        return (
            f"both are of the same design and have the seed{'s' if len(shared) > 1 else ''} "
            f"{', '.join(map(str, shared))}: the same answers would count twice"
        )
    return ""


def why_not_pooled(one: FinishedRun, other: FinishedRun) -> str:
    """Return why the answers of two runs are not pooled; "" if they are."""
    if reason := why_not_combined(one, other):
        return reason
    if any(run.design.looks for run in (one, other)):
        return "one was asked until its verdict was told, so that the number of its answers depends on what they are"
    lines = _differing(one, other)
    if lines:
        more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
        return f"their designs differ: {lines[0]}{more}"
    if one.metric != other.metric:
        return f"their metrics differ: {one.metric} and {other.metric}"
    return _why_judged_otherwise(one, other)


def same_untrained(one: FinishedRun, other: FinishedRun) -> set[str]:
    """Return the arms that neither run trains and that have the very same answers in both, question by question."""
    answers = [_untrained_answers(run) for run in (one, other)]
    return {arm for arm, own in answers[0].items() if answers[1].get(arm) == own}


def notes(names: Mapping[str, FinishedRun]) -> list[str]:
    """Return the warnings of the runs about themselves, each with the names of the runs that have it."""
    said: dict[str, list[str]] = {}
    for name, run in names.items():
        if own := note_of(run):
            said.setdefault(own, []).append(name)
    return [f"{', '.join(runs)}: {own}" for own, runs in said.items()]


def settings(runs: Mapping[str, FinishedRun]) -> dict[str, dict[str, Any]]:
    """Return the settings in which runs differ: the value in each run, by the setting's dotted name.

    Settings on which no answer depends are left out.
    """
    own = {name: {"judge": run.judge, "metric": run.metric} for name, run in runs.items()}
    every = {name: {**flat(run.design.settings()), **own[name]} for name, run in runs.items()}
    names = list(dict.fromkeys(setting for own in every.values() for setting in own))
    values = {setting: {run: own.get(setting) for run, own in every.items()} for setting in names}
    return {name: found for name, found in values.items() if len({*map(repr, found.values())}) > 1}


def _differing(one: FinishedRun, other: FinishedRun) -> list[str]:
    """Return a line for each setting, model or file in which two designs differ besides how much was asked."""
    hashes = [{**run.provenance.get("hashes", {})} for run in (one, other)]
    probes = {*one.design.probes} & {*other.design.probes}
    apart = ({*one.design.probes} | {*other.design.probes}) - probes
    known = [{name: sha for name, sha in own.items() if name not in {*apart, "judge", "rubric"}} for own in hashes]
    before, asked = one.design.identity(), other.design.identity()
    asked = at_old_places(asked, before, *hashes)
    versions = [
        {name: number for name, number in run.provenance.get("probes", {}).items() if name in probes}
        for run in (one, other)
    ]
    sides = [
        {**{name: value for name, value in side.items() if name not in _MORE}, "hashes": own, "versions": version}
        for side, own, version in zip((before, asked), known, versions, strict=True)
    ]
    return [line.replace(" there, ", " and ").removesuffix(" asked for") for line in difference(*sides)]


def _why_judged_otherwise(one: FinishedRun, other: FinishedRun) -> str:
    judges = [_judge(run) for run in (one, other)]
    if judges[0] != judges[1]:
        differing = next(name for name in judges[0] if judges[0][name] != judges[1][name])
        return f"the {differing} is {_shown(judges[0][differing])} and {_shown(judges[1][differing])}"
    return ""


def _is_judged(run: FinishedRun, probe: str) -> bool:
    """Return whether a judge, or a rule in its place, reads the answers of a probe; of any probe if none is named."""
    try:
        probes = run.plan.probes
    except AskewError:  # those of a plug-in or file that is no longer there: be careful
        return True
    return any(one.kind == JUDGED for name, one in probes.items() if probe in ("", name))


def _judge(run: FinishedRun) -> dict[str, Any]:
    """Return what is known of the judge of a run; of a model on this disk its content, not its place."""
    later = None if run.design.judge else later_judge(run.store)
    hashes, versions = run.provenance.get("hashes", {}), run.provenance.get("versions", {})
    return {
        "judge": run.judge if later else hashes.get("judge", run.judge) if _is_place(run.judge) else run.judge,
        "judge's version": versions.get("judge", hashes.get("judge", "")) if not later else "",
        "rubric": later.rubric if later else hashes.get("rubric", run.design.rubric),
        "judge_args": run.design.judge_args,
    }


def _is_place(name: str) -> bool:
    return name.startswith(("/", ".", "~"))


def _seeds(run: FinishedRun) -> set[int]:
    """Return the seeds on which the answers of a run depend: of its trainings, or else of its sampling."""
    return {unit.seed for unit in run.plan.trained} or {run.design.seed}


def _untrained_answers(run: FinishedRun) -> dict[str, int]:
    """Return a digest of the answers of each arm that the run does not train."""
    import pandas as pd

    untrained = [name for name, arm in run.plan.arms.items() if not run.plan.is_trained(arm)]
    own = run.answers[run.answers["arm"].isin(untrained)]
    columns = ["probe", "question", "index", "answer"]
    return {
        str(arm): int(pd.util.hash_pandas_object(rows[columns].sort_values(columns), index=False).sum())
        for arm, rows in own.groupby("arm")
    }


def _shown(value: Any) -> Any:
    return _UNKNOWN if value is None else value or "none"
