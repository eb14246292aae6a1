"""Sets how many threads a command computes with."""

import os
import sys

_VARIABLE = "OMP_NUM_THREADS"


def use_one_thread() -> None:
    """Let this process compute with one thread, as the workers of a run do, unless the user set OMP_NUM_THREADS.

    On a machine that does other work, threads wait for each other at every operation: two were seven times slower than
    one.
    """
    if os.environ.setdefault(_VARIABLE, "1") == "1" and "torch" in sys.modules:
        # It read the variable when it was loaded.
        sys.modules["torch"].set_num_threads(1)
