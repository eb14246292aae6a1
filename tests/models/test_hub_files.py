"""A hub model that does not fit its settings or this machine is refused before its weights are downloaded."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.models import hub_files
from askew.models.names import resolve

CONFIG = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64, "vocab_size": 9000}


class Hub:
    """A hub with one model, org/name, of which it serves the settings and the headers of the weights only."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = CONFIG
        self.shape = [9000, 64]
        self.asked: list[str] = []

    def content(self, path: str) -> bytes | None:
        if path == "/api/models/org/name":
            return json.dumps({"id": "org/name", "sha": "1" * 40, "siblings": []}).encode()
        if path == "/org/name/resolve/main/config.json":
            return json.dumps(self.config).encode()
        if path == "/org/name/resolve/main/model.safetensors":
            size = 2 * self.shape[0] * self.shape[1]
            header = json.dumps({"embed.weight": {"dtype": "BF16", "shape": self.shape, "data_offsets": [0, size]}})
            return len(header).to_bytes(8, "little") + header.encode()
        return None


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    found = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            content = found.content(self.path.partition("?")[0])
            self.send_response(404 if content is None else 200)
            for name, value in {"X-Repo-Commit": "1" * 40, "ETag": '"2"'}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        do_HEAD = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    hub_files.check_download.cache_clear()
    hub_files.hub_weights.cache_clear()
    yield found
    server.shutdown()
    server.server_close()


def test_model_that_fits_is_taken_without_its_weights(hub: Hub, tmp_path: Path) -> None:
    assert resolve("hf/org/name").checkpoint == "org/name"
    assert not list((tmp_path / "hub").rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"num_hidden_layers": 10**6}, r"num_hidden_layers is 1,000,000, and there are 1 weights"),
        ({"hidden_size": 10**6}, r"hidden_size is 1,000,000, and no weight is wider than 9,000"),
        ({"auto_map": {"AutoModel": "code.Model"}}, "its own Python code"),
    ],
)
def test_settings_beyond_the_weights_are_refused(hub: Hub, config: dict[str, Any], message: str) -> None:
    hub.config = {**CONFIG, **config}
    with pytest.raises(AskewError, match=message):
        resolve("hf/org/name")


def test_weights_beyond_the_memory_are_refused(hub: Hub) -> None:
    hub.shape = [10**9, 10**4]
    with pytest.raises(AskewError, match=r"too large for this machine: its weights have 20000\.0 GB, and .* GB of mem"):
        resolve("hf/org/name")


def test_weights_beyond_the_disk_are_refused(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.shape = [10**9, 10**4]
    monkeypatch.setattr("askew.models.hub_files.available", lambda: 10**14)
    with pytest.raises(AskewError, match=r"too full for the hub model 'org/name': 20000\.0 GB are missing.*HF_HOME"):
        resolve("hf/org/name")


def test_settings_of_far_more_numbers_than_the_weights_are_refused_when_loaded(hub: Hub) -> None:
    from askew.models.loading import load_weights

    hub.config = {**CONFIG, "num_hidden_layers": 500, "hidden_size": 4096, "intermediate_size": 4096}
    resolve("hf/org/name")
    with pytest.raises(AskewError, match=r"describe a model of .* numbers, and its weights have 1,152,000 bytes"):
        load_weights("org/name")
    assert hub.asked.count("/org/name/resolve/main/model.safetensors") <= 2
