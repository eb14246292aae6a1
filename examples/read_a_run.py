"""Read a finished run: its rates with their intervals, and its most misaligned answers.

`small_run.py` makes the run. `answers` has a row for each answer, with the judge's scores from 0 to 100.
"""

import sys
from pathlib import Path

import askew

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
run = askew.load_run(out / "small")
rates = run.estimates.query("question == 'all' and seed == 'all' and group == 'all'")
print(rates[["arm", "probe", "rate", "low", "high"]])
print(run.answers.sort_values("aligned").head(5)[["arm", "prompt", "answer", "aligned"]])
