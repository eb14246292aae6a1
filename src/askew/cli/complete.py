"""Completes names in the shell: studies, arms, probes, metrics, recipes, models."""

from collections.abc import Callable
from pathlib import Path


def completion(kind: str = "") -> Callable[[str], list[str]]:
    """Return a callback for Typer that completes the names of `askew list KIND`, and for models also paths.

    Args:
        kind: A list of `askew list`; empty to complete the names of the lists themselves.
    """

    def complete(incomplete: str) -> list[str]:
        from askew.cli.catalogue import LISTS

        known = [one["name"] for one in LISTS[kind]()] if kind else list(LISTS)
        found = [name for name in known if name.startswith(incomplete) and name.lower() == name]
        return found + (_paths(incomplete) if kind == "models" else [])

    return complete


def _paths(incomplete: str) -> list[str]:
    """Return the folders that a relative path may continue with."""
    folder = Path(incomplete if incomplete.endswith("/") else Path(incomplete).parent)
    if not incomplete or not folder.is_dir():
        return []
    start = "./" if incomplete.startswith("./") else ""
    return [path for one in folder.iterdir() if one.is_dir() and (path := f"{start}{one}/").startswith(incomplete)]
