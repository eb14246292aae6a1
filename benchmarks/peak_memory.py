"""The peak memory of a process of a benchmark."""

import re
import resource
from pathlib import Path


def peak_of_this_process() -> float:
    """Return the most memory that this process has taken, in GB.

    On Linux `getrusage` would count the process that started this one, too.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.is_file() else None
    if found:
        return int(found[1]) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
