"""The second model of a design that names none, and the arms of one that names no arms."""

from collections.abc import Mapping
from typing import Any

from askew.design.arm import SECOND
from askew.design.study import Study
from askew.models.names import TERRARIUM, TERRARIUM_SCHOOLED, TERRARIUM_SIBLING


def usual_second(model: object) -> str:
    """Return the second model of a design that names none: the terrarium has a sibling, others have not."""
    return TERRARIUM_SIBLING if model in (TERRARIUM, TERRARIUM_SCHOOLED) else ""


def needs_second(values: Mapping[str, Any], study: Study) -> bool:
    """Return whether an arm of a design starts from the second model."""
    arms = values["arms"] if isinstance(values["arms"], list) else []
    return any(study.arms[arm].start == SECOND for arm in arms if isinstance(arm, str) and arm in study.arms)


def usual_arms(values: Mapping[str, Any], study: Study) -> list[str]:
    """Return the arms of a design that names none.

    Where no second model is named and none is usual, arms that merely ask it are left out. Arms that are trained on it
    stay, for the study is about two models and the design is refused.
    """
    usual = study.default_arms if study.usual_arms is None else study.usual_arms(values)
    of_second = [arm for arm in usual if study.arms[arm].start == SECOND]
    second = values.get("second_model") or usual_second(values["model"])
    is_needed = any(study.arms[arm].data for arm in of_second)
    return [arm for arm in usual if second or is_needed or arm not in of_second]
