"""Writes the tables of docs/reference/settings.md: `python -m askew.design.reference docs/reference/settings.md`."""

import re
import sys
from pathlib import Path

from askew.base.knobs import Knob, knobs
from askew.design.design import Design

# `<!-- settings: recipe -->` stands before the table of the settings in `recipe`, without a name before the main table.
_TABLE = re.compile(r"(<!-- settings:? ?(\w*) -->\n\n).*?\n(?=\n|\Z)", re.DOTALL)


def updated(page: str) -> str:
    """Return a page with each table of settings replaced by the current one.

    Args:
        page: Markdown with a comment `<!-- settings -->` or `<!-- settings: PARENT -->` before each table.
    """
    return _TABLE.sub(lambda found: found[1] + table(found[2]), page)


def table(parent: str = "") -> str:
    """Return the settings in Markdown, one per row: name, option, default, description.

    Args:
        parent: The setting whose own settings to list, such as `recipe`; empty for those of the design.
    """
    rows = ["| setting | option | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*rows, *(_row(knob) for knob in knobs(Design) if knob.name.rpartition(".")[0] == parent)]) + "\n"


def _row(knob: Knob) -> str:
    options = ", ".join(dict.fromkeys(f"`{knob.option(flag)}`" for flag in knob.flags))
    options += " of `audit`" if options and knob.commands == ("audit",) else ""
    default = f"`{knob.shown_default()}`" if knob.shown_default() else "below" if knob.shape == "model" else ""
    star = r" \*" if knob.is_operational else ""
    return f"| `{knob.name}`{star} | {options} | {default} | {knob.description} |"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
