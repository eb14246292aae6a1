"""Facts of history: whether something was present in a polity, as experts coded it in one of four values.

A reader returns `Facts`. Its rows are the statements of the file; its items are the questions that can be asked. A year
before the common era is a negative number.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from askew.base.errors import AskewError

if TYPE_CHECKING:
    import pandas as pd

VALUES = ("present", "inferred present", "inferred absent", "absent")
"""The four values, in the order of the published options."""

SETTLED, DISPUTED, UNKNOWN = "settled", "disputed", "unknown"
"""Values of the column `status`: one value is stated; several are, for the same time; experts know none."""

ROW_COLUMNS = ("polity", "area", "variable", "value", "start", "end", "key", "root", "category", "text", "source")
"""The columns of rows: `value` is one of `VALUES`, or "unknown"; `key` tells variables of one name apart."""

ITEM_COLUMNS = (
    *("id", "polity", "name", "area", "region", "start", "end", "period", "root", "category", "variable"),
    *("value", "values", "status", "text", "source"),
)
"""The columns of items. `value` is "" unless the status is settled; `values` lists all that are stated, with " | "."""

NO_YEAR = "undated"

_PERIODS = (
    (-3000, "before 3000 BCE"),
    (-1000, "3000 to 1000 BCE"),
    (1, "1000 BCE to 1 CE"),
    (1000, "1 to 1000 CE"),
    (1500, "1000 to 1500 CE"),
)
_LAST_PERIOD = "after 1500 CE"
PERIODS = (*(name for _, name in _PERIODS), _LAST_PERIOD, NO_YEAR)
"""The periods in the order of display."""

_YEAR = re.compile(r"(\d{1,5})\s*(BCE|CE|BC|AD)?", re.IGNORECASE)


@dataclass(frozen=True)
class Facts:
    """The facts of a source.

    Attributes:
        name: The name of the source for people.
        rows: Every statement, with the columns `ROW_COLUMNS`.
        items: Every question that can be asked, with the columns `ITEM_COLUMNS`, one per id.
        places: By area, its latitude and longitude in degrees; areas without a known place are left out.
        notes: What a reader should know of how the items were made, one sentence each.
        sha256: The hash of the file; "" if there is none.
    """

    name: str
    rows: "pd.DataFrame"
    items: "pd.DataFrame"
    places: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...] = ()
    sha256: str = ""

    def of_status(self, status: str) -> "pd.DataFrame":
        """Return the items of a status, with the columns `ITEM_COLUMNS`."""
        return self.items[self.items["status"].eq(status)]


def period_of(start: int | None, end: int | None) -> str:
    """Return the period in which the middle of a time frame lies."""
    known = [year for year in (start, end) if year is not None]
    if not known:
        return NO_YEAR
    middle = sum(known) / len(known)
    return next((name for before, name in _PERIODS if middle < before), _LAST_PERIOD)


def year_in_words(year: int) -> str:
    """Return a year as people write it: `300 BCE`, `1250 CE`."""
    return f"{-year} BCE" if year < 0 else f"{year} CE"


def years_of(text: str) -> tuple[int, int] | None:
    """Read a time frame such as `1747-1826 CE`, `256-125 BCE`, `129 BCE - 29 CE` or `1300BCE`.

    Returns:
        The first and the last year, negative before the common era; None if the text is no time frame.
    """
    found = [(int(number), era.upper()) for number, era in _YEAR.findall(text)]
    if not found or len(found) > 2 or not any(era for _, era in found):
        return None
    (first, era), (last, last_era) = found[0], found[-1]
    years = [_signed(number, own) for number, own in ((first, era or last_era), (last, last_era or era))]
    return (years[0], years[1]) if years[0] <= years[1] else None


def _signed(number: int, era: str) -> int:
    return -number if era in ("BCE", "BC") else number


def as_items(rows: "pd.DataFrame", names: Mapping[str, str], regions: Mapping[str, str]) -> "pd.DataFrame":
    """Return the questions that rows answer.

    Rows about the same polity, variable and time are one item. If they state different values, the item is disputed: it
    has no single value, and is read apart. Rows with times of their own are items of their own, so a change over time
    is no conflict. Equal rows are one item.

    Args:
        rows: The columns `ROW_COLUMNS`.
        names: The polity's name for people, by polity; the polity itself where it is missing.
        regions: The region of the world, by area; the area itself where it is missing.

    Returns:
        The columns `ITEM_COLUMNS`, in the order of the rows.
    """
    import pandas as pd

    if rows.empty:
        return pd.DataFrame(columns=list(ITEM_COLUMNS))
    keys = ["polity", "key", "start", "end"]
    filled = rows.astype({"start": "Int64", "end": "Int64"})
    grouped = filled.groupby(keys, sort=False, dropna=False)
    found = grouped.agg(
        area=("area", "first"),
        root=("root", "first"),
        category=("category", "first"),
        variable=("variable", "first"),
        values=("value", lambda stated: " | ".join(sorted(set(stated), key=_place))),
        text=("text", _joined),
        source=("source", _joined),
    ).reset_index()
    stated = found["values"].str.split(" | ", regex=False)
    kinds = [set(one) - {UNKNOWN} for one in stated]
    found["status"] = [UNKNOWN if not kind else SETTLED if len(kind) == 1 else DISPUTED for kind in kinds]
    found["value"] = [next(iter(kind)) if len(kind) == 1 else "" for kind in kinds]
    starts, ends = (
        [None if pd.isna(year) else int(year) for year in found[column].tolist()] for column in ("start", "end")
    )
    found["period"] = [period_of(*both) for both in zip(starts, ends, strict=True)]
    found["name"] = [names.get(polity, polity) for polity in found["polity"]]
    found["region"] = [regions.get(area, area) for area in found["area"]]
    whens = ["" if start is None else f" {start}..{end}" for start, end in zip(starts, ends, strict=True)]
    polities, own_keys = found["polity"].tolist(), found["key"].tolist()
    found["id"] = [f"{polity} {key}{when}" for polity, key, when in zip(polities, own_keys, whens, strict=True)]
    return found[list(ITEM_COLUMNS)]


def check_values(values: Iterable[str], where: str) -> None:
    """Check that a file states values that are known.

    Raises:
        AskewError: It states none of the four.
    """
    if not set(values) & set(VALUES):
        raise AskewError(f"{where}: no row has one of the values {', '.join(VALUES)}. Is this another file?")


def _place(value: str) -> int:
    return VALUES.index(value) if value in VALUES else len(VALUES)


def _joined(texts: "pd.Series") -> str:
    return " | ".join(dict.fromkeys(text for text in texts if text))
