"""Processes of askew that are forked from one that has its libraries loaded.

A process that imports PyTorch, Transformers and TRL spends several seconds of a core on that, and the tests start some
two hundred: commands, and the workers of their runs. So `conftest.py` starts one process that imports the libraries
when it is first asked, and `use` lets `subprocess` fork it instead of starting `python -m askew`. The forked process
is as separate as a started one: own memory, environment, folder, standard streams, session and process id. It forks
its own workers in the same way, so that they are its children. Other commands are started as ever, and so is askew
where what its libraries read while they are loaded would differ (`_FIXED`) and where `NO_FORKS` is set.
"""

import array
import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NoReturn

ADDRESS = "ASKEW_TESTS_FORKS_AT"
NO_FORKS = "ASKEW_TESTS_NO_FORKS"
_MODULES = ("askew", "askew.runs.worker")
_LIBRARIES = (
    "torch",
    "askew.cli.app",
    "askew.runs.runner",
    "askew.probes.ask",
    "askew.training.local",
    "askew.runs.work.tune",
    "askew.runs.work.play",
    # What Inspect and OpenAI's client import when they are used first.
    "inspect_ai.agent._acp.server",
    "inspect_ai.model._openai_responses",
    "inspect_ai.model._providers.openai_compatible",
    "openai.resources.fine_tuning",
    "IPython",
)
# Libraries read the first while they are loaded; the second, which the pool sets, matter to no test.
_FIXED = (
    "HOME",
    "XDG_CACHE",
    "PYTHON",
    "HF_",
    "TRANSFORMERS_",
    "OMP_",
    "TOKENIZERS_",
    "CUDA_",
    "MKL_",
    "INSPECT_",
    "LD_",
)
_ENVIRONMENT = "environment.json"
_FREE = ("HF_HUB_DISABLE_", "HF_DATASETS_DISABLE_", "TRANSFORMERS_VERBOSITY")

_start = subprocess.Popen._execute_child  # pyright: ignore[reportAttributeAccessIssue]  (see _Forked)
_poll = subprocess.Popen._internal_poll  # pyright: ignore[reportAttributeAccessIssue]
_wait = subprocess.Popen._try_wait  # pyright: ignore[reportAttributeAccessIssue]


@contextlib.contextmanager
def forks() -> Iterator[None]:
    """Start the process that is forked; it ends with the block, or with this process."""
    held, ends_with = os.pipe()
    address = Path(tempfile.mkdtemp(prefix="askew-forks-")) / "socket"
    listening = _listen(address)
    command = [sys.executable, __file__, str(listening.fileno()), str(held)]
    server = subprocess.Popen(command, pass_fds=[listening.fileno(), held])
    listening.close()
    os.close(held)
    os.environ[ADDRESS] = str(address)
    try:
        yield
    finally:
        os.environ.pop(ADDRESS, None)
        os.close(ends_with)
        server.wait()


def use() -> None:
    """Let `subprocess` fork where it would start a process of askew with an environment like that of `forks`."""
    for name, replacement in (("_execute_child", _execute), ("_internal_poll", _polled), ("_try_wait", _waited)):
        setattr(subprocess.Popen, name, replacement)


def _execute(self: Any, args: Any, executable: Any, preexec: Any, close: Any, passed: Any, *rest: Any) -> None:
    """Stand in for `Popen._execute_child`, whose arguments these are: it starts the process."""
    (cwd, env, _, _, shell, *pipes), session = rest[:11], rest[16]
    address = os.environ.get(ADDRESS)
    environment = dict(os.environ if env is None else env)
    module = None if preexec or passed or shell or executable else _module(args)
    if not (address and module) or NO_FORKS in os.environ or _fixed(environment) != _fixed_at(Path(address)):
        return _start(self, args, executable, preexec, close, passed, *rest)
    streams = [pipes[place] if pipes[place] != -1 else own for own, place in enumerate((0, 3, 5))]
    status, told = os.pipe()
    message = {
        **module,
        "folder": os.path.abspath(cwd or "."),
        "environment": {name: value for name, value in environment.items() if name != ADDRESS},
        "group": 0 if session else os.getpgrp(),
    }
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            descriptors = array.array("i", [*streams, told])
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
            to.sendmsg([json.dumps(message).encode()], ancillary, 0, address)
    finally:
        os.close(told)
    self._status = os.fdopen(status, "r", encoding="ascii")
    self.pid = int(self._status.readline())
    self._child_created = True
    self._close_pipe_fds(*pipes)
    return None


def _module(args: Any) -> dict[str, Any] | None:
    """Return the module of askew that a command line runs, and how, or None for any other command."""
    if isinstance(args, str | bytes | os.PathLike):
        return None
    python, *words = map(os.fspath, args)
    safe_path = words[:1] == ["-P"]
    words = words[safe_path:]
    if python != sys.executable or words[:1] != ["-m"] or words[1] not in _MODULES:
        return None
    return {"module": words[1], "arguments": words[2:], "safe_path": safe_path}


def _fixed(environment: Mapping[str, str]) -> dict[str, str]:
    named = {name: value for name, value in environment.items() if name.startswith(_FIXED)}
    return {name: value for name, value in named.items() if not name.startswith(_FREE)}


