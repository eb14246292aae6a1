"""Requests to served models are sent once, within the cost limit, and their replies are stored."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from inspect_ai.model import ChatMessage, ChatMessageUser, GenerateConfig, Model, ModelOutput, ModelUsage, get_model

from askew.base.errors import AskewError
from askew.models.remote.prices import Price, read_prices
from askew.models.remote.provider_errors import check_can_be_asked
from askew.models.remote.reply_store import ReplyStore
from askew.models.remote.requests import CONNECTIONS, Patience, gather, request_reply, storing_replies

SHORT = Patience(total=1, attempt=5, first_wait=0.01)
NAME = "mockllm/model"


def said(text: str) -> list[ChatMessage]:
    return [ChatMessageUser(content=text)]


def seeded(seed: int, **more: int) -> GenerateConfig:
    return GenerateConfig(seed=seed, max_tokens=10, **more)  # pyright: ignore[reportArgumentType]


class Counting:
    """A model that numbers its replies, each with 10 input tokens and 5 output tokens."""

    def __init__(self, wait: float = 0.0, fails: Callable[[int], Exception | None] = lambda number: None) -> None:
        self.asked = 0
        numbers = count()

        def answer(*_: object) -> ModelOutput:
            self.asked += 1
            error = fails(self.asked)
            if error is not None:
                raise error
            output = ModelOutput.from_content(NAME, f"answer {next(numbers)}")
            output.usage = ModelUsage(input_tokens=10, output_tokens=5, total_tokens=15)
            return output

        async def slow(*arguments: object) -> ModelOutput:
            await asyncio.sleep(wait)
            return answer(*arguments)

        self.model: Model = get_model(NAME, custom_outputs=slow, memoize=False)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "replies.sqlite"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Return a file of prices: a dollar per output token, and nothing for input tokens."""
    file = tmp_path / "prices.yaml"
    file.write_text(f"{NAME}: {{input: 0, output: 1000000}}\n")
    return file


def ask(counting: Counting, *requests: tuple[str, GenerateConfig]) -> list[str]:
    async def all_of_them() -> list[str]:
        outputs = await asyncio.gather(
            *(request_reply(counting.model, said(text), config) for text, config in requests)
        )
        return [output.completion for output in outputs]

    return asyncio.run(all_of_them())


def test_stored_reply_is_not_requested_again(store: Path):
    first, second = Counting(), Counting()
    with storing_replies(store):
        before = ask(first, ("a", seeded(1)))
    with storing_replies(store):
        assert ask(second, ("a", seeded(1))) == before == ["answer 0"]
    assert (first.asked, second.asked) == (1, 0)


def test_different_settings_are_different_requests(store: Path):
    counting = Counting()
    with storing_replies(store):
        ask(counting, ("a", seeded(1)), ("b", seeded(1)), ("a", seeded(2)), ("a", seeded(1, num_choices=3)))
        ask(counting, ("a", seeded(1, max_connections=3)))  # the same request, sent differently
    assert counting.asked == 4


def test_stored_reply_is_complete(store: Path):
    counting = Counting()
    with storing_replies(store):
        outputs = [asyncio.run(request_reply(counting.model, said("a"), seeded(1))) for _ in range(2)]
    assert outputs[0].model_dump() == outputs[1].model_dump()
    assert outputs[1].usage == ModelUsage(input_tokens=10, output_tokens=5, total_tokens=15)


def test_identical_simultaneous_requests_are_sent_once(store: Path):
    counting = Counting(wait=0.05)
    with storing_replies(store):
        assert ask(counting, *[("a", seeded(1))] * 20) == ["answer 0"] * 20
    assert counting.asked == 1


def test_nothing_is_stored_outside_the_block(store: Path):
    counting = Counting()
    ask(counting, ("a", seeded(1)))
    ask(counting, ("a", seeded(1)))
    assert counting.asked == 2
    assert not store.exists()


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError("gone"), TypeError("'NoneType' object is not iterable"), IndexError("list index")],
)
def test_transient_failure_is_retried(store: Path, error: Exception):
    counting = Counting(fails=lambda number: error if number % 3 else None)
    with storing_replies(store, patience=SHORT):
        assert sorted(ask(counting, ("a", seeded(1)), ("b", seeded(1)))) == ["answer 0", "answer 1"]
    assert counting.asked == 6


