"""Makes the tables of a run's societies from their folders: `events.parquet`, `agents.parquet`, `societies.parquet`."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from askew.base.atomic import whole_file
from askew.base.json_objects import read_object
from askew.design.plan import Plan
from askew.runs.store import AGENTS, EVENTS, SOCIETIES, SOCIETY_ROW, SOCIETY_TABLES, RunFolder
from askew.runs.table_files import OWN_COLUMNS
from askew.worlds.society import AGENT_COLUMNS, EVENT_COLUMNS, SOCIETY_COLUMNS


def write_societies(folder: RunFolder, plan: Plan) -> None:
    """Write the tables of all societies of a run, if it has any, unless they are there already.

    Events go from file to file a society at a time, since there may be very many.
    """
    planned = plan.societies
    if not planned:
        return
    source = folder.made_of(*(f"{SOCIETY_TABLES}/{one.name}" for one in planned))
    for name, columns in ((EVENTS, EVENT_COLUMNS), (AGENTS, AGENT_COLUMNS)):
        product = f"society/{name}"
        if not folder.is_finished(product, source):
            _join([folder / SOCIETY_TABLES / one.name / name for one in planned], folder / product, [*columns])
            folder.finish(product, source)
    product = f"society/{SOCIETIES}"
    if not folder.is_finished(product, source):
        with whole_file(folder / product) as path:
            _rows(folder, plan).to_parquet(path, index=False)
        folder.finish(product, source)


def _join(parts: Sequence[Path], whole: Path, columns: Sequence[str]) -> None:
    """Write the tables of all societies into one file."""
    schema = pq.read_schema(parts[0]).remove_metadata()
    with whole_file(whole) as path, pq.ParquetWriter(path, schema) as file:
        for part in parts:
            file.write_table(pa.table(pq.read_table(part, columns=list(columns)), schema=schema))


def _rows(folder: RunFolder, plan: Plan) -> pd.DataFrame:
    """Return a row per society, with the columns SOCIETY_COLUMNS and OWN_COLUMNS."""
    rows = [
        {
            **read_object(folder / SOCIETY_TABLES / one.name / SOCIETY_ROW),
            "arm": one.arm,
            "players": ", ".join(dict.fromkeys(map(str, plan.players(one).values()))),
        }
        for one in plan.societies
    ]
    return pd.DataFrame(rows)[[*SOCIETY_COLUMNS, *OWN_COLUMNS]]
