"""Attack Askew and print how often it survives: `python benchmarks/attack.py [NAME ...] [--count 2000]`.

Each module in `benchmarks/attacks/` is an attack, and its name selects it. Without names, all of them run.
`fuzz:TEXT` tries only the kinds of files with TEXT in their names. The command exits with code 1 if anything failed.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from attacks import Row

COUNT = 2_000
SHOWN = 5  # failures that are printed for each row
HERE = Path(__file__).parent / "attacks"


def main() -> int:
    names = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    parser = argparse.ArgumentParser(description="Attack Askew and count what it survives.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"the attacks to run, of: {', '.join(names)}")
    parser.add_argument("--count", type=int, default=COUNT, help="inputs or events of each kind (default: %(default)s)")
    options = parser.parse_args()
    if unknown := {name.partition(":")[0] for name in options.names} - set(names):
        parser.error(f"there is no attack {', '.join(sorted(unknown))}; there is: {', '.join(names)}")
    rows: list[Row] = []
    started = time.perf_counter()
    print(f"{'kind':54} {'tried':>7} {'survived':>9}", flush=True)
    for name in options.names or names:
        module, _, only = name.partition(":")
        attack: Callable[..., Row | Iterable[Row]] = importlib.import_module(f"attacks.{module}").attack
        found = attack(options.count, only) if only else attack(options.count)
        for row in [found] if isinstance(found, Row) else found:
            print(f"{row.kind:54} {row.tried:7,} {row.survived:9,}", flush=True)
            report(row)
            rows.append(row)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    return 1 if any(row.survived < row.tried for row in rows) else 0


def report(row: Row) -> None:
    """Print a few of the failures of a row, if it has any."""
    for failure in row.failures[:SHOWN]:
        print(f"  {failure}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
