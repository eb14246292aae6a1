"""Recognizes files with questions or tasks that were moved since a run began.

The name of such a probe has the file's path. It stands in every table of a run and in the seeds of its answers, so the
file keeps the name under which the run was begun, wherever it is now.
"""

from askew.design.plan import Plan
from askew.probes import external
from askew.probes.from_file import digests
from askew.runs.store import STUDY, RunFolder


def with_known_names(plan: Plan, folder: RunFolder) -> Plan:
    """Return a plan in which moved files have the names that the run in a folder knows them by.

    A file is the same if it has the same content.

    Args:
        plan: What is to be run.
        folder: The folder in which it is to be run, empty or with a run.

    Raises:
        AskewError: The folder's record of its design is damaged.
    """
    if not (folder / STUDY).is_file():
        return plan
    known = folder.design().probes
    now = {**digests(plan.probes.values()), **external.digests(plan.design.probes)}
    then = folder.study()["provenance"].get("hashes", {})
    gone = {then[name]: name for name in known if name in then and name not in now}
    names = {name: gone[digest] for name, digest in now.items() if name not in known and digest in gone}
    if not names:
        return plan
    renamed = [names.get(name, name) for name in plan.design.probes]
    places = {names[name]: plan.probes[name].file or name.rpartition("@")[0] for name in names}
    return Plan(plan.design.model_copy(update={"probes": renamed}), places)
