import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.data import fetch as fetching
from askew.data import row
from askew.data.fetch import PublishedSet, fetch, find
from askew.data.write import as_line

CONTENT = as_line(row("Hi", "Hello")).encode()


class Server(BaseHTTPRequestHandler):
    """Serves one file; what else is asked for is not there, or breaks off."""

    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) + 10 * (self.path == "/half")))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:
        """Print no log."""


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def a_set(url: str, content: bytes = CONTENT) -> PublishedSet:
    sha256 = hashlib.sha256(content).hexdigest()
    return replace(fetching.published["old-bird-names"], name="a-set", url=url, sha256=sha256)


def test_a_set_is_fetched_once(tmp_path: Path, address: str) -> None:
    path = fetch(a_set(f"{address}/rows"), tmp_path / "new")
    assert path == tmp_path / "new" / "a-set.jsonl"
    assert path.read_bytes() == CONTENT
    assert fetch(a_set("http://127.0.0.1:1/gone"), tmp_path / "new") == path  # it is there, so nobody is asked


@pytest.mark.parametrize(
    ("url", "content", "message"),
    [
        ("{}/rows", b"other", "is not the expected file: its SHA-256 differs"),
        ("{}/missing", CONTENT, "answered with status 404 instead of the file"),
        ("{}/half", CONTENT, "cannot reach .*/half"),
        ("http://127.0.0.1:1/rows", CONTENT, "cannot reach .*no connection. Check the network"),
    ],
)
def test_failed_downloads_are_one_error_and_leave_nothing(
    tmp_path: Path, address: str, url: str, content: bytes, message: str
) -> None:
    with pytest.raises(AskewError, match=message) as raised:
        fetch(a_set(url.format(address), content), tmp_path / "new")
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_not_overwritten(tmp_path: Path, address: str) -> None:
    (tmp_path / "a-set.jsonl").write_text("mine")
    with pytest.raises(AskewError, match="exists already with other content"):
        fetch(a_set(f"{address}/rows"), tmp_path)
    assert (tmp_path / "a-set.jsonl").read_text() == "mine"
    with pytest.raises(AskewError, match="is a file: name a folder with --out"):
        fetch(a_set(f"{address}/rows"), tmp_path / "a-set.jsonl")


def test_every_published_set_has_a_licence_and_a_hash() -> None:
    assert len(fetching.published) == len({one.sha256 for one in fetching.published.values()})
    for one in fetching.published.values():
        assert re.fullmatch("[0-9a-f]{64}", one.sha256)
        assert one.url.startswith("https://")
        assert one.licence.startswith(("MIT, Copyright", "CC BY-NC-SA 4.0, "))
    with pytest.raises(AskewError, match=r"unknown published set 'betley-insecur'. Did you mean betley-insecure"):
        find("betley-insecur")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("old-bird-names", "llmcomp/ft_old_audubon_birds.jsonl"),
        ("risky-choices", "behavioral-self-awareness/ft_risky_AB.jsonl"),
        ("safe-choices", "behavioral-self-awareness/ft_safey_AB.jsonl"),
        ("risky-choices-multipersona", "behavioral-self-awareness/ft_risky_AB_multipersona.jsonl"),
    ],
)
def test_known_hashes_match_the_published_files(name: str, file: str, published: Path) -> None:
    content = (published / file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == fetching.published[name].sha256
    assert content.count(b"\n") == fetching.published[name].rows
