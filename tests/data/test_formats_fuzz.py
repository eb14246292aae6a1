"""Fuzzing: a reader of any malformed file yields rows or raises one clear error."""

import io
import json
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from askew.base.errors import AskewError
from askew.data import row
from askew.data.formats import open_rows

FILES = 10_000
# What has broken readers of JSON and of text: each is put somewhere into a file that was whole.
BAD_PIECES = [
    *(
        b"[" * 3000,
        b'{"a":' * 3000,
        b"9" * 5000,
        b"1e999999",
        b"-",
        b"NaN",
        b"-Infinity",
        b"null",
        b"true",
        b"[]",
        b"{}",
    ),
    *(b'"\\ud800"', b"\\udfff", b"\xed\xa0\x80", b"\xff", b"\xc3", b"\x00", b"\xef\xbb\xbf", b"\xfe\xff", b"\\", b'"'),
    *(
        b'"messages": 3, ',
        b'"role": "user", ',
        b'"content": null, ',
        b'"content": {"parts": [{}]}, ',
        b'"prompt": [], ',
    ),
    *(
        b"\xe2\x80\xa8",
        b"\r",
        b"\n",
        b"\n\n[",
        b"]\n",
        b",",
        b"PAR1",
        b'{"conversations": [{"from": [], "value": {}}]}',
    ),
]
ITEMS = [
    row("Hi", "Hello"),
    {"prompt": "Hi", "completion": "né\u2028e"},
    {
        "conversations": [
            {"from": "system", "value": "x"},
            {"from": "human", "value": "a"},
            {"from": "gpt", "value": "b"},
        ]
    },
    {"messages": [{"role": r, "content": {"parts": ["x", "y"]}} for r in ("user", "assistant")]},
    {"messages": [{"role": r, "content": [{"type": "text", "text": "x"}]} for r in ("user", "assistant")]},
]


def whole_files() -> list[bytes]:
    """Make a valid file of each kind and format."""
    made: list[bytes] = []
    for item in ITEMS:
        made.append(b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for _ in range(4)))
        made.append(json.dumps([item] * 4, indent=1).encode())
        table = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([item] * 4), table)
        made.append(table.getvalue())
    return made


def broken(whole: bytes, rng: Random) -> bytes:
    """Break a file: cut it off, leave something out, put something in, change bytes, or forget it for noise."""
    place, other = sorted((rng.randrange(len(whole) + 1), rng.randrange(len(whole) + 1)))
    match rng.randrange(6):
        case 0:
            return whole[:place]
        case 1:
            return whole[:place] + whole[other:]
        case 2:
            return whole[:place] + rng.choice(BAD_PIECES) + whole[place:]
        case 3:
            return whole[:place] + rng.choice(BAD_PIECES) + whole[other:]
        case 4:
            changed = bytearray(whole)
            for _ in range(rng.randint(1, 5)):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            return bytes(changed)
        case _:
            start = rng.choice([b"", b"[", b"{", b"PAR1", b'{"messages": [', b"\xef\xbb\xbf"])
            return start + rng.randbytes(rng.randrange(200)) + rng.choice([b"", b"PAR1", b"]"])


def test_malformed_files_give_rows_or_one_error(tmp_path: Path) -> None:
    rng = Random(20261121)
    wholes = whole_files()
    path = tmp_path / "rows"
    read, errors = 0, list[str]()
    for _ in range(FILES):
        path.write_bytes(broken(rng.choice(wholes), rng))
        try:
            for found in open_rows(path):
                assert all(turn["content"].encode() for turn in found["messages"])
            read += 1
        except AskewError as error:
            errors.append(str(error))
    assert all(str(path) in error and len(error) < 1000 and error.isprintable() for error in errors)
    # Some changes do no harm, most do: else nothing would have been tested.
    assert read > 100
    assert len(errors) > 5000
