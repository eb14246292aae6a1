"""Recognizes models and files that were moved since a run began: they are known by their content."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from askew.design.identity import ACCELERATE

# The settings that may be paths of files whose hashes are kept under the same names.
_PLACES = ("model", "second_model", "judge", "rubric", "data")


def at_old_places(
    asked: dict[str, Any], before: Mapping[str, Any], old: Mapping[str, str], new: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return settings in which a file or folder that was moved has its old place: it is known by its content.

    Args:
        asked: The settings of the design that is to be run.
        before: Those of the folder's design.
        old: The hashes in the folder.
        new: The hashes now; None if they are not known, and then the same name is enough.
    """

    def at_old_place(role: str, there: Any, here: Any) -> Any:
        if not isinstance(there, str) or not isinstance(here, str):
            return here
        same = Path(there).name == Path(here).name if new is None else role in old and old[role] == new.get(role)
        return there if same else here

    places = {role: at_old_place(role, before.get(role), asked[role]) for role in _PLACES if role in asked}
    tuned = {arm: at_old_place(arm, before.get("tuned", {}).get(arm), model) for arm, model in asked["tuned"].items()}
    there, here = (settings["recipe"].get("accelerate") for settings in (before, asked))
    recipe = {**asked["recipe"], "accelerate": at_old_place(ACCELERATE, there, here)}
    return {**asked, **places, "tuned": tuned, "recipe": recipe}
