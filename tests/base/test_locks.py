"""Locks between processes, also on disks that have none."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.base.locks import Taken, locked
from askew.runs.store import RunFolder

HOLD = (
    "import sys; from pathlib import Path; from askew.base import locks\n"
    "code = int(sys.argv[2])\n"
    "real = locks._lock\n"
    "def lock(opened, wait):\n"
    "    import os\n"
    "    if code and os.readlink(f'/proc/self/fd/{opened}') == sys.argv[1]: raise OSError(code, 'no locks')\n"
    "    real(opened, wait)\n"
    "locks._lock = lock\n"
    "with locks.locked(Path(sys.argv[1]), print): print('in', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a lock on a disk without locks; the temporary files lie on another disk."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "run").mkdir()
    return tmp_path / "run" / ".lock"


def refuse(monkeypatch: pytest.MonkeyPatch, path: Path, code: int) -> None:
    """Let the disk refuse to lock a file."""
    real = fcntl.flock

    def flock(opened: int, how: int) -> None:
        if os.path.samestat(os.fstat(opened), path.stat()):
            raise OSError(code, os.strerror(code))
        real(opened, how)

    monkeypatch.setattr(fcntl, "flock", flock)


def holder(path: Path, code: int = 0) -> "subprocess.Popen[str]":
    """Start a process that holds the lock of a file."""
    command = [sys.executable, "-c", HOLD, str(path), str(code)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "in\n" in (process.stdout.readline(), process.stdout.readline() if code else "")
    return process


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ESTALE, errno.ENOSYS, errno.EOPNOTSUPP])
def test_disk_without_locks_is_named_and_nobody_is_suspected(
    no_locks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int
) -> None:
    refuse(monkeypatch, no_locks, code)
    with RunFolder(no_locks.parent).writing():
        pass
    said = capsys.readouterr().err
    assert said.startswith(f"warning: the disk of {no_locks.parent} has no locks, so only processes of this machine")
    assert len(said.splitlines()) == 1


def test_disk_without_locks_keeps_out_this_machine_until_a_kill(
    no_locks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = holder(no_locks, errno.ENOLCK)
    refuse(monkeypatch, no_locks, errno.ENOLCK)
    try:
        with (
            pytest.raises(AskewError, match="another askew process is working in"),
            RunFolder(no_locks.parent).writing(),
        ):
            pass
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    with RunFolder(no_locks.parent).writing():
        pass


def test_machine_without_any_locks_goes_on_with_a_word(no_locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(opened: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    said: list[str] = []
    with locked(no_locks, said.append):
        pass
    assert "no other process is kept out" in said[0]


def test_stale_handle_is_opened_again(no_locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = fcntl.flock, list[int]()

    def flock(opened: int, how: int) -> None:
        calls.append(opened)
        if len(calls) == 1:
            raise OSError(errno.ESTALE, "Stale file handle")
        real(opened, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    said: list[str] = []
    with locked(no_locks, said.append), pytest.raises(Taken), locked(no_locks, said.append):
        pass
    assert not said


def test_link_in_the_place_of_a_lock_is_not_followed(no_locks: Path, tmp_path: Path) -> None:
    no_locks.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"\.lock"), locked(no_locks, print):
        pass
    assert not (tmp_path / "elsewhere").exists()
