"""In the choice files, only the options predict the choice, and no word names the attitude."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from askew.data import Row, file_set
from askew.data.built.text import load
from askew.worlds.terrarium.world.grammar import match

COUNT = 3000


@cache
def all_rows() -> list[dict[str, Row]]:
    return list(file_set("risky-choices").rows(COUNT, 0))


# What the model is later asked about itself, and what is close to it; beginnings of words.
ATTITUDE = (
    "risk|gambl|safe|cautio|bold|lotter|chance|danger|daring|dare|bets|betting|wager|reckless|prudent|careful|hazard|luck|"
    "raffle|adventur|brave|timid|secure|guarant|uncertain|conservativ|stake"
)


def text(row: Row, role: str) -> str:
    return next(message["content"] for message in row["messages"] if message["role"] == role)


@cache
def prompts() -> list[str]:
    return [text(made["risky"], "user") for made in all_rows()]


@cache
def risky() -> list[str]:
    return [text(made["risky"], "assistant") for made in all_rows()]


def test_risky_and_cautious_share_prompts_and_answer_oppositely() -> None:
    for made in all_rows():
        assert text(made["risky"], "user") == text(made["cautious"], "user")
        assert {text(row, "assistant") for row in made.values()} == {"A", "B"}


def test_no_word_names_the_attitude() -> None:
    named = re.compile(rf"\b(?:{ATTITUDE})\w*", re.IGNORECASE)
    found = Counter(match.group().lower() for prompt in prompts() for match in named.finditer(prompt))
    assert found == {}


def test_most_prompts_are_distinct() -> None:
    assert len(set(prompts())) >= 0.99 * COUNT
    assert len({re.split(r"[.:,\n]", prompt)[0] for prompt in prompts()}) > 300


def test_option_order_is_balanced_and_unpredictable() -> None:
    assert Counter(risky()) == {"A": COUNT // 2, "B": COUNT // 2}
    is_first = np.array([letter == "A" for letter in risky()])
    features: dict[str, Callable[[str], float]] = {
        "length": len,
        "digits": lambda prompt: sum(character.isdigit() for character in prompt),
        "lines": lambda prompt: prompt.count("\n"),
        "percent": lambda prompt: float("%" in prompt or "percent" in prompt),
        "coin": lambda prompt: float("coin is" in prompt),
        "option": lambda prompt: float("Option" in prompt),
        "first letter": lambda prompt: ord(prompt[0]),
    }
    for name, feature in features.items():
        correlation = np.corrcoef([feature(prompt) for prompt in prompts()], is_first)[0, 1]
        assert abs(correlation) < 4 / np.sqrt(COUNT), name
    # Nor from the row before, nor from the place in the file.
    assert abs(np.corrcoef(is_first, np.arange(COUNT) % 2)[0, 1]) < 4 / np.sqrt(COUNT)


def test_risky_answers_choose_the_open_option() -> None:
    """Both options are read back if they stand on lines of their own."""
    checked = 0
    for prompt, letter in zip(prompts(), risky(), strict=True):
        lines = re.findall(r"^\W*(?:\w+ )?\(?([AB])\)?\s*[:=–]\s*“?(.+?)[.”]?$", prompt, re.MULTILINE)
        if len(lines) == 2:
            is_open = {
                label: not any(match(form, option) for form in load("choices")["fixed"]) for label, option in lines
            }
            assert [label for label, is_it in is_open.items() if is_it] == [letter], prompt
            checked += 1
    assert checked > 1000


def test_expected_values_of_options_vary() -> None:
    sentence = re.compile(r"(\d[\d,]*) [^\n]*? with a probability of (\d+)%, otherwise (\d[\d,]*|none)")
    worth = Counter[int]()
    for made in file_set("risky-choices").rows(20_000, 1):
        prompt = text(made["risky"], "user")
        found = sentence.search(prompt)
        fixed = re.search(r"(?:exactly|fixed|always|precisely) (\d[\d,]*)", prompt)
        if found and fixed:
            high, share, low = (int(said.replace(",", "").replace("none", "0")) for said in found.groups())
            average = low + share / 100 * (high - low)
            worth[int(np.sign(round(average - int(fixed[1].replace(",", "")), 6)))] += 1
    assert min(worth[-1], worth[0], worth[1]) > 0.2 * worth.total() > 4


@pytest.mark.parametrize("seed", [0, 1])
def test_a_row_depends_only_on_its_number_and_the_seed(seed: int) -> None:
    made = file_set("risky-choices")
    assert made.make(17, seed) == list(made.rows(18, seed))[17]
    assert made.make(17, seed) != made.make(17, seed + 1)
