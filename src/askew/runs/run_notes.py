"""Words the warnings about a run that stand beside its numbers."""

from askew.base.untrusted import visible
from askew.judging.shared_judgements import noted_reuse
from askew.models.said import said_of_no_answers
from askew.probes import other_versions
from askew.runs.finished_run import FinishedRun
from askew.runs.judged_later import later_judge
from askew.runs.store import ANSWERS
from askew.runs.table_files import read_table


def note(run: FinishedRun) -> str:
    """Return the warnings about a run, in sentences; "" if there are none."""
    said = [
        str(run.provenance["note"]),
        *_failed_check(run),
        *_reused(run),
        *_left_out(run),
        *_no_answers(run),
        *_other_versions(run),
        *_many_looks(run),
    ]
    return visible(" ".join(filter(None, said)))


def _other_versions(run: FinishedRun) -> list[str]:
    """Return a sentence for each probe that was asked in another version than the installed one."""
    found = other_versions(run.provenance.get("probes", {}))
    return [
        f"{name} was asked in version {asked}, and version {installed} is installed: don't pool the two."
        for name, (asked, installed) in found.items()
    ]


def _many_looks(run: FinishedRun) -> list[str]:
    """Return a note on the intervals of a run that could stop early, where its verdict does not end with one."""
    if not run.design.looks or run.sequential is not None:
        return []
    return [f"The answers could be looked at {len(run.design.looks)} times; all intervals hold at every look together."]


def _failed_check(run: FinishedRun) -> list[str]:
    """Return a warning if the judge failed its check."""
    found = run.judge_check
    return [] if found is None or found.passes else [f"Don't rely on the rates: {visible(found.failure)}."]


def _reused(run: FinishedRun) -> list[str]:
    """Return a note on the judgements that were taken from those that runs share."""
    later = later_judge(run.store)
    products = [*(run.folder / "logs").rglob("*.eval"), *([] if later is None else [run.folder / later.table])]
    found = noted_reuse(products)
    if not found.reused:
        return []
    total = found.reused + found.judged
    return [f"{found.reused:,} of {total:,} judgements were reused: the judge had read equal text by the same rubric."]


def _no_answers(run: FinishedRun) -> list[str]:
    """Return a note for each arm whose model sometimes gave no answer, with the cause and what to do."""
    if not (run.folder / ANSWERS).is_file():
        return []
    replies = read_table(run.folder / ANSWERS, ["arm", "reply"])
    counts = {
        str(arm): {str(reply): count for reply, count in part["reply"].value_counts().items()}
        for arm, part in replies.groupby("arm", sort=False)
    }
    notes = {arm: said_of_no_answers(found, run.design.max_tokens) for arm, found in counts.items()}
    return [f"{arm}: {note}" for arm, note in notes.items() if note]


def _left_out(run: FinishedRun) -> list[str]:
    """Return a note for each arm with rows that were too long; it is the same for all seeds."""
    counts = {unit.arm.name: run.row_counts(unit) for unit in run.plan.trained}
    return [f"{arm}: {counted.note}" for arm, counted in counts.items() if counted and counted.note]
