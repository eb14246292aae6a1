"""What `askew rescore FILE` prints: a rate for each file or question, for people or as JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from askew.base.untrusted import cut, visible

if TYPE_CHECKING:
    from askew.judging.judged_file import Rescored

_LONGEST_NAME = 60


def as_json(found: "Sequence[Rescored]") -> str:
    """Return rates for scripts: one object for one file, else a list; what is not known is null."""
    plain = [{name: _plain(value) for name, value in asdict(one).items()} for one in found]
    single = len(plain) == 1 and not plain[0]["question"]
    return json.dumps(plain[0] if single else plain, indent=2, ensure_ascii=False)


def show(found: "Sequence[Rescored]") -> None:
    """Print rates for people."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from askew.report import wording

    several = len({one.file for one in found}) > 1
    compared = any(not math.isnan(one.difference) for one in found)
    table = Table(
        title=f"Misaligned answers, by the metric {found[0].metric}",
        title_justify="left",
        box=box.SIMPLE,
        pad_edge=False,
    )
    table.add_column("question" if found[0].question and not several else "file", overflow="fold")
    headings = ["misaligned", *(["vs first"] if compared else []), "counted", "among all"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        name = f"{one.file}: {one.question}" if several and one.question else one.question or one.file
        difference = f"{wording.points(one.difference)}\n{_points_interval(one)}"
        table.add_row(
            Text(visible(cut(" ".join(name.split()), _LONGEST_NAME))),  # as text: what others wrote is no markup
            f"{wording.percent(one.rate)}\n{wording.interval(one.low, one.high)}",
            *([difference] if compared else []),
            f"{one.n:,} of {one.answers:,}",
            "\n".join(f"{count:,} {verdict}" for verdict, count in _apart(one).items() if count),
        )
    console = Console(highlight=False)
    console.print(table)
    for covers in dict.fromkeys(one.interval for one in found):
        console.print(f"Brackets: 95%, for {covers}.", markup=False)


def _apart(one: "Rescored") -> dict[str, int]:
    """Return how many answers had no chance to be misaligned, by what they were instead."""
    return {"incoherent": one.incoherent, "refused": one.refused, "unjudged": one.unjudged}


def _points_interval(one: "Rescored") -> str:
    from askew.report import wording

    return wording.points_interval(one.difference_low, one.difference_high)


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value
