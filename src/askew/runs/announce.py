"""Shows what a session of a run will do, and about how long that takes, before it is begun."""

from collections.abc import Mapping, Sequence
from typing import Any

from askew.design.plan import Plan
from askew.runs.executors import Means
from askew.runs.memory_needed import GB
from askew.runs.outlook import SECONDS_TO_REPORT, seconds_by_kind, summary
from askew.runs.pace import TERRARIUM_PACE, asked_in
from askew.runs.progress import duration
from askew.runs.work import Kind, Session, Work, by_kind

_MUCH_MEMORY = 3 * GB


def announce(
    session: Session,
    works: Mapping[Kind[Any], Sequence[Work]],
    means: Means,
    later: Sequence[Work],
    perhaps: Sequence[Work],
    again: bool,
) -> None:
    """Show what will be done, now and later, and about how long it takes where that is known.

    Args:
        session: The session.
        works: The work to do now, by its kind.
        means: The means by which it is done.
        later: The work that follows.
        perhaps: The work that follows if the verdict is not told by then.
        again: The session has announced other work before.
    """
    plan, say = session.plan, session.say
    if again:
        if works:
            say(f"  to do: {summary(plan, works)}")
        return
    say(f"{plan.study.title}: {plan.study.question}")
    judged = f", judged by {plan.design.judge}" if plan.design.judge else ", without a judge"
    on = f", on the model {plan.design.model}{judged if plan.needs_judge else ''}" if plan.study.has_model else ""
    say(f"  in {session.folder.path}{on}")
    if not works:
        say(f"  every model is trained and every question asked {'so far' if perhaps else 'already'}")
        return
    workers = f"{means.at_once} worker{'' if means.at_once == 1 else 's'}"
    say(f"  to do: {summary(plan, works)}, with {workers}{means.place}{_memory(plan, means)}")
    if later:
        say(f"  then, from what these give: {summary(plan, by_kind(later))}")
    if perhaps:
        say(f"  then, unless the verdict is told: {summary(plan, by_kind(perhaps))}")
    every = by_kind([*(work for left in works.values() for work in left), *later, *perhaps])
    if seconds := seconds_by_kind(plan, every, means.at_once, means.pace):
        machine = "this machine, if nothing else is running"
        if means.pace == TERRARIUM_PACE:
            machine = "machines like a laptop" if means.place else "a machine like a laptop"
        long = duration(max(seconds.values()) + SECONDS_TO_REPORT)
        say(f"  that takes {'at most ' if perhaps else ''}about {long} on {machine}")
    else:
        say("  how long that takes is shown as soon as some of it is done")


def _memory(plan: Plan, means: Means) -> str:
    """Return about how much memory the workers need, where it is much, and the number format, in words."""
    if means.place:
        return f", each in about {means.memory / GB:.1f} GB" if means.memory >= _MUCH_MEMORY else ""
    total = means.at_once * means.memory
    said = f", each with one thread, in about {total / GB:.0f} GB" if total >= _MUCH_MEMORY else ""
    return f"{said}, asked in {kind}" if (kind := asked_in(plan.model.checkpoint)) else said
