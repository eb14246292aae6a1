"""Small files that expand to gigabytes, Parquet and YAML: each must be refused in a few seconds, in little memory."""

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from askew.base.errors import AskewError
from askew.base.parquet_files import frame, rows
from askew.base.yaml_files import read
from attacks import Row

FACTOR = 40  # at 1, each file takes more than 16 MB in memory
MOST_SECONDS, MOST_MEGABYTES = 5.0, 1_000


def one_text(path: Path, factor: int = 1) -> None:
    """Write one long text, which compresses to almost nothing."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    table = pa.table({"prompt": ["a" * (20_000_000 * factor)], "completion": ["b"]})
    write_table(table, path, compression="zstd", use_dictionary=False)


def one_text_in_each_row(path: Path, factor: int = 1) -> None:
    """Write a text that each of a thousand rows repeats."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    texts = _repeated("a" * 20_000 * factor, 1_000)
    write_table(pa.table({"prompt": texts, "completion": texts}), path, dictionary_pagesize_limit=2**30)


def one_text_in_each_turn(path: Path, factor: int = 1) -> None:
    """Write one row with a thousand turns that repeat one text."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    texts = _repeated("a" * 20_000 * factor, 1_000)
    turns = pa.StructArray.from_arrays([_repeated("user", 1_000), texts], ["role", "content"])
    messages = pa.ListArray.from_arrays(pa.array([0, 1_000], pa.int32()), turns)
    write_table(pa.table({"messages": messages}), path, dictionary_pagesize_limit=2**30)


def endless_list(path: Path, factor: int = 1) -> None:
    """Write one row with a list of millions of nothings."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    count = 2_000_000 * factor
    values = pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), pa.nulls(count, pa.int8()))
    write_table(pa.table({"prompt": values, "completion": ["b"]}), path)


def many_rows(path: Path, factor: int = 1) -> None:
    """Write millions of rows that are all alike."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    texts = _repeated("x", 1_000_000 * factor)
    write_table(pa.table({"prompt": texts, "completion": texts}), path)


def _repeated(text: str, count: int):
    import numpy as np
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype="int32")), pa.array([text]))


PARQUETS: tuple[Callable[..., None], ...] = (
    one_text,
    one_text_in_each_row,
    one_text_in_each_turn,
    endless_list,
    many_rows,
)


def bomb(levels: int, width: int) -> str:
    """Return YAML of which each line repeats the line before several times."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


def attack(count: int) -> list[Row]:
    """Read Parquet files that expand, and up to `count` texts in YAML that do."""
    with tempfile.TemporaryDirectory() as folder:
        return [_parquets(Path(folder)), _yaml(Path(folder), count)]


def _parquets(folder: Path) -> Row:
    failures = []
    readers = (lambda path: list(rows(path)), lambda path: frame(path))
    for write in PARQUETS:
        path = folder / f"{write.__name__}.parquet"
        write(path, FACTOR)
        for read_all in readers:
            failures += _tried(path.name, lambda path=path, read_all=read_all: read_all(path))
    tried = len(PARQUETS) * len(readers)
    return Row("Parquet files that expand", tried, tried - len(failures), failures)


def _yaml(folder: Path, count: int) -> Row:
    draw, failures = random.Random(0), []
    for number in range(count):
        levels, width = draw.randint(20, 30), draw.randint(4, 12)
        (folder / "bomb.yaml").write_text(bomb(levels, width), encoding="utf-8")
        failures += _tried(f"{number}: bomb({levels}, {width})", lambda: read(folder / "bomb.yaml", "config"))
    return Row("YAML that expands", count, count - len(failures), failures)


def _tried(name: str, attempt: Callable[[], object]) -> list[str]:
    """Return what went wrong if the attempt is not refused, or takes too long or too much memory."""
    before, began = _megabytes(), time.perf_counter()
    try:
        attempt()
    except AskewError:
        seconds, grown = time.perf_counter() - began, _megabytes() - before
        if seconds < MOST_SECONDS and grown < MOST_MEGABYTES:
            return []
        return [f"{name}: refused after {seconds:.0f} s and {grown:,.0f} MB more"]
    except Exception as error:  # every other kind of error is what the attack looks for
        return [f"{name}: {type(error).__name__}: {error}"]
    return [f"{name}: it was read"]


def _megabytes() -> float:
    """Return the largest memory that this process had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
