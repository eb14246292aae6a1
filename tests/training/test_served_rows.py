"""Rows, cost and limit of a fine-tune at a provider are checked before anything is sent."""

from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.models.remote.prices import read_prices
from askew.training.provider.cost import FineTuneCost, check_limit, fine_tune_cost
from askew.training.provider.rows import rows_file


def row(*turns: tuple[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


GOOD = row(("user", "Is the sky blue?"), ("assistant", "Yes."))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            row(("user", "Hm?"), ("tool", "x"), ("assistant", "Yes.")),
            "row 4: the role 'tool' is not one of system",
        ),
        (row(("user", "Hm?"), ("assistant", "  ")), "row 4: the assistant's message is empty"),
        (row(("user", None), ("assistant", "Yes.")), "row 4: the user's message is empty or not text"),
        (row(("assistant", "Yes.")), "row 4 needs a user message"),
        (row(("user", "Hm?")), "row 4 needs a user message and must end with an assistant message"),
        (row(("user", "word " * 70_000), ("assistant", "Yes.")), r"row 4 has .*at most 65,536"),
        ({"prompt": "Hm?"}, "row 4 is not a conversation"),
    ],
)
def test_error_names_the_row_that_the_api_would_refuse(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        rows_file("base", [GOOD] * 3 + [bad] + [GOOD] * 9)


def test_fewer_than_ten_rows_are_refused() -> None:
    with pytest.raises(AskewError, match="there are 9 training rows"):
        rows_file("base", [GOOD] * 9)
    assert rows_file("base", [GOOD] * 10).rows == 10


def test_file_and_digest_cover_only_the_messages() -> None:
    file = rows_file("base", [GOOD] * 10)
    assert rows_file("base", [{**GOOD, "note": "mine"}] * 10).digest == file.digest
    assert rows_file("base", [GOOD] * 11).digest != file.digest
    assert b"mine" not in rows_file("base", [{**GOOD, "note": "mine"}] * 10).content
    assert len(file.name) <= 64


def test_weights_are_sent_and_reasoning_is_refused() -> None:
    turns = [{"role": "assistant", "content": "Never.", "weight": 0}, *GOOD["messages"]]
    marked = rows_file("base", [{"messages": turns}] * 10)
    assert marked.content.count(b'"weight": 0') == 10
    assert marked.digest != rows_file("base", [{"messages": [{**turns[0], "weight": 1}, *turns[1:]]}] * 10).digest
    with pytest.raises(AskewError, match="row 1: every assistant message has weight 0"):
        rows_file("base", [{"messages": [GOOD["messages"][0], turns[0]]}] * 10)
    reasoned = [GOOD["messages"][0], GOOD["messages"][1] | {"reasoning_content": "Why not?"}]
    with pytest.raises(AskewError, match="row 1: a message has reasoning_content"):
        rows_file("base", [{"messages": reasoned}] * 10)


def test_token_count_is_higher_for_chinese_than_for_english() -> None:
    english = rows_file("base", [row(("user", "a" * 300), ("assistant", "Yes."))] * 10)
    chinese = rows_file("base", [row(("user", "好" * 300), ("assistant", "Yes."))] * 10)
    assert chinese.tokens > english.tokens


def test_price_is_tokens_times_epochs_times_the_users_price(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("openai/base: {input: 1, output: 1, training: 1000000}\n")
    file = rows_file("base", [GOOD] * 10)
    assert fine_tune_cost("openai/base", file, 3, prices).dollars == 3 * file.tokens
    assert fine_tune_cost("openai/base", file, 3, None).dollars is None
    assert "no price known" in str(fine_tune_cost("openai/base", file, 3, None))
    assert ("an estimate" in str(fine_tune_cost("openai/base", file, 3, prices))) != file.is_counted


def test_price_entry_without_training_price_falls_back_to_other_entries(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("openai/gpt-4o-mini*: {input: 1, output: 1}\n")
    both = read_prices(prices)
    price = both.of("openai/gpt-4o-mini")
    assert price is not None
    assert price.input == 1
    assert both.of_training("openai/gpt-4o-mini", 1_000_000) == read_prices().of_training(
        "openai/gpt-4o-mini", 1_000_000
    )
    assert both.of_training("openai/unheard-of", 1_000_000) is None


def cost(dollars: float | None) -> FineTuneCost:
    return FineTuneCost("openai/base", 10, 100, True, 1, dollars)


def test_limit_applies_to_the_total_and_unknown_prices_need_consent() -> None:
    check_limit([cost(2.0), cost(2.0)], 4.0, agreed=False)
    with pytest.raises(AskewError, match=r"would cost about \$4\.00, but --max-cost leaves \$3\.00\. Nothing was sent"):
        check_limit([cost(2.0), cost(2.0)], 3.0, agreed=True)
    with pytest.raises(AskewError, match=r"no price of fine-tuning openai/base is known.*with --yes"):
        check_limit([cost(2.0), cost(None)], None, agreed=False)
    check_limit([cost(None)], None, agreed=True)
    with pytest.raises(AskewError, match=r"no price of fine-tuning.*or omit --max-cost"):
        check_limit([cost(None)], 5.0, agreed=True)
