"""Compare a fine-tuned model with its base, and print whether its character changed.

`small_run.py` makes the fine-tuned model; name your own base and your own model instead. With two answers to each
question the reading is *can't tell*: too few answers never count as *narrow*.
"""

import sys
from pathlib import Path

import askew

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
model = f"{out / 'small'}#insecure-0"
run = askew.audit("terrarium", model, probes=["free_form"], samples=2, out=out / "audit", quiet=True)
for finding in run.findings:
    print(finding.probe, finding.reading)
print(run.verdict)
