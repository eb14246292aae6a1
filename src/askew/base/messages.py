"""Messages from a child process to its parent: lines of JSON on standard output."""

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

Tell = Callable[..., None]


def take_standard_output() -> Tell:
    """Reserve standard output for messages, and return the function that sends one, from any thread.

    What libraries print goes to standard error from then on.
    """
    channel: TextIO = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    writing = threading.Lock()

    def tell(**message: Any) -> None:
        with writing:
            channel.write(json.dumps(message) + "\n")
            channel.flush()

    return tell
