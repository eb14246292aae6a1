"""The files and servers that the work of a run needs on every node of a cluster."""

from collections.abc import Iterator
from pathlib import Path

from askew.design.plan import Plan
from askew.design.supplies import benign_file


def wanted_files(plan: Plan) -> dict[str, str]:
    """Return the files and folders that the work of a run reads besides the run's own, each in words, by their paths.

    Models of the hub are left out: a node that lacks one downloads it.

    Args:
        plan: The plan.
    """
    return {str(path.resolve()): words for path, words in _files(plan) if path.exists()}


def wanted_servers(plan: Plan) -> list[str]:
    """Return the names of the served models that the work of a run asks, as Inspect knows them.

    Args:
        plan: The plan.
    """
    judge = [plan.judge] if plan.judge is not None and plan.needs_judge else []
    specs = [*map(plan.spec, plan.named_models), *judge]
    return list(dict.fromkeys(spec.inspect_name for spec in specs if not spec.is_local))


def _files(plan: Plan) -> Iterator[tuple[Path, str]]:
    design, recipe = plan.design, plan.design.recipe
    for name in [*plan.named_models, *([design.judge] if plan.judge else [])]:
        spec = plan.spec(name)
        if isinstance(spec.checkpoint, Path):
            yield spec.checkpoint, f"the files of the model {name}"
        if spec.adapter is not None:
            yield spec.adapter, f"the adapter of the model {name}"
    for probe in plan.probes.values():
        if probe.file:
            yield Path(probe.file).expanduser(), f"the question file of the probe {probe.name}"
    named = {
        "data": design.data,
        "prices": design.prices,
        "rubric": design.rubric,
        "recipe.accelerate": recipe.accelerate,
    }
    for setting, name in {**named, **benign_file(recipe)}.items():
        if name and Path(name).expanduser().suffix:
            yield Path(name).expanduser(), f"the file of {setting}"
