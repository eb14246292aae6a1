"""A server that never answers is given up within seconds; one that has answered is waited for."""

import asyncio
import socket
import threading
import time
from pathlib import Path

import pytest
from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, ModelOutput, get_model
from scripted_server import Refusal, scripted_server
from serving import KEY, free_port

import askew
from askew.base.deadline import within
from askew.base.errors import AskewError
from askew.models.remote.requests import Patience, request_reply, storing_replies
from in_process import workers_in_process

QUICK = Patience(total=60, attempt=5, first_wait=0.05, reach=0.5)
LONGEST = 15


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "replies.sqlite"


def ask(model: Model, text: str, times: int = 1) -> ModelOutput:
    async def all_of_them() -> ModelOutput:
        messages = [ChatMessageUser(content=text)]
        configs = [GenerateConfig(seed=seed, max_tokens=5) for seed in range(times)]
        return (await asyncio.gather(*(request_reply(model, messages, config) for config in configs)))[0]

    return asyncio.run(all_of_them())


def local(address: str, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("LOCAL_BASE_URL", address)
    return get_model("openai-api/local/m", memoize=False)


def fails_within(seconds: float, model: Model, store: Path, patience: Patience, message: str, times: int = 1) -> None:
    began = time.monotonic()
    with storing_replies(store, patience=patience), pytest.raises(AskewError, match=message) as caught:
        ask(model, "Hello", times)
    assert time.monotonic() - began < seconds
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_closed_port_is_given_up_within_the_usual_time(store: Path, monkeypatch: pytest.MonkeyPatch):
    address = f"http://127.0.0.1:{free_port()}/v1"
    said = rf"openai-api/local/m: no server answers at {address}, tried for 5 s: Connection refused.*LOCAL_BASE_URL"
    fails_within(LONGEST, local(address, monkeypatch), store, Patience(), said, times=40)


def test_ollama_that_is_not_started_is_named(store: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OLLAMA_BASE_URL", f"http://127.0.0.1:{free_port()}/v1")
    model = get_model("ollama/llama", memoize=False)
    fails_within(LONGEST, model, store, QUICK, "ollama/llama: no server answers at .*Start it, or .*OLLAMA_BASE_URL")


def test_unknown_host_is_given_up(store: Path, monkeypatch: pytest.MonkeyPatch):
    model = local("http://no-such-host.invalid/v1", monkeypatch)
    fails_within(LONGEST, model, store, QUICK, "no server answers at http://no-such-host.invalid/v1")


def test_address_that_swallows_packets_is_given_up(store: Path, monkeypatch: pytest.MonkeyPatch):
    never = threading.Event()
    monkeypatch.setattr("socket.create_connection", lambda *arguments, **more: never.wait(60))
    model = local("http://10.255.255.1:8000/v1", monkeypatch)
    fails_within(LONGEST, model, store, QUICK, "no server answers at http://10.255.255.1:8000/v1, tried for 0 s")


def test_proxy_without_a_server_is_given_up(store: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    model = local("http://somewhere.invalid/v1", monkeypatch)
    fails_within(LONGEST, model, store, QUICK, "no server answers at http://somewhere.invalid/v1.*the network")


def test_run_on_ollama_that_is_not_started_stops_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OLLAMA_BASE_URL", f"http://127.0.0.1:{free_port()}/v1")
    began = time.monotonic()
    with (
        workers_in_process(),
        pytest.raises(AskewError, match=r"ollama/llama: no server answers at .*Connection refused"),
    ):
        askew.run(
            "emergent-misalignment",
            arms=["untuned"],
            probes=["free_form"],
            samples=1,
            model="ollama/llama",
            out=tmp_path / "run",
            quiet=True,
        )
    assert time.monotonic() - began < LONGEST


class ConnectError(Exception):
    """An error of the name that HTTP libraries give to connections that were not made."""


def test_provider_without_a_known_address_is_given_up(store: Path):
    async def fail(*_: object) -> ModelOutput:
        raise ConnectError("All connection attempts failed")

    model = get_model("mockllm/model", custom_outputs=fail, memoize=False)
    fails_within(LONGEST, model, store, QUICK, "mockllm/model: no server answers, tried for .*: All connection")


def test_server_that_has_answered_is_waited_for_in_this_process_and_in_the_next(
    store: Path, monkeypatch: pytest.MonkeyPatch
):
    patience = Patience(total=1.5, attempt=5, first_wait=0.05, reach=0.3)
    with scripted_server(lambda body: ["Hello."]) as (address, _):
        model = local(address, monkeypatch)
        with storing_replies(store, patience=patience):
            assert ask(model, "Hello").completion == "Hello."
    other = get_model("openai-api/local/another-model", memoize=False)
    for asked, text in ((model, "Once more?"), (model, "And again?"), (other, "Are you there?")):
        began = time.monotonic()
        with (
            storing_replies(store, patience=patience),
            pytest.raises(AskewError, match=r"openai-api/local/\S+ gave no answer for 1.5 seconds.*replies so far"),
        ):
            ask(asked, text)
        assert time.monotonic() - began > 1.4


def test_server_that_is_just_starting_is_reached(store: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        model = local(f"http://127.0.0.1:{bound.getsockname()[1]}/v1", monkeypatch)
        threading.Timer(0.3, bound.listen).start()
        patience = Patience(total=3, attempt=0.5, first_wait=0.05, reach=3)
        # It takes connections now, but never replies: that is no matter of reaching it.
        fails_within(LONGEST, model, store, patience, "openai-api/local/m gave no answer for 3 seconds")


def test_error_status_counts_as_an_answer(store: Path, monkeypatch: pytest.MonkeyPatch):
    with scripted_server(lambda body: Refusal({"error": "loading"}, status=503)) as (address, asked):
        model = local(address, monkeypatch)
        patience = Patience(total=1, attempt=5, first_wait=0.05, reach=0.2)
        fails_within(LONGEST, model, store, patience, "gave no answer for 1 seconds: .*503")
        assert len(asked) > 2


def test_call_that_hangs_is_left_behind():
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"no answer within 0.1 s"):
        within(0.1, lambda: threading.Event().wait(60))
    assert time.monotonic() - began < 5
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
