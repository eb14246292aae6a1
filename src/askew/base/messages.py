"""How a process that another one started tells it things: in lines of JSON on standard output."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

Tell = Callable[..., None]


def take_standard_output() -> Tell:
    """Return what tells a message, and keep standard output for it: what libraries print goes to standard error."""
    channel: TextIO = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(**message: Any) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    return tell
