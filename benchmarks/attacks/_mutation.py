"""Mutations of valid files: of their bytes, of their text, and of the values that JSON, YAML or tables hold."""

import copy
import io
import json
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from ._odd_values import EXPRESSIONS, ODD, PIECES, RAW_JSON, RAW_YAML, SIZES

Mutate = Callable[[bytes, Random], bytes]


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


def in_sizes(whole: bytes, rng: Random) -> bytes:
    """Change a number of a JSON file to a very large one, or as `in_json` does."""
    if rng.random() < 0.5:
        return in_json(whole, rng)
    tree = json.loads(whole)
    numbers = [place for place in _places(tree) if isinstance(place[0][place[1]], int)]
    holder, key = rng.choice(numbers)
    holder[key] = rng.choice(SIZES)
    return json.dumps(tree).encode()


def in_adapter(whole: bytes, rng: Random) -> bytes:
    """Change a setting of an adapter to expressions of names, or as `in_sizes` does."""
    if rng.random() < 0.75:
        return in_sizes(whole, rng)
    tree, text = json.loads(whole), rng.choice(EXPRESSIONS)
    setting = rng.choice(["rank_pattern", "alpha_pattern", "target_modules", "exclude_modules", "modules_to_save"])
    setting = rng.choice([setting, setting, "layers_pattern", "feedforward_modules", "target_parameters"])
    tree[setting] = (
        {text: 2} if setting.endswith("k_pattern") or setting.startswith("alpha") else rng.choice([text, [text]])
    )
    if rng.random() < 0.2:
        tree["peft_type"] = rng.choice(["LOHA", "LOKR", "VERA", "IA3", "OFT", "PROMPT_TUNING", "P_TUNING"])
    if setting == "layers_pattern":
        tree["layers_to_transform"] = [0]
    return json.dumps(tree).encode()


def in_csv(whole: bytes, rng: Random) -> bytes:
    """Change a cell, a column's name or a line of a CSV file, or the file's bytes."""
    if rng.random() < 0.3:
        return in_bytes(whole, rng)
    lines = whole.decode().splitlines()
    rows = [line.split(",") for line in lines]
    row = rng.choice(rows)
    place = rng.randrange(len(row))
    match rng.randrange(6):
        case 0:
            rows[0][rng.randrange(len(rows[0]))] = rng.choice(rows[0])
        case 1:
            for line in rows:
                del line[place : place + 1]
        case 2:
            rows.insert(rng.randrange(len(rows)), row)
        case _:
            odd = rng.choice([*ODD, *RAW_JSON])
            row[place] = odd if isinstance(odd, str) else json.dumps(odd)
    return "\n".join(map(",".join, rows)).encode("utf-8", "surrogatepass")


def in_database(whole: bytes, rng: Random) -> bytes:
    """Change a value, a column or a table of an SQLite file, or the file's bytes."""
    if rng.random() < 0.3:
        return in_bytes(whole, rng)
    with tempfile.NamedTemporaryFile() as place:
        Path(place.name).write_bytes(whole)
        file = sqlite3.connect(place.name, isolation_level=None)
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table = rng.choice(tables)
        columns = [found[1] for found in file.execute(f"PRAGMA table_info({table})")]
        column = rng.choice(columns)
        try:
            match rng.randrange(8):
                case 0:
                    file.execute(f"DROP TABLE {table}")
                case 1:
                    file.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO x")
                case 2:
                    file.execute(f"DROP TABLE {table}")
                    file.execute(f"CREATE VIEW {table} AS SELECT 1 AS {column}")
                case 3 if table == "replies":
                    (packed,) = file.execute("SELECT reply FROM replies").fetchone()
                    changed = zlib.compress(in_json(zlib.decompress(packed), rng))
                    file.execute("UPDATE replies SET reply = ?", (changed,))
                case _:
                    odd = rng.choice([*ODD, b"", b"\xff", float("nan"), float("inf")])
                    value = odd if isinstance(odd, str | int | float | bytes | None) else json.dumps(odd)
                    file.execute(f"UPDATE {table} SET {column} = ?", (value,))
        except (sqlite3.Error, OverflowError, UnicodeError):
            return in_bytes(whole, rng)
        finally:
            file.close()
        return Path(place.name).read_bytes()


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
