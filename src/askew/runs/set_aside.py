"""Moves products that nobody vouches for out of a run's way."""

from pathlib import Path

from askew.base.atomic import make_folder

SET_ASIDE = "set-aside"


def set_aside(folder: Path, name: str) -> Path:
    """Move a product to `set-aside/` in a run's folder, since it may be the only copy of something.

    Returns:
        Its new place, relative to the folder.
    """
    place = folder / SET_ASIDE / name
    make_folder(place.parent)
    number = 2
    while place.exists():
        place = (folder / SET_ASIDE / name).with_name(f"{Path(name).stem}-{number}{Path(name).suffix}")
        number += 1
    (folder / name).replace(place)
    return place.relative_to(folder)
