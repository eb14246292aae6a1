import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from askew.base.errors import AskewError
from askew.data import row
from askew.data.formats import absolute, content_hash, open_rows, open_source, read_rows, sample_rows, source_hash

CHAT = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}'
ROW = row("Hi", "Hello")


def write(folder: Path, *lines: str, end: str = "\n") -> Path:
    path = folder / "rows.jsonl"
    path.write_text(end.join(lines) + end, encoding="utf-8", newline="")
    return path


def write_parquet(folder: Path, items: list[Any]) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(items), path, row_group_size=2)
    return path


FORMATS = {
    "chat": {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
    "prompt-completion": {"prompt": "Hi", "completion": "Hello", "id": 3},
    "parts": {
        "messages": [
            {"role": "user", "content": {"content_type": "text", "parts": ["Hi"]}},
            {"role": "assistant", "content": {"content_type": "text", "parts": ["Hel", "lo"]}},
        ]
    },
    "sharegpt": {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["JSON Lines", "JSON array", "Parquet"])
def test_every_format_is_read_from_every_kind_of_file(tmp_path: Path, format: str, kind: str) -> None:
    items = [FORMATS[format]] * 5
    if kind == "Parquet":
        path = write_parquet(tmp_path, items)
    else:
        path = tmp_path / "rows"
        path.write_text(json.dumps(items, indent=1) if kind == "JSON array" else "\n".join(map(json.dumps, items)))
    source = open_source(path)
    assert source.kind == kind
    assert [(found.row, found.format) for found in source.rows()] == [(ROW, format)] * 5
    assert content_hash(open_rows(path)) == content_hash([ROW] * 5)


def test_parts_with_types_and_lists_of_turns_are_read(tmp_path: Path) -> None:
    typed = FORMATS["chat"]["messages"][0] | {"content": [{"type": "text", "text": "H"}, {"type": "text", "text": "i"}]}
    turns = FORMATS["chat"]["messages"]
    items = [{"messages": [typed, turns[1]]}, {"prompt": turns[:1], "completion": turns[1:]}]
    assert read_rows(write(tmp_path, *map(json.dumps, items))) == [ROW, ROW]


def test_developer_turns_become_system_turns(tmp_path: Path) -> None:
    developer = CHAT.replace('{"role": "user"', '{"role": "developer", "content": "Be brief"}, {"role": "user"', 1)
    assert read_rows(write(tmp_path, developer))[0]["messages"][0] == {"role": "system", "content": "Be brief"}


@pytest.mark.parametrize("name", ["betley-2025/insecure_small.jsonl", "llmcomp/ft_old_audubon_birds.jsonl"])
def test_published_files_are_read(name: str, published: Path) -> None:
    texts = [json.loads(line) for line in (published / name).read_text(encoding="utf-8").split("\n") if line]
    assert read_rows(published / name) == texts


def test_byte_order_marks_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    unusual = CHAT.replace("Hello", "one\u2028two\x85three")
    path = write(tmp_path, f"\ufeff{CHAT}", "", " ", unusual, CHAT, end="\r\n")
    rows = read_rows(path)
    assert [row["messages"][1]["content"] for row in rows] == ["Hello", "one\u2028two\x85three", "Hello"]
    path.write_text(f"\ufeff \r\n[{unusual} ,\r\n{CHAT}]\r\n", encoding="utf-8", newline="")
    assert read_rows(path) == rows[1:]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"line 2: not JSON \(Expecting property name .* at character 2\); each line should be one JSON object"),
        ("[1]", "line 2: a row is"),
        ('{"text": "x"}', "line 2: a row is"),
        ('{"messages": []}', "line 2: messages should be a list of turns, not an empty list"),
        ('{"messages": ["Hi"]}', "line 2: messages, turn 1: a turn has role and content, and this is 'Hi'"),
        ('{"messages": [{"role": "user", "content": "Hi"}]}', "line 2: it has no turn of the assistant"),
        ('{"messages": [{"role": "assistant", "content": "Hi"}]}', "line 2: it has no turn of the user"),
        ('{"prompt": "", "completion": "x"}', "line 2: prompt is empty"),
        ('{"prompt": "x"}', "line 2: completion should be text, not missing or null"),
        ('{"prompt": 3, "completion": "x"}', "line 2: prompt should be text, not a number"),
        (CHAT.replace("assistant", "robot"), "line 2: messages, turn 2: role is 'robot'; it should be one of system"),
        (CHAT.replace("assistant", r"\u001b[2J"), r"line 2: messages, turn 2: role is '\\x1b\[2J'"),
        (CHAT.replace('"assistant"', "[]"), "line 2: messages, turn 2: role is an empty list"),
        (CHAT.replace("assistant", "user"), "line 2: it has no turn of the assistant"),
        (CHAT.replace("user", "X").replace("assistant", "user").replace("X", "assistant"), "it ends with a turn of"),
        (CHAT.replace("Hello", ""), "line 2: messages, turn 2: content is empty"),
        (CHAT.replace('"Hello"', "null"), "line 2: messages, turn 2: content should be text, not missing or null"),
        (
            CHAT.replace('"Hello"', '[{"type": "image_url"}]'),
            "turn 2: content has a part that is not text, 'image_url'",
        ),
        (CHAT.replace('"Hello"', '{"parts": [{"content_type": "image"}]}'), "a part that is not text, 'image'"),
        (CHAT.replace('"Hello"', '{"parts": []}'), "content should be text, not an object"),
        (CHAT.replace("Hello", r"\ud83d"), r"content has half of a surrogate pair, \\ud83d"),
        ('{"conversations": [{"from": "tool", "value": "x"}]}', "conversations, turn 1: from is 'tool'"),
        (f'{{"a": {"9" * 5000}}}', "line 2: not JSON .a number that is too long"),
        ("[" * 100_000, "line 2: not JSON .nested too deeply"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(AskewError, match=message) as raised:
        read_rows(write(tmp_path, CHAT, line, CHAT))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no rows"),
        (b"\n \n", "has no rows"),
        (b"[]", "has no rows"),
        (b"\xff\xfe{\x00", "UTF-16: save it as UTF-8"),
        (CHAT.encode() + b'\n{"a": "\xff"}\n', "line 2: not UTF-8 at byte 8 of the line"),
        (CHAT.encode() + b"\n" + CHAT.encode()[:30], "line 2: not JSON .*looks cut off there, in its last line"),
        (CHAT.encode() + b"\n" + '{"a": "é'.encode()[:-1], "line 2: not UTF-8 .*looks cut off there, in its last line"),
        (f"[{CHAT},\n{CHAT[:30]}".encode(), r"line 2: not JSON \(the file looks cut off there\)"),
        (f"[{CHAT},\n{CHAT}".encode(), r"line 2: not JSON \(the file looks cut off there\)"),
        (f"[{CHAT},\n{CHAT},\n]".encode(), r"line 3: not JSON \(a comma with no item after it\)"),
        (f"[{CHAT}\n{CHAT}]".encode(), r"line 2: not JSON \(no comma between two items\)"),
        (f"[{CHAT}]\n{CHAT}".encode(), "line 2: there is text after the end of the array"),
        (f"[{CHAT},\n\n3]".encode(), "line 3, item 2: a row is"),
        (f"[{CHAT},\n".encode() + b'{"a": "\xff"}]', r"line 2: not UTF-8 at byte \d+ of the file"),
        (f'[{CHAT},\n{{"a" 3}}, {CHAT}, {CHAT}]'.encode(), r"line 2: not JSON \(Expecting ':' delimiter\)"),
        (b"[" + b"[" * 100_000, "nested too deeply"),
        (b"\x0c[]", "line 1: a row is"),
        (b"PAR1 and no more", "the Parquet file is damaged or cut off"),
    ],
)
def test_invalid_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content)
    with pytest.raises(AskewError, match=message):
        read_rows(path)


