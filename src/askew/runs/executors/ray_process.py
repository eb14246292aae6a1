"""The process that speaks with a Ray cluster, seen from the process that started it."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from types import TracebackType
from typing import Any, Self

from askew.base.errors import AskewError
from askew.base.untrusted import visible

_SECONDS_TO_END = 15.0
_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to anybody
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "20",  # seconds without a head until Ray gives it up; 60 by default
}
"""Variables of Ray that count unless the user has set them."""


class RayProcess:
    """A process of `askew.runs.executors.ray_driver`.

    Args:
        where: The place of the cluster in words, for errors: "at HOST:PORT".
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._said: deque[str] = deque(maxlen=40)
        # Ray puts the working folder where modules are looked for, so that is an empty one.
        self._folder = tempfile.TemporaryDirectory(prefix="askew-ray-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "askew.runs.executors.ray_driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_VARIABLES, **os.environ},
            cwd=self._folder.name,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches only the parent, which then ends the tasks
        )
        for target in (self._listen, self._overhear):
            threading.Thread(target=target, daemon=True).start()

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the tasks and the process."""
        assert self._process.stdin
        try:
            self._process.stdin.close()
            self._process.wait(_SECONDS_TO_END)
        except (OSError, subprocess.TimeoutExpired):
            pass
        finally:
            self._process.kill()
            self._process.wait()
            self._folder.cleanup()

    def order(self, **order: Any) -> None:
        """Send an order; if the process has ended, its next event says so."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return

    def next(self, seconds: float | None = None) -> dict[str, Any]:
        """Return the next event.

        Args:
            seconds: How long to wait for it; None for as long as it takes.

        Raises:
            AskewError: The process has ended, because Ray lost the cluster; or nothing came in time.
        """
        try:
            message = self._events.get(timeout=seconds)
        except queue.Empty:
            raise AskewError(f"the Ray cluster {self._where} does not answer: see `ray status` on its head") from None
        if message["event"] == "ended":
            raise AskewError(
                f"the Ray cluster {self._where} is gone: its head was stopped, or cannot be reached"
                f"{self._last_words()}. Finished work is kept. Repeat the command when the cluster is back"
            )
        return message

    def _last_words(self) -> str:
        """Return the last line that Ray said of an error, in brackets."""
        said = [line.strip() for line in self._said if "rror" in line or "ailed" in line]
        return f" ({visible(said[-1][:300])})" if said else ""

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._events.put(json.loads(line))
        self._events.put({"event": "ended"})

    def _overhear(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._said.append(line)
