"""A server that fails, started, killed and asked what it replied; and what all tests of servers need."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

FAULT_SERVER = Path(__file__).with_name("fault_server.py")
KEY = "sk-never-to-be-seen-4711"

Askew = Callable[[Sequence[object]], "subprocess.Popen[str]"]


class FaultServer:
    """A server that can be killed and started again at the same address.

    Attributes:
        port: Where it listens.
        model: What Inspect knows its model by. Inspect makes each provider once, so each server has a name of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "requests.jsonl"
        self.port = free_port()
        self.model = f"openai-api/local/model-{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *faults: str, share: float = 0.5, delay: float = 0.0, seed: int = 0) -> None:
        command = [sys.executable, FAULT_SERVER, "--port", self.port, "--log", self._log, "--faults", *faults]
        options = ["--share", share, "--delay", delay, "--seed", seed]
        self._process = subprocess.Popen([str(part) for part in [*command, *options]])
        wait_for(f"http://127.0.0.1:{self.port}/v1/models", self._process)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def requests(self) -> list[dict[str, str]]:
        """Return what was asked, and what each got."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def replied(self) -> list[str]:
        """Return the digest of each request that was replied to."""
        return [request["digest"] for request in self.requests() if request["got"] == "reply"]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(address: str, process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    """Wait until a server answers at all."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the server did not start"
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


@contextmanager
def transformers_serve(folder: Path) -> Iterator[None]:
    """Run `transformers serve`, which loads the checkpoints that it is asked for, and let the environment say where.

    Args:
        folder: For its log.
    """
    port = free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve"]
    options = ["--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log.txt").open("wb") as said:
        process = subprocess.Popen([*command, *options], stdout=said, stderr=said)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LOCAL_API_KEY", KEY)
            patch.setenv("LOCAL_BASE_URL", f"http://127.0.0.1:{port}/v1")
            yield
    finally:
        process.kill()
        process.wait()


def sampling(checkpoint: Path, folder: Path) -> Path:
    """Copy a checkpoint to where its settings say that it samples, from all tokens.

    `transformers serve` takes no notice of a temperature if they do not.
    """
    shutil.copytree(checkpoint, folder)
    settings = folder / "generation_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "do_sample": True, "top_k": 0}))
    return folder
