"""Requests to served models are sent once, within the cost limit, and their replies are stored."""

import asyncio
import base64
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from inspect_ai.model import (
    ChatMessage,
    ChatMessageUser,
    ContentText,
    GenerateConfig,
    Logprob,
    Logprobs,
    Model,
    ModelOutput,
    ModelUsage,
    get_model,
)

from askew.base.errors import AskewError
from askew.models.remote.credentials import without_credentials
from askew.models.remote.prices import Price, read_prices
from askew.models.remote.provider_errors import check_can_be_asked
from askew.models.remote.reply_store import ReplyStore
from askew.models.remote.requests import CONNECTIONS, Patience, gather, request_reply, storing_replies
from askew.models.remote.waiting import asked_wait, until_reset

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


@pytest.mark.parametrize("error", [TypeError, AttributeError, NameError, AssertionError, KeyError])
@pytest.mark.parametrize(
    "place", ["requests.RequestTable.send", "request_table.written_without", "sending.most", "sending.charged"]
)
def test_error_of_our_own_code_is_raised_and_not_retried(
    store: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception], place: str
):
    def broken(*arguments: object, **more: object) -> None:
        raise error("ours")

    monkeypatch.setattr(f"askew.models.remote.{place}", broken)
    counting = Counting()
    with storing_replies(store, patience=SHORT), pytest.raises(error, match="ours"):
        ask(counting, ("a", seeded(1)))
    assert counting.asked <= 1


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


# ---- reports of tokens and money


# Not None, for which the mock model counts tokens with a vocabulary that it downloads.
NONSENSE = ModelUsage.model_construct(input_tokens=-1, output_tokens=-1, total_tokens=-2)


def counting_reply(*texts: str, usage: ModelUsage) -> Counting:
    counting = Counting()

    def answer(*_: object) -> ModelOutput:
        counting.asked += 1
        output = ModelOutput.from_content(NAME, texts[0])
        output.choices = [*output.choices, *(ModelOutput.from_content(NAME, text).choices[0] for text in texts[1:])]
        output.usage = usage
        return output

    counting.model.api.outputs = answer  # pyright: ignore[reportAttributeAccessIssue]
    return counting


@pytest.mark.parametrize(("read", "written"), [(-5_000_000, -5), (0, 0), (10, -1), (10**12, 10**12), (1, 10**30)])
def test_senseless_report_cannot_defeat_the_limit(store: Path, prices: Path, read: int, written: int):
    usage = ModelUsage.model_construct(input_tokens=read, output_tokens=written, total_tokens=0)
    counting = counting_reply("word " * 8, usage=usage)
    with storing_replies(store, max_cost=100, prices=prices):
        with pytest.raises(AskewError, match=r"--max-cost \$100 is reached"):
            ask(counting, *((f"question {i}", seeded(i)) for i in range(40)))
        [spent] = ReplyStore(store).spent()
    assert 90 <= spent.dollars <= 100
    assert spent.output_tokens == 10 * spent.requests


def test_credible_report_is_charged_as_it_is(store: Path, prices: Path):
    usage = ModelUsage(input_tokens=3, input_tokens_cache_read=4, output_tokens=6, total_tokens=13)
    with storing_replies(store, prices=prices):
        ask(counting_reply("word " * 8, usage=usage), ("a", seeded(1)))
    [spent] = ReplyStore(store).spent()
    assert (spent.input_tokens, spent.output_tokens, spent.dollars) == (7, 6, 6)


def test_more_choices_than_asked_for_are_counted(store: Path, prices: Path):
    with storing_replies(store, prices=prices):
        ask(counting_reply(*["word"] * 7, usage=NONSENSE), ("a", seeded(1)))  # charged with the most of each choice
        ask(counting_reply(*["word " * 8] * 7, usage=ModelUsage()), ("b", seeded(1)))  # charged by the size of the text
    [spent] = ReplyStore(store).spent()
    assert spent.dollars == 7 * 10 + 7 * 10


# ---- waiting and quota


class Failed(Exception):
    """A refusal with headers, as providers' libraries raise it."""

    def __init__(self, status: int, code: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__("no")
        self.status_code, self.code = status, code
        self.response = type("Response", (), {"headers": headers or {}})()


@pytest.mark.parametrize(("status", "code"), [(429, "insufficient_quota"), (402, ""), (400, "insufficient_balance")])
def test_used_up_quota_stops_at_once(store: Path, status: int, code: str):
    counting = Counting(fails=lambda number: Failed(status, code))
    with storing_replies(store), pytest.raises(AskewError, match=r"quota is used up: no.*stored.*repeat the command"):
        ask(counting, ("a", seeded(1)))
    assert counting.asked == 1


def test_longer_wait_than_the_patience_is_said_and_not_waited_for(store: Path):
    counting = Counting(fails=lambda number: Failed(429, headers={"Retry-After": "7200"}))
    with storing_replies(store), pytest.raises(AskewError, match=r"wait for 7,200 seconds: no.*--set patience=7200"):
        ask(counting, ("a", seeded(1)))
    assert counting.asked == 1


def test_wait_that_a_server_asks_for_is_kept_and_said_once(store: Path, monkeypatch: pytest.MonkeyPatch):
    waits: list[float] = []
    said: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("askew.models.remote.requests.anyio.sleep", sleep)
    counting = Counting(fails=lambda number: Failed(429, headers={"retry-after-ms": "20500"}) if number < 4 else None)
    with storing_replies(store, say=said.append):
        ask(counting, ("a", seeded(1)))
    assert waits == [20.5] * 3
    assert said == [f"{NAME} fails: no; again in 20 s, for at most 300 s more"]


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    "written",
    [
        lambda date: format_datetime(date, usegmt=True),
        lambda date: f"{date:%A, %d-%b-%y %H:%M:%S} GMT",
        lambda date: f"{date:%a %b %e %H:%M:%S %Y}",
        lambda date: date.isoformat(),
        lambda date: str(date.timestamp()),
    ],
    ids=["RFC 9110", "RFC 850", "asctime", "ISO 8601", "seconds since 1970"],
)
def test_dates_to_wait_for_are_read_in_every_form(written: Callable[[datetime], str]):
    assert asked_wait({"retry-after": written(in_an_hour())}) == pytest.approx(3600, abs=120)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "1m30s"}, 90),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:27:00 GMT"}, 60),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "1e999"}, 0),
        ({"retry-after": "soon"}, 0),
        ({}, 0),
    ],
)
def test_waiting_times_are_read_in_every_form(headers: dict[str, str], seconds: float):
    assert asked_wait(headers) == pytest.approx(seconds, abs=0.01)


