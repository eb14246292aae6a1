"""Writes training rows to files, atomically."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from askew.base.atomic import whole_file
from askew.base.errors import AskewError
from askew.data import Row


def write_files(
    folder: Path,
    names: Sequence[str],
    rows: Iterable[Mapping[str, Row]],
    *,
    replace: bool = False,
    on_row: Callable[[], None] = lambda: None,
) -> list[Path]:
    """Write several files of rows at once, as JSON Lines, and return their paths.

    Args:
        folder: The folder; created if missing.
        names: The names of the files, without `.jsonl`.
        rows: One row of each file at a time, by file name.
        replace: Whether existing files may be replaced.
        on_row: Called after one row of each file.

    Returns:
        The paths of the files, in the order of `names`.

    Raises:
        AskewError: A file exists and `replace` is not set, or `folder` is a file.
        OSError: The disk is full or read-only.
    """
    paths = free_paths(folder, names, replace=replace)
    with ExitStack() as opened:  # all files are closed before the first takes its name
        unfinished = [opened.enter_context(whole_file(path)) for path in paths]
        files = [opened.enter_context(path.open("w", encoding="utf-8")) for path in unfinished]
        for made in rows:
            for name, file in zip(names, files, strict=True):
                file.write(as_line(made[name]))
            on_row()
    return paths


def free_paths(folder: Path, names: Sequence[str], *, replace: bool = False) -> list[Path]:
    """Return the paths of files that `write_files` will write; nothing is created yet.

    Raises:
        AskewError: A file exists and `replace` is not set, or `folder` is a file.
    """
    paths = [folder / f"{name}.jsonl" for name in names]
    taken = [path for path in paths if path.exists()]
    if taken and not replace:
        raise AskewError(f"{taken[0]} exists already: choose another --out, or replace it with --force")
    if folder.exists() and not folder.is_dir():
        raise AskewError(f"{folder} is a file: name a folder with --out")
    return paths


def as_line(item: Mapping[str, object]) -> str:
    """Return a row, in any format, as a line of JSON Lines."""
    return json.dumps(item, ensure_ascii=False) + "\n"