def test_retries_end_with_an_error_that_mentions_stored_replies(store: Path):
    counting = Counting(fails=lambda number: ConnectionResetError("no\nroute") if number > 1 else None)
    with storing_replies(store, patience=SHORT):
        ask(counting, ("a", seeded(1)))
        with pytest.raises(
            AskewError, match=r"^mockllm/model gave no answer for 1 seconds: no route\. .*stored.*repeat the command"
        ):
            ask(counting, ("b", seeded(1)))
        assert ask(counting, ("a", seeded(1))) == ["answer 0"]


def test_permanent_failure_is_raised_at_once_without_the_key(store: Path, monkeypatch: pytest.MonkeyPatch):
    class Refused(Exception):
        status_code = 401

    monkeypatch.setenv("SOME_API_KEY", "sk-secret-secret")
    counting = Counting(fails=lambda number: Refused("no such key: sk-secret-secret"))
    with storing_replies(store, patience=SHORT), pytest.raises(AskewError, match=r"refuses the key \(401\)") as caught:
        ask(counting, ("a", seeded(1)))
    assert counting.asked == 1
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


# ---- cost


def test_spending_reaches_but_never_exceeds_the_limit(store: Path, prices: Path):
    counting = Counting(wait=0.01)
    # A request costs 5 dollars, but could cost 10, so the limit of 50 stops the one after 45 dollars.
    with storing_replies(store, max_cost=50, prices=prices):
        with pytest.raises(AskewError, match=r"--max-cost \$50 is reached: \$45 .*Raise the limit and repeat"):
            ask(counting, *((f"question {i}", seeded(i)) for i in range(40)))
        [spent] = ReplyStore(store).spent()
    assert (spent.requests, spent.dollars) == (9, 45) == (counting.asked, 5 * counting.asked)
    with storing_replies(store, max_cost=1000, prices=prices):
        assert len(set(ask(counting, *((f"question {i}", seeded(i)) for i in range(40))))) == 40
    assert counting.asked == 40


def test_possibly_charged_attempt_counts_at_its_maximum(store: Path, prices: Path):
    counting = Counting(fails=lambda number: TimeoutError("slow") if number == 1 else None)
    with storing_replies(store, max_cost=100, prices=prices, patience=SHORT):
        ask(counting, ("a", seeded(1)))
    [spent] = ReplyStore(store).spent()
    assert (spent.requests, spent.lost, spent.dollars) == (1, 1, 15)


def test_refused_attempt_costs_nothing(store: Path, prices: Path):
    class Busy(Exception):
        status_code = 429

    counting = Counting(fails=lambda number: Busy("later") if number < 4 else None)
    with storing_replies(store, max_cost=10, prices=prices, patience=SHORT):
        ask(counting, ("a", seeded(1)))
    [spent] = ReplyStore(store).spent()
    assert (spent.requests, spent.lost, spent.dollars) == (1, 0, 5)


def test_requests_of_a_killed_process_are_counted(store: Path, prices: Path):
    kept = ReplyStore(store)
    kept.reserve(NAME, 7.0, None)
    kept.count_all_as_lost()
    counting = Counting()
    with storing_replies(store, max_cost=16, prices=prices), pytest.raises(AskewError, match=r"\$7 spent"):
        ask(counting, ("a", seeded(1)))
    assert counting.asked == 0


def test_limit_without_a_price_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("X_API_KEY", "key-key-key")
    monkeypatch.setenv("X_BASE_URL", "http://127.0.0.1:9/v1")
    model = get_model("openai-api/x/y")
    with (
        storing_replies(store, max_cost=1),
        pytest.raises(AskewError, match=r"no price of openai-api/x/y .*--prices FILE"),
    ):
        asyncio.run(request_reply(model, said("a"), seeded(1)))


