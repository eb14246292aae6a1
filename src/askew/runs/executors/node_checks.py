"""Checks that the nodes of a cluster can work for a run, from what each of them reported, before any work is done."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.runs.executors.node_report import Report, Wanted

LEAST_ROOM = 100_000_000
"""The bytes that must be free on a node, in the run's folder and in the folder of temporary files."""

_SHOWN = 5  # nodes whose trouble is told


def check_nodes(nodes: Sequence[Mapping[str, Any]], here: Report, wanted: Wanted, asks: str) -> dict[str, Report]:
    """Check all nodes, remove the files that they wrote, and return what each has, by its name.

    Args:
        nodes: The nodes: each with an `id`, a `name`, and a `report`, or the reason why there is none (`silent`).
        here: What this machine has.
        wanted: What the run needs.
        asks: The id of the node that asks served models.

    Raises:
        AskewError: Some node cannot work for the run; the error names the first few, each with its reason.
    """
    reports: dict[str, Report] = {}
    troubles = []
    for node in nodes:
        name = node["name"]
        if "report" not in node:
            troubles.append(
                f"node {name} cannot work for this run ({visible(node['silent'])}): Askew must be installed there, in "
                "the same release, for the Python that runs Ray"
            )
            continue
        reports[name] = found = Report(**node["report"])
        said = trouble(name, found, here, wanted, node["id"] == asks)
        if found.wrote:
            said = _take_away(Path(wanted.folder, found.wrote), name) or said
        troubles += [said] if said else []
    if troubles:
        more = len(troubles) - _SHOWN
        raise AskewError("\n".join([*troubles[:_SHOWN], *([f"and {more} more nodes"] if more > 0 else [])]))
    return reports


def trouble(node: str, found: Report, here: Report, wanted: Wanted, asks: bool = False) -> str:
    """Return why a node cannot work for a run, as a sentence that says what to do; "" if it can.

    Args:
        node: The name of the node.
        found: What the node has.
        here: What this machine has.
        wanted: What the run needs.
        asks: Whether it is the node that asks served models.
    """
    for name, ours in here.releases.items():
        if (theirs := found.releases.get(name, "")) != ours:
            return (
                f"node {node} has {name} {theirs or 'not at all'}, and this machine has {ours or 'none'}: install the "
                "same releases on all nodes, or answers would depend on the node"
            )
    if found.code != here.code:
        return f"node {node} has other modules of Askew {found.releases['askew']} than this machine: install the same"
    if not found.has_start:
        return (
            f"node {node} has no folder {wanted.start}, in which this command was given: give it in a folder that all "
            "nodes share, at the same path"
        )
    if found.proof != wanted.proof:
        return (
            f"node {node} does not see the run's folder {wanted.folder}: the results of all nodes go there, so name a "
            "folder with --out that all nodes share, at the same path (NFS, Lustre and the like)"
        )
    if not found.wrote:
        return (
            f"node {node} cannot write to the run's folder {wanted.folder}: {found.trouble}. Let the user of Ray there "
            "write to it, or name another folder with --out that all nodes share"
        )
    if found.key != here.key:
        return (
            f"node {node} has another key than this machine, so its work would count as somebody else's: share the "
            "folder of the key, ~/.config/askew, or set XDG_CONFIG_HOME to a shared folder, here and where Ray starts"
        )
    if asks and found.unasked:
        reason = next(iter(found.unasked.values()))
        return f"on node {node}, which asks the served models: {reason} in which Ray is started there"
    return _missing(node, found, here, wanted)


def number_formats(found: Mapping[str, Report]) -> str:
    """Return a warning if large models would be asked in another number format on some nodes; "" if not.

    Args:
        found: What each node has, by its name.
    """
    fast = [node for node, one in found.items() if one.is_fast_in_bf16]
    slow = [node for node in found if node not in fast]
    if not fast or not slow:
        return ""
    return (
        f"{', '.join(fast)} ask models above 50 M parameters in bf16, and {', '.join(slow)} in float32: their answers "
        "depend on the node. Use nodes with processors of one kind"
    )


def _missing(node: str, found: Report, here: Report, wanted: Wanted) -> str:
    for path, named in wanted.files.items():
        words = named if path in named else f"{named}, {path}"
        if found.sizes[path] < 0:
            return f"node {node} does not have {words}: put it into a folder that all nodes share, or copy it"
        if found.sizes[path] != here.sizes[path]:
            return (
                f"node {node} has another version of {words}: {found.sizes[path]:,} bytes, and here "
                f"{here.sizes[path]:,}. Copy it again"
            )
    for place, free in found.room.items():
        if free < LEAST_ROOM:
            return (
                f"node {node} has only {free / 1e6:.0f} MB left on the disk of {place}: make room there, or take the "
                "node out of the cluster"
            )
    return ""


def _take_away(file: Path, node: str) -> str:
    """Remove the file that a node wrote; return why that shows that its folder is another one, "" if it is not."""
    if file.is_file():
        file.unlink()
        return ""
    return (
        f"what node {node} writes into {file.parent} is not seen on this machine: name a folder with --out that all "
        "nodes share"
    )
