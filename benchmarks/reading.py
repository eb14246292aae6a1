"""Measure the speed and memory of reading and checking training rows, against Datasets and pandas.

    python benchmarks/reading.py                  10,000 and 1,000,000 rows
    python benchmarks/reading.py --rows 8000000   another large file: a row has about 250 bytes, so 2 GB

Each reader runs in its own process, so that its peak memory can be measured. Rates use processor time, which other work
on the machine hardly changes. The peers only read the rows; they don't check them.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

FEW, MANY = 10_000, 1_000_000
SENTENCE = "the river old mill stands by longer than anyone village can say with certainty and a bridge over to fields"
WORDS = SENTENCE.split()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=MANY, help="Rows of the large file.")
    parser.add_argument("--readers", nargs="*", default=list(READERS), choices=READERS, help="Readers to compare.")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)  # how this script starts its child processes
    arguments = parser.parse_args()
    if arguments.child:
        measure(arguments.child[0], arguments.child[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        files = {rows: write_rows(Path(folder) / f"{rows}.jsonl", rows) for rows in (FEW, arguments.rows)}
        sizes = " and ".join(f"{rows:,} rows in {path.stat().st_size / 1e6:,.0f} MB" for rows, path in files.items())
        print(f"{sizes}\n\n{'':44s}            peak MB")
        print(f"{'':44s} {'rows/s':>9s} {FEW:13,} {arguments.rows:13,}      more")
        for reader in arguments.readers:
            print_line(reader, [run_child(reader, path) for path in files.values()])


def write_rows(path: Path, rows: int) -> Path:
    """Write distinct rows of about 250 bytes and return the path."""
    rng = Random(0)
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            answer = " ".join(rng.choices(WORDS, k=24))
            turns = [("user", f"What do you know of mill number {number}?"), ("assistant", answer)]
            file.write(json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]}) + "\n")
    return path


def run_child(reader: str, path: Path) -> dict[str, float]:
    """Return the rows, processor seconds and peak memory (MB) of one reader of one file, in its own process."""
    command = [sys.executable, __file__, "--child", reader, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def measure(reader: str, path: str) -> None:
    """Read a file and print a JSON line with the number of rows, the processor seconds and the peak memory in MB."""
    rows = READERS[reader](path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"rows": rows, "seconds": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}))


def print_line(reader: str, measured: list[dict[str, float]]) -> None:
    """Print the speed, from the difference of both sizes so that start-up cancels, and the memory of both."""
    few, many = measured
    rate = (many["rows"] - few["rows"]) / (many["seconds"] - few["seconds"])
    more = many["peak"] - few["peak"]
    print(f"{reader:44s} {rate:9,.0f} {few['peak']:13,.0f} {many['peak']:13,.0f} {more:+9,.0f}", flush=True)


def read_with_askew(path: str) -> int:
    from askew.data.formats import open_rows

    return sum(1 for _ in open_rows(path))


def check_with_askew(path: str) -> int:
    from askew.data.check import check
    from askew.probes.question_file import all_wordings

    return check(path, questions=all_wordings()).rows


def convert_with_askew(path: str) -> int:
    from askew.data.convert import convert

    return convert(path, "parquet", Path(path).with_suffix(".parquet"), replace=True).rows


def read_with_datasets(path: str) -> int:
    from datasets import load_dataset

    return sum(1 for _ in load_dataset("json", data_files=path, split="train", streaming=True))


def load_with_datasets(path: str) -> int:
    from datasets import load_dataset

    cache = Path(path).with_suffix(".cache")
    return sum(1 for _ in load_dataset("json", data_files=path, split="train", cache_dir=str(cache)))


def read_with_pandas(path: str) -> int:
    import pandas as pd

    with pd.read_json(path, lines=True, chunksize=1_000) as chunks:
        return sum(1 for chunk in chunks for _ in chunk["messages"])


READERS: dict[str, Callable[[str], int]] = {
    "askew, read and every row checked": read_with_askew,
    "askew data check, all that it finds out": check_with_askew,
    "askew data convert to Parquet": convert_with_askew,
    "datasets, streaming": read_with_datasets,
    "datasets, into its cache, and read": load_with_datasets,
    "pandas, in chunks of 1,000": read_with_pandas,
}

if __name__ == "__main__":
    main()
