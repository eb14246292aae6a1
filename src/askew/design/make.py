"""Makes a design from defaults, the study, a config file and the caller, and refuses one that cannot be run."""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from askew.base.errors import AskewError
from askew.base.yaml_files import Location
from askew.design.arm import UNTUNED
from askew.design.checks import checks
from askew.design.config_file import ConfigFile, merged, nested, read_config
from askew.design.design import Design, flat
from askew.design.history import looked_at
from askew.design.own_rows import look_at
from askew.design.plan import Plan
from askew.design.recipe_settings import filled_in, spec_of, usual_settings, with_name, without_another
from askew.design.second_model import needs_second, usual_arms, usual_second
from askew.design.study import Study, studies
from askew.design.usual_probes import usual_probes
from askew.design.validation import worded
from askew.judging.fit import usual_judge
from askew.models.names import ModelSpec

IN_TRAINING_FORMAT = "in_training_format"


def make_design(study: str | None, config: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Design:
    """Return the design of `make_plan`."""
    return make_plan(study, config, overrides).design


def make_plan(study: str | None, config: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Plan:
    """Make a design, look up what it names, and refuse one that cannot be run.

    Args:
        study: The study's name; None if the file names it.
        config: A YAML file with settings of `Design`.
        overrides: Settings that go before the file's, by name: `seeds`, `recipe.rows`.

    Raises:
        AskewError: A setting is unknown, of the wrong type or out of range, or names something that does not exist.
    """
    file = read_config(config) if config else ConfigFile(None, {}, {})
    named = file.values.get("study", study)
    if named is None:
        raise AskewError(f"name a study: {', '.join(sorted(studies.names()))}")
    if study not in (None, named):
        where = file.where(("study",))
        raise AskewError(f"{where}this is a design of the study {named!r}, but you asked for {study!r}")
    chosen = studies.get(str(named))
    overrides = dict(overrides or {})
    overridden = {tuple(name.split(".")) for name in flat(overrides)}
    values: dict[str, Any] = {"study": chosen.name, "model": chosen.model}
    caller: dict[str, Any] = {}
    for name, value in overrides.items():
        caller = merged(caller, with_name(nested(name, value)))
    values = merged(merged(values, without_another(file.values, caller)), caller)
    model = spec_of(values["model"])
    values = {**chosen.settings, **usual_settings(model), **values}
    values["recipe"] = _filled_in(values, model, chosen, file, overridden)
    values["datasets"] = _looked_at(values.get("datasets"), file, overridden)
    if "history" in values:
        values["history"] = _facts_looked_at(values["history"], file, overridden)
    own = [UNTUNED, *values["datasets"]] if values["datasets"] else usual_arms(values, chosen)
    values.setdefault("arms", [*own, *_keys(values.get("tuned"))])
    probes = values.setdefault("probes", usual_probes(values, chosen))
    if values.get("data") and isinstance(probes, list) and IN_TRAINING_FORMAT not in probes:
        values["probes"] = [*probes, IN_TRAINING_FORMAT]
    if not values.get("second_model") and needs_second(values, chosen):
        values["second_model"] = usual_second(values["model"])
    try:
        design = Design.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise AskewError(f"{_where(first['loc'], file, overridden)}{worded(first, Design)}") from error
    plan = _with_usual_judge(Plan(design))
    for location, check in checks(plan):
        try:
            check()
        except AskewError as error:
            raise AskewError(f"{_where(location, file, overridden)}{error}") from error
    return plan


def _with_usual_judge(plan: Plan) -> Plan:
    """Return a plan with the usual judge of its models if it names none."""
    if plan.design.judge:
        return plan
    try:
        usual = usual_judge([plan.spec(name) for name in plan.named_models])
    except AskewError:  # the checks say it, with its place
        return plan
    return plan.with_judge(usual) if usual else plan


def _looked_at(datasets: object, file: ConfigFile, overridden: Container[Location]) -> dict[str, Any]:
    """Return what is known of rows of a user's own, by arm."""
    known: dict[str, Any] = {}
    if not isinstance(datasets, Mapping | None):
        raise AskewError(f"{_where(('datasets',), file, overridden)}datasets must be a mapping of arms to rows")
    for arm, said in (datasets or {}).items():
        try:
            known[arm] = look_at(said)
        except AskewError as error:
            raise AskewError(f"{_where(('datasets', str(arm)), file, overridden)}the rows of {arm}: {error}") from error
    return known


def _facts_looked_at(history: object, file: ConfigFile, overridden: Container[Location]) -> Any:
    """Return settings of the facts of history, with what is known of their files."""
    try:
        return looked_at(history)
    except AskewError as error:
        raise AskewError(f"{_where(('history',), file, overridden)}{error}") from error


def _filled_in(
    values: Mapping[str, Any],
    model: ModelSpec | None,
    study: Study,
    file: ConfigFile,
    overridden: Container[Location],
) -> Any:
    """Return all values of the recipe."""
    try:
        return filled_in(values.get("recipe", {}), model, study.recipe)
    except AskewError as error:
        raise AskewError(f"{_where(('recipe', 'name'), file, overridden)}{error}") from error


def _keys(mapping: object) -> list[str]:
    return list(mapping) if isinstance(mapping, Mapping) else []


def _where(location: Location, file: ConfigFile, overridden: Container[Location]) -> str:
    """Return the place in the file where a setting was said; "" if it was said elsewhere, and that counted."""
    if any(location[:length] in overridden for length in range(1, len(location) + 1)):
        return ""
    return file.where(location)