def _fixed_at(address: Path) -> dict[str, str]:
    """Return the fixed part of the environment in which the process at an address loaded its libraries."""
    return json.loads(address.with_name(_ENVIRONMENT).read_text())


def _polled(self: Any, *rest: Any, **options: Any) -> int | None:
    """Stand in for `Popen._internal_poll`."""
    if getattr(self, "_status", None) is None:
        return _poll(self, *rest, **options)
    if self.returncode is None and self._waitpid_lock.acquire(False):
        try:
            pid, status = _waited(self, os.WNOHANG)
            if pid:
                self._handle_exitstatus(status)
        finally:
            self._waitpid_lock.release()
    return self.returncode


def _waited(self: Any, flags: int) -> tuple[int, int]:
    """Stand in for `Popen._try_wait`, which returns the id and the status of the process when it has ended."""
    if getattr(self, "_status", None) is None:
        return _wait(self, flags)
    with selectors.DefaultSelector() as selector:
        selector.register(self._status, selectors.EVENT_READ)
        if not selector.select(0 if flags & os.WNOHANG else None):
            return 0, 0
    said = self._status.readline()
    self._status.close()
    return self.pid, int(said) if said else int(signal.SIGKILL)


def _listen(address: Path) -> socket.socket:
    address.with_name(_ENVIRONMENT).write_text(json.dumps(_fixed(os.environ)))
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(address))
    return listening


def serve(listening: socket.socket, held: int) -> dict[str, Any] | None:
    """Fork for every message that arrives.

    Returns:
        The message, in the forked process; None when the other end of the pipe `held` has been closed.
    """
    running: dict[int, tuple[int, int]] = {}  # by the descriptor of a process: its id, and where its end is told
    with selectors.DefaultSelector() as selector:
        selector.register(listening, selectors.EVENT_READ)
        selector.register(held, selectors.EVENT_READ)
        while True:
            for descriptor in [key.fd for key, _ in selector.select()]:
                if descriptor == held:
                    return None
                if descriptor in running:
                    pid, told = running.pop(descriptor)
                    selector.unregister(descriptor)
                    _tell(told, os.waitpid(pid, 0)[1])
                    _close(descriptor, told)
                    continue
                data, received, *_ = socket.recv_fds(listening, 1 << 20, 4)
                streams, told = received[:3], received[3]
                _load()
                if not (pid := os.fork()):
                    message = json.loads(data)
                    _join(message["group"])
                    _tell(told, os.getpid())
                    _close(listening.detach(), held, told, *running, *(end for _, end in running.values()))
                    for number, stream in enumerate(streams):
                        os.dup2(stream, number)
                    _close(*streams)
                    return message
                _close(*streams)
                process = os.pidfd_open(pid)
                running[process] = (pid, told)
                selector.register(process, selectors.EVENT_READ)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _tell(to: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever started the process is gone
        os.write(to, f"{number}\n".encode())


def _load() -> None:
    import askew

    for name in _LIBRARIES:
        import_module(name)
    for found in walk_packages(askew.__path__, "askew."):
        if not found.name.endswith("__main__"):
            try:
                import_module(found.name)
            except ModuleNotFoundError as error:  # of an extra that is not installed
                if not error.name or error.name.startswith("askew"):
                    raise
    gc.freeze()  # a collection in a forked process would copy the memory that it shares


def _join(group: int) -> None:
    """Join a process group, or begin a session if it is 0."""
    if not group:
        os.setsid()
    else:
        with contextlib.suppress(PermissionError):  # of another session
            os.setpgid(0, group)


def _be(message: dict[str, Any]) -> None:
    """Make this process what was asked for, but for its module, and let it fork its own workers."""
    os.chdir(message["folder"])
    os.environ.clear()
    os.environ.update(message["environment"])
    sys.argv = [message["module"], *message["arguments"]]
    sys.path[0:1] = [] if message["safe_path"] else [""]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  (the standard streams)
        if isinstance(stream, io.TextIOWrapper) and name == "stderr":
            stream.reconfigure(line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", getattr(sys, name))


def _own_forks() -> tuple[socket.socket, int] | None:
    """Fork a process to fork the workers of this one from.

    Returns:
        In the new process: where it listens, and the pipe that ends with this one.
    """
    held, ends_with = os.pipe()
    folder = Path(tempfile.mkdtemp(prefix="askew-forks-"))
    listening = _listen(folder / "socket")
    if os.fork():
        _close(listening.detach(), held)  # `ends_with` stays open until this process ends
        os.environ[ADDRESS] = str(folder / "socket")
        use()
        return None
    os.close(ends_with)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    return listening, held


def main() -> None:
    """Serve; and in each forked process, be what was asked for."""
    listening, held = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and they end this process
    while message := serve(listening, held):  # it returns in each forked process too
        _be(message)
        if message["module"] == "askew" and (own := _own_forks()):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            listening, held = own
            continue
        _end(_run(message["module"]))
    shutil.rmtree(Path(listening.getsockname()).parent)


def _run(module: str) -> int:
    """Run a module as `python -m` does, and return the exit code."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
            return 1
        return ended.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End this process as Python does, but leave the libraries as they are: to take them apart takes seconds."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]  (waits for threads, as the end of Python does)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
