"""Defaults for the second model and for the arms of a design."""

from collections.abc import Mapping
from typing import Any

from askew.design.study import SECOND, Study
from askew.models.names import TERRARIUM, TERRARIUM_SCHOOLED, TERRARIUM_SIBLING


def usual_second(model: object) -> str:
    """Return the default second model: the sibling for the terrarium, "" for any other model."""
    return TERRARIUM_SIBLING if model in (TERRARIUM, TERRARIUM_SCHOOLED) else ""


def needs_second(values: Mapping[str, Any], study: Study) -> bool:
    """Return whether an arm of a design starts from the second model."""
    arms = values["arms"] if isinstance(values["arms"], list) else []
    return any(study.arms[arm].base == SECOND for arm in arms if arm in study.arms)


def usual_arms(values: Mapping[str, Any], study: Study) -> list[str]:
    """Return the default arms of a design.

    If there is no second model, arms that only ask it are left out. If the study trains arms on the second model, they
    stay, so that the design is refused with an explanation.
    """
    of_second = [arm for arm in study.default_arms if study.arms[arm].base == SECOND]
    second = values.get("second_model") or usual_second(values["model"])
    is_needed = any(study.arms[arm].data for arm in of_second)
    return [arm for arm in study.default_arms if second or is_needed or arm not in of_second]
