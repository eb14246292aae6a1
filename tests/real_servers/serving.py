"""Starts and stops servers for tests: the fault server and `transformers serve`."""

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
    """A fault server that can be killed and restarted at the same address.

    Attributes:
        port: Its port.
        model: Its model's name for Inspect; unique per server, because Inspect caches providers by model name.
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
        """Return the log of requests, each with its outcome."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def replied(self) -> list[str]:
        """Return the digests of the requests that received a reply."""
        return [request["digest"] for request in self.requests() if request["got"] == "reply"]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(address: str, process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    """Wait until a server responds to requests; raise `TimeoutError` after some seconds."""
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
    """Run `transformers serve`, which loads the checkpoints named in requests, and set the environment for it.

    Args:
        folder: The folder for its log.
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
    """Copy a checkpoint to a folder, with generation settings that sample from all tokens.

    `transformers serve` ignores a request's temperature unless these settings enable sampling.
    """
    shutil.copytree(checkpoint, folder)
    settings = folder / "generation_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "do_sample": True, "top_k": 0}))
    return folder
