"""A Parquet file that expands to gigabytes is refused before it does; every other file is read."""

import importlib
import tracemalloc
from collections.abc import Callable, Sized
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from askew.base import parquet_files
from askew.base.errors import AskewError
from askew.data.formats import read_rows
from askew.judging import answer_rows

BOMBS = ("one_text", "one_text_in_each_row", "one_text_in_each_turn", "endless_list", "many_rows")


@pytest.fixture(scope="session")
def memory() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        return importlib.import_module("attacks.memory")


@pytest.mark.parametrize("name", BOMBS)
def test_file_that_expands_is_refused_by_every_reader(
    memory: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(parquet_files, "_ALWAYS_ALLOWED", 2**24)
    monkeypatch.setattr(parquet_files, "_MOST_COUNTED", 2**20)
    path = tmp_path / "rows.parquet"
    getattr(memory, name)(path)
    assert path.stat().st_size < 10_000
    tracemalloc.start()
    for read in (parquet_files.frame, read_rows, lambda path: list(answer_rows.read_rows(path))):
        with pytest.raises(AskewError, match=r"would take more than 16,777,216 in memory, so it is not read"):
            read(path)
    assert tracemalloc.get_traced_memory()[1] < 16_000_000
    tracemalloc.stop()


def test_columns_that_are_not_needed_are_not_read(memory: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    memory.endless_list(path)
    assert list(parquet_files.rows(path, ["completion"])) == [{"completion": "b"}]
    assert parquet_files.frame(path, ["completion", "elsewhere"]).to_dict("list") == {"completion": ["b"]}


@pytest.mark.parametrize("most_counted", [2**24, 0])
def test_other_files_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_counted: int) -> None:
    monkeypatch.setattr(parquet_files, "_MOST_COUNTED", most_counted)
    turns = [
        [{"role": "user", "content": f"é {number}"}, {"role": "assistant", "content": None}] for number in range(9000)
    ]
    table = pd.DataFrame({"messages": turns, "text": ["same"] * 9000, "number": range(9000)})
    table.to_parquet(tmp_path / "rows.parquet", row_group_size=5000)
    assert list(parquet_files.rows(tmp_path / "rows.parquet")) == table.to_dict("records")
    pd.testing.assert_frame_equal(
        parquet_files.frame(tmp_path / "rows.parquet", ["text", "number"]), table[["text", "number"]]
    )


@pytest.mark.parametrize("values", [[1, 2, None], ["one", None, "three"], [0.5, None, 1.5]])
@pytest.mark.parametrize("read", [lambda path: list(parquet_files.rows(path)), parquet_files.frame])
def test_columns_that_lie_about_missing_values_are_an_error(
    tmp_path: Path, values: list[object], read: Callable[[Path], Sized]
) -> None:
    """Without the first look at the rows, pyarrow ends the process on such a file."""
    path = tmp_path / "lies.parquet"
    pq.write_table(pa.table({"count": values}), path)
    assert len(read(path)) == 3
    optional, required = (b"\x25" + form + b"\x18\x05count" for form in (b"\x02", b"\x00"))
    whole = path.read_bytes()
    assert optional in whole
    path.write_bytes(whole.replace(optional, required))
    with pytest.raises((OSError, pa.ArrowException)):
        read(path)


def test_some_rows_are_read_across_row_groups(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": [f"answer {n}" for n in range(1000)], "number": range(1000)})
    table.to_parquet(tmp_path / "rows.parquet", row_group_size=64)
    only = np.arange(1000) % 97 == 5
    found = parquet_files.frame(tmp_path / "rows.parquet", ["text", "number"], only=only)
    pd.testing.assert_frame_equal(found, table[only].reset_index(drop=True))
    none = parquet_files.frame(tmp_path / "rows.parquet", only=np.zeros(1000, dtype=bool))
    assert list(none) == ["text", "number"]
    assert not len(none)
