"""Sweep the number of training rows, with a run for each dose, and print the rates as one table.

Each dose has its own folder, so if you stop the script and start it again, it continues where it stopped.
"""

import sys
from pathlib import Path

import pandas as pd

import askew

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
tables = []
for rows in (16, 32):
    run = askew.run(
        "emergent-misalignment",
        arms=["insecure"],
        probes=["free_form"],
        seeds=1,
        rows=rows,
        samples=1,
        out=out / f"rows-{rows}",
        quiet=True,
    )
    rates = run.estimates.query("question == 'all' and seed == 'all' and group == 'all'")
    tables.append(rates.assign(rows=rows))
print(pd.concat(tables)[["rows", "arm", "rate", "low", "high"]])
