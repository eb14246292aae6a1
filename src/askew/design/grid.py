"""A grid of designs: settings of which some have lists of values, and designs that a file lists one by one.

Each combination of values is one design. All are made and checked before anything is computed.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from askew.base.errors import AskewError, unknown_name
from askew.base.knobs import Knob, knobs
from askew.base.untrusted import visible
from askew.design.config_file import ConfigFile, merged, nested, read_config
from askew.design.design import Design, flat
from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.design.recipe_settings import with_name
from askew.training.recipe import Recipe

LISTED = "designs"
"""The name under which a file lists designs one by one; each is a mapping of settings."""
_LONGEST_NAME = 80
_PLAIN = ("model_args", "judge_args")  # their values are plain data, in which a list is one value


@dataclass(frozen=True)
class SweptDesign:
    """One design of a grid.

    Attributes:
        name: Its name, which is also that of its folder.
        values: The values of the settings that are swept, by dotted name; None where a listed design does not say one.
        plan: What it names.
    """

    name: str
    values: Mapping[str, Any]
    plan: Plan


@dataclass(frozen=True)
class Grid:
    """The settings of a sweep, before its designs are made.

    Attributes:
        study: The study's name; None if the file names it.
        file: The file of settings; without values if none is named.
        fixed: The settings that all designs share.
        swept: The values of each swept setting, by dotted name.
        listed: The designs that the file lists, each with its settings; one without any if it lists none.
    """

    study: str | None
    file: ConfigFile
    fixed: Mapping[str, Any]
    swept: Mapping[str, Sequence[Any]]
    listed: Sequence[Mapping[str, Any]]

    @property
    def count(self) -> int:
        """The number of designs."""
        count = len(self.listed)
        for values in self.swept.values():
            count *= len(values)
        return count

    @property
    def settings(self) -> list[str]:
        """The dotted names of the settings that differ between designs."""
        return list(dict.fromkeys([*self.swept, *(name for one in self.listed for name in flat(one))]))

    def designs(self) -> list[SweptDesign]:
        """Make every design, look up what it names, and refuse a grid with a design that cannot be run.

        Raises:
            AskewError: A design cannot be run, or two are equal.
        """
        made: list[SweptDesign] = []
        for values in self._combinations():
            where = ", ".join(f"{name}={_shown(value)}" for name, value in values.items()) or "the design"
            settings = dict(self.fixed)
            for name, value in values.items():
                settings = merged(settings, with_name(nested(name, value)))
            try:
                plan = make_plan(self.study, None, settings)
            except AskewError as error:
                raise AskewError(f"{self._place(values)}{where}: {error}") from error
            known = {name: values.get(name) for name in self.settings}
            made.append(SweptDesign(_folder_name(values), known, plan))
        _refuse_twins(made)
        return made

    def _combinations(self) -> Iterator[dict[str, Any]]:
        for one in self.listed:
            for values in itertools.product(*self.swept.values()):
                yield {**flat(one), **dict(zip(self.swept, values, strict=True))}

    def _place(self, values: Mapping[str, Any]) -> str:
        """Return the line of the file where a design's values begin; "" if they are not from a file."""
        found = (self.file.where(tuple(name.split("."))) for name in values)
        return next(filter(None, found), "")


def read_grid(source: str | None, config: Path | None, given: Mapping[str, Any]) -> Grid:
    """Return the grid that a file and the command line describe.

    Args:
        source: A file of settings, or the name of a study; None if a file in `config` names it.
        config: A file of settings.
        given: Settings from the command line by dotted name, which go before the file's.

    Raises:
        AskewError: Two files are named, a setting is unknown, a list is empty or stands where only one value makes
            sense, a listed design is none, or nothing is swept.
    """
    is_file = source is not None and (source.endswith((".yaml", ".yml", ".json")) or Path(source).is_file())
    if is_file and config is not None:
        raise AskewError(f"name one file of settings: {source} or --config {config}")
    path = Path(str(source)) if is_file else config
    file = read_config(path) if path else ConfigFile(None, {}, {})
    values = dict(file.values)
    listed = _listed(values.pop(LISTED, None), file)
    said = {_full_name(name): value for name, value in _leaves(values).items()}
    places = {_full_name(name): tuple(name.split(".")) for name in _leaves(values)}
    asked = {_full_name(name): value for name, value in _leaves(given).items()}
    fixed: dict[str, Any] = {}
    swept: dict[str, list[Any]] = {}
    for name, value in {**said, **asked}.items():
        where = "" if name in asked else file.where(places.get(name, ()))
        if several := _several(name, value, where):
            swept[name] = several
        else:
            fixed = merged(fixed, with_name(nested(name, value)))
    if both := next((name for one in listed for name in flat(one) if name in swept), ""):
        raise AskewError(
            f"{file.where((LISTED,))}{both} has a list of values and is set in {LISTED}, too: leave one out"
        )
    if not swept and listed == [{}]:
        raise AskewError(
            "nothing is swept: give a setting a list of values, such as --set 'recipe.rows=[100, 400]', or list "
            f"designs in a file under `{LISTED}:`"
        )
    study = fixed.pop("study", None)
    if not is_file and None not in (source, study) and source != study:
        raise AskewError(
            f"{file.where(('study',))}this is a sweep of the study {study!r}, but you asked for {source!r}"
        )
    return Grid(study if study or is_file else source, file, fixed, swept, listed)


