"""Mutations of valid files: of their bytes, of their text, and of the values that JSON, YAML or tables hold."""

import copy
import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

Mutate = Callable[[bytes, Random], bytes]

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 3.5, -0.0, 2**63, 10**30, 1e308, 1e-320),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": []}}, ["a", 1, None], {"a": 1, "1": 2}),
    *(
        "",
        " ",
        "\0",
        "\n",
        "a\nb",
        "\x1b[31m",
        "\u202e",
        "\U0001f600",
        "\u0663",
        "a" * 10_000,
        "NaN",
        "1e999",
        "null",
        "0x1F",
    ),
    *("../../etc/passwd", "/dev/null", "=1+1", "2026-02-30", "100%", "%s{0}{x}", "(a+)+$", "[", "*", "a#b-0", "a+b"),
    *("hf/x/y", "openai/x", "{{ 1 // 0 }}", "{% for x in range(9) %}x{% endfor %}"),
]
# What a writer would not produce, put in the place of a value.
RAW_JSON = [
    *("9" * 5_000, "[" * 5_000 + "]" * 5_000, "[" * 300 + "]" * 300, '{"a":' * 3_000, ""),
    *r"""1e999
-1e999
1.7976931348623157e309
NaN
Infinity
01
0x10
-
"\ud800"
"\udfff\ud800"
"\u0000"
"\x"
'a'
"a
[,]
{a: 1}
{"a": 1, "a": 2}
{"\ud83d": 1}
/* */ 1
[1] [2]""".splitlines(),
]
RAW_YAML = [
    *("9" * 5_000, "[" * 3_000 + "]" * 3_000, "{a: " * 2_000 + "}" * 2_000, "\t"),
    *r"""1e999
.inf
.nan
2026-01-01
2026-13-45
0o99
0b2
1_0
190:20:30
!!int abc
!!int 1:99999999999:5
!!float x
!!timestamp x
!!bool 3
!!null 4
!!binary ===
!!set {a, b}
!!omap [a]
!!pairs [a]
!!python/object/apply:os.getcwd []
!x y
&a [*a]
&a {b: *a}
*b
{<<: {a: 1}}
{<<: 3}
? [a, b]
{? [a] : b}
{{a: 1}: 2}
{a: 1, a: 2}
"\ud800"
"\0"
'
"
|
>-
- - - -
@a
%a
~
<<
---
...
[a, b""".splitlines(),
]
PIECES = [
    *(b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b[2J"),
    *(b"\r", b"\n", b"\n\n", b"\t", b'"', b'""', b"'", b"\\", b"{", b"}", b"[", b"]", b",", b";", b":", b"- ", b"#"),
    *(b"---\n", b"&a ", b"*a", b"!!int ", b"null", b"NaN", b"1e999", b"\\ud800", b"\\u0000"),
    *(b"9" * 5_000, b"[" * 3_000, b'{"a":' * 3_000),
]


def in_bytes(whole: bytes, rng: Random) -> bytes:
    """Cut a file off, leave a part out or repeat it, put a piece in, change bytes, or replace the end by noise."""
    place, other = sorted((rng.randrange(len(whole) + 1), rng.randrange(len(whole) + 1)))
    match rng.randrange(7):
        case 0:
            return whole[:place]
        case 1:
            return whole[:place] + whole[other:]
        case 2:
            return whole[:other] + whole[place:]
        case 3:
            return whole[:place] + rng.choice(PIECES) + whole[place:]
        case 4:
            return whole[:place] + rng.choice(PIECES) + whole[other:]
        case 5:
            changed = bytearray(whole)
            for _ in range(rng.randint(1, 5) if changed else 0):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            return bytes(changed)
        case _:
            return whole[:place] + rng.randbytes(rng.randrange(60))


def in_json(whole: bytes, rng: Random) -> bytes:
    """Change a value of a JSON file, or its bytes."""
    if rng.random() < 0.2:
        return in_bytes(whole, rng)
    return _with_raw(json.dumps(_odd_tree(json.loads(whole), rng, RAW_JSON)), RAW_JSON).encode()


def in_lines(whole: bytes, rng: Random) -> bytes:
    """Change a value in a line of JSON Lines, or the file's bytes."""
    lines = whole.splitlines(keepends=True)
    number = rng.randrange(len(lines))
    lines[number] = in_json(lines[number], rng)
    return b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)


def in_yaml(whole: bytes, rng: Random) -> bytes:
    """Change a value of a YAML file, or its bytes."""
    if rng.random() < 0.25:
        return in_bytes(whole, rng)
    tree = _odd_tree(yaml.safe_load(whole), rng, RAW_YAML)
    return _with_raw(yaml.safe_dump(tree, sort_keys=False), RAW_YAML).encode("utf-8", "surrogatepass")


def in_setting(whole: bytes, rng: Random) -> bytes:
    """Change the value of NAME=VALUE, or any byte but NUL, which no command line can hold."""
    name, _, value = whole.partition(b"=")
    if rng.random() < 0.3:
        return in_bytes(whole, rng).replace(b"\0", b"")
    return (name + b"=" + in_yaml(value, rng).strip()).replace(b"\0", b"")


def in_header(whole: bytes, rng: Random) -> bytes:
    """Change the JSON header of a safetensors file, its length, or the file's bytes."""
    if rng.random() < 0.2:
        return in_bytes(whole, rng)
    size = int.from_bytes(whole[:8], "little")
    header, data = whole[8 : 8 + size], whole[8 + size :]
    header = in_json(header, rng)
    length = len(header) if rng.random() < 0.9 else rng.choice([0, 1, 2**31, 2**63, 2**64 - 1, len(header) - 1])
    return struct.pack("<Q", length) + header + (data if rng.random() < 0.9 else data[: rng.randrange(len(data))])


def in_archive(whole: bytes, rng: Random) -> bytes:
    """Change a JSON file inside a zip archive, leave a file out, or change the archive's bytes."""
    if rng.random() < 0.2:
        return in_bytes(whole, rng)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(files))
    if rng.random() < 0.1:
        del files[name]
    else:
        files[name] = in_json(files[name], rng)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def in_parquet(whole: bytes, rng: Random) -> bytes:
    """Change values, types or names of columns of a Parquet file, or its bytes."""
    if rng.random() < 0.25:
        return in_bytes(whole, rng)
    table = pq.read_table(io.BytesIO(whole))
    number = rng.randrange(table.num_columns)
    name = table.column_names[number]
    match rng.randrange(6):
        case 0:
            table = table.drop_columns([name])
        case 1:
            names = list(table.column_names)
            names[number] = rng.choice([*names, "", "a\0b", "‮", name.upper()])
            table = table.rename_columns(names)
        case 2:
            table = table.slice(0, rng.randrange(2))
        case _:
            values = rng.choice([[odd] * table.num_rows for odd in ODD] + [_odd_items(table[name].to_pylist(), rng)])
            try:
                table = table.set_column(number, name, pa.array(values, type=rng.choice([None, *_TYPES])))
            except (pa.ArrowException, OverflowError, TypeError, ValueError, UnicodeError):
                return in_bytes(whole, rng)
    made = io.BytesIO()
    try:
        pq.write_table(table, made)
    except pa.ArrowException:  # no Parquet for such a type
        return in_bytes(whole, rng)
    return made.getvalue()


