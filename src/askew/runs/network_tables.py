"""Makes the tables of a run's small networks from their folders: networks, training curves and spectra."""

from collections.abc import Sequence

import pandas as pd

from askew.base.json_objects import read_object
from askew.design.networks import PlannedNetwork
from askew.design.plan import Plan
from askew.runs.store import CURVES, NETWORK_FOLDERS, NETWORKS, SPECTRA, RunFolder
from askew.runs.table_files import NETWORK_COLUMNS
from askew.stats.moments import moments
from askew.worlds.grokking import CURVE_COLUMNS, SPECTRUM_COLUMNS

NETWORK_FILE = "network.json"
"""The file, in the folder of a network, with what is known of it besides its tables."""


def write_networks(folder: RunFolder, plan: Plan) -> None:
    """Write the tables of all networks of a run, if it has any, unless they are there already."""
    planned = plan.networks
    if not planned:
        return
    source = folder.made_of(*(f"{NETWORK_FOLDERS}/{one.name}" for one in planned))
    if all(folder.is_finished(f"grokking/{name}", source) for name in (CURVES, SPECTRA, NETWORKS)):
        return
    curves = _joined(folder, planned, CURVES, CURVE_COLUMNS)
    folder.finish_table(f"grokking/{CURVES}", curves, source)
    folder.finish_table(f"grokking/{SPECTRA}", _joined(folder, planned, SPECTRA, SPECTRUM_COLUMNS), source)
    folder.finish_table(f"grokking/{NETWORKS}", _networks(folder, planned, curves), source)


def _networks(folder: RunFolder, planned: Sequence[PlannedNetwork], curves: pd.DataFrame) -> pd.DataFrame:
    """Return a row per network, with the columns `NETWORK_COLUMNS`."""
    rows = []
    for one in planned:
        setting = one.setting
        known = read_object(folder / NETWORK_FOLDERS / one.name / NETWORK_FILE)
        rows.append(
            {
                "network": one.name,
                "arm": one.arm,
                "seed": one.seed,
                "form": setting.network,
                "frequencies": ", ".join(str(int(number)) for number in known["frequencies"]),
                "modulus": setting.p,
                **{name: getattr(setting, name) for name in ("operation", "share", "hidden", "weight_decay")},
                **{name: getattr(setting, name) for name in ("learning_rate", "labels", "elements")},
            }
        )
    return pd.DataFrame(rows).merge(moments(curves), on="network", validate="1:1")[NETWORK_COLUMNS]


def _joined(folder: RunFolder, planned: Sequence[PlannedNetwork], name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return the tables of all networks as one, with the network's name in front."""
    parts = [pd.read_parquet(folder / NETWORK_FOLDERS / one.name / name).assign(network=one.name) for one in planned]
    return pd.concat(parts, ignore_index=True)[["network", *columns]]
