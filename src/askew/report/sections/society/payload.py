"""One society as a compact text: columns of whole numbers as bytes, each text once, then gzip and base64.

Rows are sorted so that equal values stand together: what is said is followed by those who hear it. Most columns are
written as differences from the row before, and positions as steps of the agent; both are mostly small and often zero.
"""

import base64
import gzip
import json
from typing import Any

import numpy as np
import pandas as pd

from askew.report.sections.reader import coded
from askew.report.sections.society.states import Scale, changes
from askew.report.society_tables import SocietyTables

MOST_LETTERS = 2_000
"""The longest text in the page; of a longer one only its beginning is there."""

_CODES = ["to", "source", "option"]
_TYPES = ["<i1", "<i2", "<i4"]
_THOUSAND = 1_000
_ALIGNED = 4  # bytes: where a column begins, so that the browser reads it in place

Column = tuple[str, int, int]  # the type, the first byte and the number of values
Arrays = dict[str, np.ndarray]


class Columns:
    """Columns of whole numbers, one after the other as bytes, each in the smallest type that holds it."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def add(self, values: np.ndarray) -> Column:
        """Append a column (shape: one value per row), and return where it is.

        Raises:
            OverflowError: A value has more than 32 bits.
        """
        low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
        fits = [kind for kind in _TYPES if np.iinfo(kind).min < low and high <= np.iinfo(kind).max]
        if not fits:
            raise OverflowError(f"a column of a society has values from {low} to {high}, more than 32 bits hold")
        self.bytes.extend(bytes(-len(self.bytes) % _ALIGNED))
        start = len(self.bytes)
        self.bytes.extend(values.astype(fits[0]).tobytes())
        return fits[0][1:], start, len(values)

    def add_differences(self, values: np.ndarray) -> Column:
        """Append the differences of a column (shape: one per row) from the row before, and return where they are."""
        return self.add(np.diff(values.astype(np.int64), prepend=0))

    def add_numbers(self, values: np.ndarray, scale: int) -> tuple[Column, int]:
        """Append a column of numbers (shape: one per row) as multiples of 1 / scale; return where it is, and the scale.

        Where a number is too large for that, the scale is 1. A missing number is the least of 32 bits plus one.
        """
        missing, most = np.iinfo("<i4").min + 1, np.iinfo("<i4").max
        finite = np.isfinite(values)
        if np.abs(values[finite] * scale).max(initial=0) >= most:
            scale = 1
        whole = np.clip(np.rint(np.where(finite, values, 0) * scale), missing + 1, most)
        return self.add(np.where(finite, whole, missing).astype(np.int64)), scale


def pack(tables: SocietyTables, scale: Scale) -> str:
    """Return one society as a line of base64. The same tables give the same text.

    Args:
        tables: The events, agents, attributions and roles of this society alone.
        scale: The states of its experiment.
    """
    people = _with_unknown_agents(tables.agents, tables.events)
    rows = {int(agent): row for row, agent in enumerate(people["agent"])}
    events = _renumbered(tables.events, rows, ["agent", "to", "source"])
    first, last = int(events["tick"].min()), int(events["tick"].max())
    events, texts = _with_codes(events)
    states = changes(events, _renumbered(tables.roles, rows, ["agent"]), scale)
    states = states[states["tick"] <= last].assign(tick=states["tick"].clip(lower=first))
    columns = Columns()
    head = {
        "first": first,
        "last": last,
        "sight": tables.sight,
        "agents": _people(people),
        "track": _track(columns, events, people, first, last),
        "scale": {"kind": scale.kind, "labels": list(scale.labels), "marks": list(scale.marks)},
        "states": _table(columns, _arrays(states), first, last, ["agent", "state"]),
        "texts": texts,
        "events": _kinds(columns, events, first, last),
        "attributions": _attributions(columns, _renumbered(tables.attributions, rows, ["agent", "source"])),
    }
    return _as_text(head, bytes(columns.bytes))


def _as_text(head: dict[str, Any], columns: bytes) -> str:
    """Return the length of the head, the head as JSON and the columns, compressed, as one line of base64."""
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    raw = len(text).to_bytes(4, "little") + text + columns
    return base64.b64encode(gzip.compress(raw, compresslevel=6, mtime=0)).decode()


def _with_unknown_agents(agents: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the agents of a society, with a row for each that only its events name."""
    named = agents.drop_duplicates("agent")
    seen = {int(one) for column in ("agent", "to", "source") for one in events[column].unique() if one >= 0}
    unknown = sorted(seen - set(named["agent"].tolist()))
    rows = [
        {"agent": one, "name": f"agent {one}", "part": "agent", "model": "", "home": "", "x": 0, "y": 0}
        for one in unknown
    ]
    return pd.concat([named, pd.DataFrame(rows)], ignore_index=True) if rows else named.reset_index(drop=True)


