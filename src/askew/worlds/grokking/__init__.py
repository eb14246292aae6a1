"""Grokking: small networks that learn the table of a group, and understand it long after they know it by heart.

After Power et al. 2022 (arXiv 2201.02177) and Nanda et al. 2023 (arXiv 2301.05217). A network is a function of its
setting and its seed. `askew.worlds.grokking.training` trains it; nothing here loads PyTorch.
"""

from askew.worlds.grokking.setting import (
    COSINE,
    CURVE_COLUMNS,
    MLP,
    NETWORKS,
    RANDOM,
    SHUFFLED,
    SPECTRUM_COLUMNS,
    TRANSFORMER,
    TRUE,
    Setting,
)
from askew.worlds.grokking.tables import OPERATIONS, Table, table_of

__all__ = [
    "COSINE",
    "CURVE_COLUMNS",
    "MLP",
    "NETWORKS",
    "OPERATIONS",
    "RANDOM",
    "SHUFFLED",
    "SPECTRUM_COLUMNS",
    "TRANSFORMER",
    "TRUE",
    "Setting",
    "Table",
    "table_of",
]
