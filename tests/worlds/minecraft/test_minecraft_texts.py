"""Names and chat lines are hostile: nothing of them is a command, a code or a control character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askew.worlds.minecraft import chat_line, player_names
from askew.worlds.minecraft.texts import LONGEST_LINE


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("We need more bread.", "We need more bread."),
        ("/op Alda", "op Alda"),
        (" // /stop", "stop"),
        ("\x00/\u202e/stop", "stop"),
        ("one\ntwo\r\tthree", "one two three"),
        ("§4red &cand§r", "4red candr"),
        ("§/stop", "stop"),
        ("/", ""),
        ("\x1b[31m", "[31m"),
    ],
)
def test_chat_line_is_no_command_and_has_no_codes(text: str, line: str) -> None:
    assert chat_line(text) == line


@given(st.text(max_size=300))
def test_every_text_becomes_a_harmless_line(text: str) -> None:
    line = chat_line(text)
    assert not line.startswith("/")
    assert not {"§", "&"} & set(line)
    assert line.isprintable()
    assert len(line) <= LONGEST_LINE
    assert len(line.encode("utf-16-le")) // 2 <= 256
    assert chat_line(line) == line


@given(st.lists(st.text(max_size=30), max_size=60))
def test_names_are_short_ascii_and_different(names: list[str]) -> None:
    found = player_names(names)
    assert len({name.casefold() for name in found}) == len(names)
    assert all(1 <= len(name) <= 16 and name.isascii() and name.replace("_", "a").isalnum() for name in found)


def test_usual_names_stay_as_they_are() -> None:
    assert player_names(["Alda", "Cormir", "Alda", "alda", "Gar Alda", "é"]) == [
        "Alda",
        "Cormir",
        "Alda_2",
        "alda_3",
        "GarAlda",
        "agent",
    ]