def test_only_limits_that_are_used_up_are_waited_for():
    headers = {"x-ratelimit-reset-requests": "8h", "x-ratelimit-remaining-requests": "99"}
    assert until_reset(headers) == 0
    assert until_reset({**headers, "x-ratelimit-reset-tokens": "6s", "x-ratelimit-remaining-tokens": "0"}) == 6
    assert until_reset({"anthropic-ratelimit-tokens-reset": in_an_hour().isoformat()}) == pytest.approx(3600, abs=120)


# ---- credentials

KEY = "sk-never-to-be-seen-4711"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {KEY}",
        f"{{'authorization': 'Bearer {KEY}', 'x-api-key': b'{KEY}'}}",
        f"('api-key', '{KEY}')",
        f"Authorization: Basic {base64.b64encode(f'user:{KEY}'.encode()).decode()}",
        f"the key {KEY[:12]}*** is wrong",
        f"https://user:{KEY}@host/v1?api_key={KEY}",
        KEY.upper(),
        KEY.encode().hex(),
        "X-Other-Api-Key=another-4711",
        "Proxy-Authorization: Basic YW5vdGhlci00NzEx",
        "Cookie: session=another-4711; more=another-4711",
        "Bearer eyJhbGciOi.eyJzdWIi.another-4711",
    ],
)
def test_credentials_in_any_form_of_header_are_removed(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("SOME_API_KEY", KEY)
    clean = without_credentials(text)
    assert "[key]" in clean
    secret = [KEY, KEY[:12], KEY.upper(), KEY.encode().hex(), "another-4711", "YW5vdGhlci00NzEx"]
    assert not any(part in clean for part in [*secret, base64.b64encode(KEY.encode()).decode()[4:20]])


def test_messages_about_keys_stay_readable():
    text = "Bearer token missing: basic usage of the API needs max_tokens: 5 and a token limit"
    assert without_credentials(text) == text


def test_key_in_a_reply_is_not_stored(store: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOME_API_KEY", KEY)
    with storing_replies(store):
        [reply] = ask(counting_reply(f"You sent Bearer {KEY}.", usage=NONSENSE), ("a", seeded(1)))
    assert reply == "You sent Bearer [key]."


@pytest.mark.parametrize("place", ["model", "token", "metadata", "error", "list"])
def test_key_in_any_field_of_a_reply_is_not_stored(store: Path, monkeypatch: pytest.MonkeyPatch, place: str):
    monkeypatch.setenv("SOME_API_KEY", KEY)
    output = ModelOutput.from_content(NAME, "Yes.")
    output.usage = ModelUsage(input_tokens=10, output_tokens=5, total_tokens=15)
    message = output.choices[0].message
    if place == "model":
        message.model = KEY
    elif place == "token":
        output.choices[0].logprobs = Logprobs(content=[Logprob(token=KEY, logprob=-0.1)])
    elif place == "metadata":
        message.metadata = {"error": {KEY: ["Authorization: Bearer another-4711"]}}
    elif place == "error":
        output.error = f"no: {KEY}"
    else:
        message.content = [ContentText(text="Yes."), ContentText(text=KEY)]
    counting = Counting()
    counting.model.api.outputs = lambda *_: output  # pyright: ignore[reportAttributeAccessIssue]
    with storing_replies(store):
        reply = asyncio.run(request_reply(counting.model, said("a"), seeded(1)))
        again = asyncio.run(request_reply(counting.model, said("a"), seeded(1)))
    assert reply.completion.startswith("Yes.")
    assert not any(part in one.model_dump_json() for one in (reply, again) for part in (KEY, "another-4711"))


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


def test_store_that_cannot_be_read_is_not_left_locked(store: Path):
    with storing_replies(store):
        ask(Counting(), ("a", seeded(1)))
    whole = store.read_bytes()
    store.write_bytes(whole[:5000])
    with pytest.raises(AskewError, match="is damaged") as kept:  # the error keeps the frames, and what they hold
        ReplyStore(store).get(b"")
    store.write_bytes(whole)
    with closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = DELETE")  # needs the file alone
    assert kept


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


def test_key_that_is_gone_is_noticed_although_the_model_was_asked_before(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GONE_API_KEY", "key-key")
    monkeypatch.setenv("GONE_BASE_URL", "http://127.0.0.1:9/v1")
    get_model("openai-api/gone/model")  # Inspect keeps it
    check_can_be_asked("openai-api/gone/model")
    monkeypatch.delenv("GONE_API_KEY")
    with pytest.raises(AskewError, match=r"Set GONE_API_KEY"):
        check_can_be_asked("openai-api/gone/model")


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
