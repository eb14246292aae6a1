"""Write constraints.txt from a report of pip: `python .ci/write_constraints.py REPORT`; `make constraints` calls it.

Only names and public versions are written: the addresses and hashes of packages, and local builds such as `+cpu`,
belong to the index of the machine that resolved them.
"""

import json
import re
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
HEAD = """\
# The releases that Askew was last tested with. `make` installs these; `make constraints` renews them, then `make check`
# tests them. Packages that only other systems need, such as PyTorch's CUDA libraries, are not listed.
"""


def main() -> None:
    """Read the report, and write the file."""
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["install"]
    pins = {
        re.sub(r"[-_.]+", "-", package["metadata"]["name"]).lower(): package["metadata"]["version"].partition("+")[0]
        for package in found
    }
    del pins["askew"]
    CONSTRAINTS.write_text(HEAD + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins)), encoding="utf-8")


if __name__ == "__main__":
    main()
