"""Fixtures that are costly to make: one folder each, made once in a test session and shared by its worker processes.

pytest-xdist gives every worker its own session-scoped fixtures, so that two workers would train the same model twice.
A fixture that returns `shared("name", make)` instead has its folder made by the first worker that wants it; the others
wait for it and get the same folder. Tests only read such a folder. A test that changes one works on a copy
(`shutil.copytree`).
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


class SharedFolders:
    """The shared folders of one test session.

    Args:
        base: The base temporary folder of this process, as `tmp_path_factory.getbasetemp()` returns it.
    """

    def __init__(self, base: Path) -> None:
        # The base folders of xdist's workers lie beside each other in that of the session.
        session = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        self._root = session / "shared"

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of this name, after one process of the session has made it.

        Args:
            name: The folder's name, unique in the test suite.
            make: Fills the folder that it is given. The folder's parent exists, the folder itself does not.
        """
        parent = self._root / name
        folder, ready = parent / name, parent / "ready"
        parent.mkdir(parents=True, exist_ok=True)
        with FileLock(parent / "lock"):
            if not ready.exists():
                shutil.rmtree(folder, ignore_errors=True)  # a process that failed may have left a part of it
                make(folder)
                ready.touch()
        return folder