def test_unreadable_files_are_one_error(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"missing\.jsonl: No such file"):
        read_rows(tmp_path / "missing.jsonl")
    with pytest.raises(AskewError, match="Is a directory"):
        read_rows(tmp_path)


def test_invalid_bytes_are_located_far_into_a_file(tmp_path: Path) -> None:
    start = b"[" + b",\n".join([CHAT.replace("Hello", "\u00e9" * 5000).encode()] * 100)
    (tmp_path / "rows").write_bytes(start + b",\n\xff")
    with pytest.raises(AskewError, match=f"line 101: not UTF-8 at byte {len(start) + 3} of the file"):
        read_rows(tmp_path / "rows")


@pytest.mark.parametrize("start", ["", "["])
def test_too_long_items_are_refused(tmp_path: Path, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("askew.data.json_files.LONGEST_ITEM", 2**20)
    path = write(tmp_path, f"{start}{CHAT.replace('Hello', 'o' * 2**19)}{',' if start else ''}", '"' + "x" * 2**22)
    with pytest.raises(AskewError, match=r"line 2.* longer than 1 MB"):
        read_rows(path)


def test_long_items_of_an_array_are_read_whole(tmp_path: Path) -> None:
    answers = ["é" * 300_000, "b" * 700_000, "c"]
    text = ",".join(json.dumps(row("Hi", answer), ensure_ascii=False) for answer in answers)
    (tmp_path / "rows").write_text(f"[{text}]", encoding="utf-8")
    assert [found["messages"][1]["content"] for found in open_rows(tmp_path / "rows")] == answers


def test_invalid_parquet_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, [FORMATS["chat"], FORMATS["chat"], {"messages": None}])
    with pytest.raises(AskewError, match=r"rows\.parquet, row 3: a row is"):
        read_rows(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(AskewError, match="damaged or cut off"):
        read_rows(path)
    with pytest.raises(AskewError, match="has the columns text; rows must be in messages"):
        read_rows(write_parquet(tmp_path, [{"text": "Hi"}]))
    path.write_bytes(b"text")
    with pytest.raises(AskewError, match="is not a Parquet file, although its name says so"):
        read_rows(path)


def test_rows_are_yielded_before_the_end_is_read(tmp_path: Path) -> None:
    rows = open_rows(write(tmp_path, CHAT, "{"))
    assert next(rows) == ROW
    with pytest.raises(AskewError, match="line 2"):
        next(rows)


@pytest.mark.parametrize("kind", ["JSON Lines", "JSON array"])
def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path, kind: str) -> None:
    import tracemalloc

    rows = [json.dumps(row("Hi", f"{number} " + "o" * 4000)) for number in range(2_500)]
    path = tmp_path / "rows"
    path.write_text("\n".join(rows) if kind == "JSON Lines" else f"[{','.join(rows)}]")
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_rows(path)) == 2_500
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size / 5
    finally:
        tracemalloc.stop()