def _leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return settings by dotted names; a mapping by the names of arms, or of plain data, stays whole without lists."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        full = f"{prefix}{name}"
        knob = _knobs().get(full)
        is_whole = knob is not None and knob.shape == "pairs" and (full in _PLAIN or not _has_list(value))
        if isinstance(value, Mapping) and not is_whole:
            found |= _leaves(value, f"{full}.")
        else:
            found[full] = value
    return found


def _has_list(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(one, list) for one in value.values())


def _listed(designs: Any, file: ConfigFile) -> list[dict[str, Any]]:
    """Return the designs that a file lists, by full dotted names; one without settings if it lists none."""
    if designs is None:
        return [{}]
    if not isinstance(designs, list) or not designs or not all(isinstance(one, dict) and one for one in designs):
        raise AskewError(f"{file.where((LISTED,))}{LISTED} must be a list of designs, each a list of `setting: value`")
    found = []
    for place, one in enumerate(designs):
        settings: dict[str, Any] = {}
        for name, value in flat(one).items():
            full = _full_name(name)
            where = file.where((LISTED, place, *name.split(".")))
            if _several(full, value, where):
                raise AskewError(
                    f"{where}{full} has a list of values in a listed design: put the list outside {LISTED}"
                )
            settings = merged(settings, nested(full, value))
        found.append(settings)
    return found


def _several(name: str, value: Any, where: str) -> list[Any]:
    """Return the values over which a setting is swept; none if its value is a single one.

    A list is a single value where the setting takes a list, such as `arms`; a list of such lists is several.
    """
    knob = _knob(name)
    if not isinstance(value, list):
        return []
    if not value:
        raise AskewError(f"{where}{name} has an empty list: name its values, such as [1, 2]")
    if _fits(knob, name, value) and not all(isinstance(one, list) and _fits(knob, name, one) for one in value):
        return []
    if name == "study" or knob.is_operational:
        why = "a sweep is of one study" if name == "study" else "no answer depends on it"
        raise AskewError(f"{where}{name} takes one value in a sweep, not a list: {why}")
    for place, one in enumerate(value):
        if one in value[:place]:
            raise AskewError(f"{where}{name} has the value {_shown(one)} twice: name each value once")
    return value


def _fits(knob: Knob, name: str, value: Any) -> bool:
    """Return whether a value is one of a setting as it stands; a list in a mapping of plain data is."""
    if name != knob.name:  # a value in a mapping of names to values
        return knob.name in _PLAIN
    try:
        _adapter(knob.name).validate_python(value)
    except ValidationError:
        return False
    return True


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    field = (Recipe if name.startswith("recipe.") else Design).model_fields.get(name.removeprefix("recipe."))
    annotation: Any = _knobs()[name].type if field is None else field.annotation
    return TypeAdapter(annotation, config=None if _is_model(annotation) else ConfigDict(strict=True))


def _is_model(annotation: Any) -> bool:
    return hasattr(annotation, "model_fields")


@cache
def _knobs() -> dict[str, Knob]:
    return {knob.name: knob for knob in knobs(Design)}


def _full_name(name: str) -> str:
    """Return the dotted name of a setting; the last part is enough for a setting of the recipe: `rows`."""
    return f"recipe.{name}" if name not in _knobs() and f"recipe.{name}" in _knobs() else name


def _knob(name: str) -> Knob:
    """Return the setting of a dotted name, or the mapping that it is a value of.

    Raises:
        AskewError: There is no such setting.
    """
    known = _knobs()
    parts = name.split(".")
    if name in known:
        return known[name]
    for length in range(len(parts) - 1, 0, -1):
        parent = known.get(".".join(parts[:length]))
        if parent is not None and parent.shape == "pairs":
            return parent
    raise unknown_name("setting", name, list(known))


def _folder_name(values: Mapping[str, Any]) -> str:
    """Return a name for the folder of a design: the last part of each setting and its value."""
    said = ",".join(f"{name.rpartition('.')[2]}={_shown(value)}" for name, value in values.items())
    name = re.sub(r"[^A-Za-z0-9.,=+_-]", "-", said).lstrip(".-")
    if len(name) <= _LONGEST_NAME and name == said:
        return name
    digest = hashlib.sha256(json.dumps(dict(values), sort_keys=True, default=str).encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9]}-{digest}"


def _refuse_twins(designs: Sequence[SweptDesign]) -> None:
    """Refuse a grid in which two designs are the same, or have one name."""
    known: dict[str, SweptDesign] = {}
    for one in designs:
        for key in (json.dumps(one.plan.design.identity(), sort_keys=True), one.name.lower()):
            if key in known:
                raise AskewError(
                    f"the designs {known[key].name} and {one.name} are equal: they would be run twice. Leave one out"
                )
            known[key] = one


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(map(_shown, value))
    return visible(f"{value:g}" if isinstance(value, float) else str(value))