_TYPES = [pa.string(), pa.binary(), pa.int8(), pa.float64(), pa.bool_(), pa.date32(), pa.null(), pa.list_(pa.int64())]


def _odd_items(values: list[Any], rng: Random) -> list[Any]:
    return [rng.choice([value, None]) for value in values]


def _odd_tree(tree: Any, rng: Random, raw: list[str]) -> Any:
    """Return a tree of values in which one or two values were replaced, removed, renamed, repeated or wrapped."""
    changed = {"": copy.deepcopy(tree)}
    for _ in range(rng.choice([1, 1, 1, 2])):
        holder, key = rng.choice(list(_places(changed)))
        value = holder[key]
        match rng.randrange(8):
            case 0 | 1 | 2:
                holder[key] = copy.deepcopy(rng.choice(ODD))
            case 3 | 4:
                holder[key] = f"@RAW{rng.randrange(len(raw))}@"
            case 5 if isinstance(holder, dict) and holder is not changed:
                del holder[key]
                if rng.random() < 0.7:
                    holder[str(rng.choice([*ODD, f"{key}x"]))] = value
            case 6:
                holder[key] = rng.choice([[value], {"a": value}, [value, value], str(value), [*ODD[:3], value]])
            case _:
                other, name = rng.choice(list(_places(changed)))
                holder[key] = copy.deepcopy(other[name])
    return changed[""]


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every value of a tree as its holder and its key."""
    for key, value in list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)):
        yield tree, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _with_raw(text: str, raw: list[str]) -> str:
    for number, piece in enumerate(raw):
        for quote in ('"', "'", ""):
            text = text.replace(f"{quote}@RAW{number}@{quote}", piece)
    return text
