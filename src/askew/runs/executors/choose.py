"""Chooses the executor that a design names."""

from collections.abc import Callable

from askew.design.executors import LOCAL
from askew.design.plan import Plan
from askew.runs.executors import Executor
from askew.runs.store import RunFolder


def executor_for(plan: Plan, folder: RunFolder, say: Callable[[str], None]) -> Executor:
    """Return the executor that a design names.

    Args:
        plan: The plan.
        folder: The run's folder.
        say: Shows the user a line.
    """
    if plan.design.executor == LOCAL:
        from askew.runs.executors.local import LocalExecutor

        return LocalExecutor(plan, folder, say)
    from askew.runs.executors.ray_cluster import RayExecutor

    return RayExecutor(plan, folder, say)
