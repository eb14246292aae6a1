"""Save a figure of a run as SVG, at a size that suits a paper.

`small_run.py` makes the run. A figure is an Altair chart, so you can change anything about it; save it as PNG or PDF by
changing the file's extension.
"""

import sys
from pathlib import Path

import askew

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
chart = askew.load_run(out / "small").figure("rates")
chart.save(out / "rates.svg")
print(out / "rates.svg")
