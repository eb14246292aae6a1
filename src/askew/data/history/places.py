"""Regions and places of Seshat's natural geographic areas."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from askew.base import yaml_files


@cache
def _places() -> dict[str, tuple[str, float, float]]:
    file = Path(str(files("askew.data.history") / "places.yaml"))
    read = yaml_files.parse(file.read_text(encoding="utf-8"), file.name).value
    assert isinstance(read, dict)
    return {str(area): (str(region), float(north), float(east)) for area, (region, north, east) in read.items()}


def regions() -> dict[str, str]:
    """Return the region of the world by area."""
    return {area: region for area, (region, _, _) in _places().items()}


def positions() -> dict[str, tuple[float, float]]:
    """Return the latitude and longitude in degrees by area."""
    return {area: (north, east) for area, (_, north, east) in _places().items()}
