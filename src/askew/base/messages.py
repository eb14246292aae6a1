"""Messages from a child process to its parent: lines of JSON on standard output."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

Tell = Callable[..., None]


def take_standard_output() -> Tell:
    """Reserve standard output for messages, and return the function that sends one.

    What libraries print goes to standard error from then on.
    """
    channel: TextIO = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(**message: Any) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    return tell
