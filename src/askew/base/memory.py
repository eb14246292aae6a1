"""The memory that this process may use: what the machine and its container have left, shared among workers."""

import os
from pathlib import Path

import psutil

SHARE = "ASKEW_MEMORY_SHARE"
"""The variable with the number of processes that share the memory."""

_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available() -> int:
    """Return the bytes that the machine has left, within the limit of the container."""
    left = [psutil.virtual_memory().available]
    for limit, used in _CGROUPS:
        try:
            left.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # another system, or no limit
            continue
    return max(0, min(left))


def own_share() -> int:
    """Return the bytes that this process may use: an equal share of what is left for the workers of a run."""
    return available() // max(1, int(os.environ.get(SHARE, "1")))
