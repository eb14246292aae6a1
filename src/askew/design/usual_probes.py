"""The probes of a design that names none."""

from collections.abc import Mapping
from typing import Any

from askew.design.recipe_settings import spec_of
from askew.design.study import Study


def usual_probes(values: Mapping[str, Any], study: Study) -> list[str]:
    """Return the usual probes of a study that can be put to all models of a design.

    Probes that read the log-probabilities of given answers are left out where a model is served, since most servers do
    not return them.

    Args:
        values: The settings of the design, with its model.
        study: The study.
    """
    tuned, second = values.get("tuned"), values.get("second_model")
    names = [values["model"], *(tuned.values() if isinstance(tuned, Mapping) else ()), *([second] if second else ())]
    specs = [spec_of(name) for name in names]
    if all(spec is None or spec.is_local for spec in specs):  # names of no model are refused elsewhere
        return list(study.default_probes)
    return [name for name in study.default_probes if not _reads_given_answers(name)]


def _reads_given_answers(name: str) -> bool:
    from askew.probes import probes
    from askew.probes.from_file import has_pairs

    return has_pairs(probes.get(name))
