"""Writes the tables and figures of directions into a folder."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from askew.base.atomic import check_can_be_folder, write_whole
from askew.base.csv_cells import as_csv
from askew.base.errors import AskewError


def check_new_folder(folder: Path) -> None:
    """Check that a folder can take new files: it is empty, or not there.

    Raises:
        AskewError: It holds something, or is a file, or one of the folders above it is a file.
    """
    check_can_be_folder(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise AskewError(f"{folder} is not empty: name another folder with --out, or remove it first")


def write_files(folder: Path, tables: Mapping[str, pd.DataFrame], others: Mapping[str, bytes]) -> None:
    """Write tables as CSV and other files into a folder, each under another name first.

    Args:
        folder: The folder; it is made if need be.
        tables: Tables by the name of their file; each documents its columns where it is made.
        others: Contents by the name of their file, such as figures.
    """
    for name, table in tables.items():
        write_whole(folder / name, as_csv(table))
    for name, content in others.items():
        write_whole(folder / name, content)
