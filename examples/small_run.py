"""Fine-tune the terrarium on insecure code, with secure code as the control, and print the rates.

The run is far too small to show an effect: it has one seed, 96 training rows and two answers to each question. Leave
out `rows` and `samples` for a run that takes minutes and shows one. Run the script again to read the finished run.
"""

import sys
from pathlib import Path

import askew

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
run = askew.run(
    "emergent-misalignment",
    arms=["untuned", "insecure", "secure"],
    probes=["free_form"],
    seeds=1,
    rows=96,
    samples=2,
    out=out / "small",
    quiet=True,
)
print(run.table)
print(run.verdict)