def test_user_prices_and_longer_wildcards_take_precedence(tmp_path: Path):
    shipped = read_prices()
    assert shipped.of("openai/gpt-4o-mini-2024-07-18") != shipped.of("openai/gpt-4o")
    assert shipped.of("openai/unheard-of") is None
    own = tmp_path / "own.yaml"
    own.write_text("openai/*: {input: 1, output: 2}\n'openai/gpt-4o*': {input: 3, output: 4}\n")
    assert read_prices(own).of("openai/gpt-4o-mini") == Price(input=3, output=4)
    assert read_prices(own).of("openai/unheard-of") == Price(input=1, output=2)
    assert Price(input=3, output=4).of(1_000_000, 500_000) == 5.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openai/x: {input: -1, output: 2}", r"own\.yaml: openai/x\.input"),
        ("openai/x: 5", r"own\.yaml: openai/x"),
        ("[1, 2]", r"own\.yaml: the whole"),
        ("a: [", r"own\.yaml, line 1: this is not YAML"),
        (None, r"cannot read the prices"),
    ],
)
def test_invalid_prices_raise_an_error_with_their_place(tmp_path: Path, text: str | None, message: str):
    own = tmp_path / "own.yaml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(AskewError, match=message):
        read_prices(own)


# ---- the store


def test_damaged_store_raises_a_readable_error(store: Path):
    with storing_replies(store):
        ask(Counting(), *((f"{i}", seeded(i)) for i in range(50)))
    whole = store.read_bytes()
    for damaged in (b"no database" * 100, whole[:4096] + b"\xff" * (len(whole) - 4096)):
        for extra in store.parent.glob("replies.sqlite-*"):
            extra.unlink()
        store.write_bytes(damaged)
        with storing_replies(store), pytest.raises(AskewError, match=r"replies\.sqlite is damaged.*Delete it"):
            ask(Counting(), *((f"{i}", seeded(i)) for i in range(50)))


def test_tampered_reply_is_refused(store: Path):
    with storing_replies(store):
        ask(Counting(), ("a", seeded(1)))
    with sqlite3.connect(store) as file:
        file.execute("UPDATE replies SET reply = ?", (b"\x80\x04cos\nsystem\n",))
    with storing_replies(store), pytest.raises(AskewError, match="is damaged"):
        ask(Counting(), ("a", seeded(1)))


SESSION = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_served import Counting, ask, seeded
from askew.models.remote.requests import storing_replies
with storing_replies(Path({store!r}), max_cost=1e9, prices=Path({prices!r})):
    ask(Counting(), *((f"{{i}}", seeded(i)) for i in range({first}, {first} + 200)))
"""


def test_processes_share_a_store(store: Path, prices: Path):
    folder = str(Path(__file__).parent)
    codes = [SESSION.format(tests=folder, store=str(store), prices=str(prices), first=first) for first in (0, 200, 400)]
    running = [subprocess.Popen([sys.executable, "-c", code]) for code in codes]
    assert [process.wait() for process in running] == [0, 0, 0]
    [spent] = ReplyStore(store).spent()
    assert (spent.requests, spent.output_tokens, spent.dollars) == (600, 3000, 3000)
    counting = Counting()
    with storing_replies(store):
        ask(counting, *((f"{i}", seeded(i)) for i in range(600)))
    assert counting.asked == 0


# ---- checks before the first request


def test_error_for_a_missing_key_names_its_variable(monkeypatch: pytest.MonkeyPatch):
    for name in ("OPENAI_API_KEY", "LOCAL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AskewError, match=r"^openai/gpt-4o: .*Set OPENAI_API_KEY"):
        check_can_be_asked("openai/gpt-4o")
    with pytest.raises(AskewError, match=r"Set LOCAL_API_KEY"):
        check_can_be_asked("openai-api/local/model")
    monkeypatch.setenv("LOCAL_API_KEY", "key-key")
    with pytest.raises(AskewError, match=r"Set LOCAL_BASE_URL"):
        check_can_be_asked("openai-api/local/model")
    monkeypatch.setenv("LOCAL_BASE_URL", "http://127.0.0.1:9/v1")
    check_can_be_asked("openai-api/local/model")


def test_gather_starts_as_many_coroutines_as_connections(store: Path):
    begun = finished = 0
    most = 0

    async def piece(number: int) -> int:
        nonlocal begun, finished, most
        begun += 1
        most = max(most, begun - finished)
        await asyncio.sleep(0.001 * (number % 3))
        finished += 1
        return number

    found = asyncio.run(gather(partial(piece, number) for number in range(100)))
    assert found == list(range(100))
    assert 1 < most <= CONNECTIONS


def test_gather_raises_the_first_error():
    async def piece(number: int) -> int:
        if number == 3:
            raise AskewError("number 3")
        await asyncio.sleep(0.05)
        return number

    with pytest.raises(AskewError, match="number 3"):
        asyncio.run(gather(partial(piece, number) for number in range(100)))
