"""Writes training rows to files, which appear whole or not at all."""

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
    """Write files of rows side by side, as JSON Lines.

    Args:
        folder: Where; made if it is not there.
        names: The files, without `.jsonl`.
        rows: A row for each file at a time.
        replace: Whether files of these names may be there already.
        on_row: Called after each round of rows.

    Returns:
        The files, in the order of `names`.

    Raises:
        AskewError: A file is there already, or `folder` is a file.
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
    """Return where files of these names will lie, as `write_files` takes them; nothing is made yet.

    Raises:
        AskewError: A file is there already and not to be replaced, or `folder` is a file.
    """
    paths = [folder / f"{name}.jsonl" for name in names]
    taken = [path for path in paths if path.exists()]
    if taken and not replace:
        raise AskewError(f"{taken[0]} is there already: name another --out, or replace it with --force")
    if folder.exists() and not folder.is_dir():
        raise AskewError(f"{folder} is a file: --out names a folder")
    return paths


def as_line(item: Mapping[str, object]) -> str:
    """Return a row, or what a format makes of one, as a line of JSON Lines."""
    return json.dumps(item, ensure_ascii=False) + "\n"