def _renumbered(table: pd.DataFrame, rows: dict[int, int], columns: list[str]) -> pd.DataFrame:
    """Return a table in which agents are named by their row among the agents; -1 is the world, or nobody."""
    return table.assign(**{name: table[name].map(rows).fillna(-1).astype(int) for name in columns})


def _with_codes(events: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the events with a code for each text, and the texts by code; the first is empty."""
    codes, values = pd.factorize(pd.concat([pd.Series([""]), events["text"].fillna("").astype(str)]))
    return events.assign(text_code=codes[1:]), [_cut(text) for text in values]


def _cut(text: str) -> str:
    left_out = len(text) - MOST_LETTERS
    if left_out <= 0:
        return text
    return f"{text[:MOST_LETTERS]}… [{left_out:,} more characters are in society/events.parquet]"


def _people(people: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {name: coded(people[name]) for name in ("name", "part", "model", "home")}
    columns |= {name: people[name].astype(int).tolist() for name in ("agent", "x", "y")}
    return {"count": len(people), "columns": columns}


def _track(columns: Columns, events: pd.DataFrame, people: pd.DataFrame, first: int, last: int) -> dict[str, Any]:
    """Return the steps of the agents: how far each went at a tick, and to which place."""
    moves = events.loc[events["kind"].eq("move") & events["agent"].ge(0), ["tick", "agent", "x", "y", "place"]]
    moves = moves.drop_duplicates(["tick", "agent"], keep="last").sort_values(["tick", "agent"], kind="stable")
    codes, places = pd.factorize(pd.concat([people["home"].fillna(""), moves["place"].fillna("")]))
    moves["place"] = codes[len(people) :]
    table = _table(columns, _arrays(moves), first, last, ["agent", "place"])
    for name in ("x", "y"):
        before = moves.groupby("agent")[name].shift().fillna(moves["agent"].map(people[name]))
        table["columns"][f"d{name}"] = columns.add((moves[name] - before).to_numpy(dtype=np.int64))
    return {**table, "places": list(places), "at_home": codes[: len(people)].tolist()}


def _kinds(columns: Columns, events: pd.DataFrame, first: int, last: int) -> dict[str, Any]:
    """Return the events of each kind but moves, without the columns that it does not use."""
    arrays = _arrays(events[["tick", "agent", "number", "text_code", *_CODES]].rename(columns={"text_code": "text"}))
    codes, names = pd.factorize(events["kind"], sort=True)
    tables = {}
    for code, name in enumerate(names):
        if name == "move":
            continue
        rows = np.flatnonzero(codes == code)
        order = np.lexsort([arrays[key][rows] for key in ("agent", "to", "text", "source", "tick")])
        found = {key: values[rows[order]] for key, values in arrays.items()}
        used = [key for key in _CODES if (found[key] != -1).any()] + (["text"] if found["text"].any() else [])
        table = _table(columns, found, first, last, ["agent", *used])
        if np.isfinite(found["number"]).any():
            table["columns"]["number"], table["scale"] = columns.add_numbers(found["number"].astype(float), _THOUSAND)
        tables[str(name)] = table
    return tables


def _attributions(columns: Columns, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the exposures of each agent with their probabilities; those that are next to nothing are left out."""
    rows = rows[rows["probability"].ge(0.0005)].sort_values(["agent", "tick"], kind="stable")
    arrays = _arrays(rows[["agent", "source", "tick", "probability"]])
    whole = {name: columns.add_differences(arrays[name]) for name in ("agent", "source", "tick")}
    probability, scale = columns.add_numbers(arrays["probability"].astype(float), 100 * _THOUSAND)
    return {**whole, "probability": probability, "scale": scale}


def _arrays(rows: pd.DataFrame) -> Arrays:
    return {str(name): rows[name].to_numpy() for name in rows.columns}


def _table(columns: Columns, rows: Arrays, first: int, last: int, names: list[str]) -> dict[str, Any]:
    """Return the number of rows at each tick, and columns of differences; the rows are sorted by tick."""
    counts = np.bincount(rows["tick"].astype(np.int64) - first, minlength=last - first + 1)
    return {"counts": columns.add(counts), "columns": {name: columns.add_differences(rows[name]) for name in names}}