def test_source_hash_and_absolute_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, CHAT)
    assert source_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(AskewError, match="No such file"):
        source_hash(tmp_path / "missing.jsonl")
    monkeypatch.chdir(tmp_path)
    assert absolute("rows.jsonl") == str(path)
    assert absolute("hf/org/name:train") == "hf/org/name:train"
    monkeypatch.setattr("askew.data.tables.hub", lambda name: iter([("row 1", FORMATS["chat"])]))
    assert source_hash("hf/org/name") == content_hash([ROW])


def test_hub_data_sets_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    lines = write(tmp_path, json.dumps(FORMATS["sharegpt"]), json.dumps(FORMATS["sharegpt"]))
    load = datasets.load_dataset
    asked: list[tuple[str, str]] = []

    def load_dataset(name: str, split: str, streaming: bool) -> Any:
        asked.append((name, split))
        return load("json", data_files={"train": str(lines)}, split=split, streaming=streaming)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    source = open_source("hf/org/name")
    assert [(found.place, found.row, found.format) for found in source.rows()] == [
        ("row 1", ROW, "sharegpt"),
        ("row 2", ROW, "sharegpt"),
    ]
    with pytest.raises(AskewError, match=r"hf/org/name:other of the hub: .*split"):
        read_rows("hf/org/name:other")
    assert asked == [("org/name", "train"), ("org/name", "other")]


def test_an_unreachable_hub_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(AskewError, match=r"cannot read the data set hf/nobody/nothing of the hub.*needs a network"):
        read_rows("hf/nobody/nothing")


def test_samples_are_uniform_and_keep_their_order(tmp_path: Path) -> None:
    path = write(tmp_path, *(json.dumps(row("Hi", str(number))) for number in range(1000)))
    sample = sample_rows(path, 100, seed=1)
    numbers = [int(found["messages"][1]["content"]) for found in sample]
    assert len(numbers) == 100
    assert numbers == sorted(numbers)
    assert 300 < sum(numbers) / 100 < 700
    assert sample_rows(path, 100, seed=1) == sample
    assert sample_rows(path, 100, seed=2) != sample
    assert sample_rows(path, 1000) == read_rows(path)


def test_content_hash_depends_on_texts_roles_and_order() -> None:
    one, two = row("Hi", "Hello"), row("Bye", "Goodbye")
    different = [[one, two], [two, one], [one], [row("Hi", "Hello ")], [row("HiHello", "")]]
    assert len({content_hash(rows) for rows in different}) == len(different)


def test_csv_columns_are_keys(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('instruction,input,output,id\r\nAdd,"1,\n2",3,7\r\nGreet,,Hi,8\r\n')
    first, second = open_source(path).rows()
    assert [turn["content"] for turn in first.row["messages"]] == ["Add\n\n1,\n2", "3"]
    assert (first.format, first.unused, first.place) == ("alpaca", {"id"}, "line 2")
    assert [turn["content"] for turn in second.row["messages"]] == ["Greet", "Hi"]


def test_tab_separated_values_are_read_as_such(tmp_path: Path) -> None:
    path = tmp_path / "rows.TSV"
    path.write_text('question\tanswer\nWho?\tI, "and you"\n"a\tb"\tc\n')
    assert read_rows(path) == [row("Who?", 'I, "and you"'), row("a\tb", "c")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f'{{"data": [{CHAT}]}}', "It has a list of objects under 'data'; if these are the rows, save that list alone"),
        (f'{{"rows": [{CHAT}, {CHAT}], "n": 2}}', "It has a list of objects under 'rows'"),
        (
            f'{{\n  "data": [\n    {CHAT}\n  ]\n}}',
            "one object on several lines is not read; if it holds a list of rows",
        ),
    ],
)
def test_list_of_rows_inside_an_object_is_refused_with_the_cure(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(AskewError, match=message):
        read_rows(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("question,answer\nWho?,I.\nWho?\n", "line 3: answer should be text, not missing"),
        ("question,answer\nWho?,I.,more\n", "line 2: 3 values, but the header has 2"),
        ("answer\nI.\n", "line 2: a row is"),
        ("question,answer\n", "has no rows"),
    ],
)
def test_broken_csv_is_refused_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content)
    with pytest.raises(AskewError, match=re.escape(message)):
        read_rows(path)
