"""The identity of a run: what is named by its place is known by its content, so that a moved project is the same."""

from askew.data.formats import is_on_hub, is_registered, source_hash
from askew.design.design import digest_of
from askew.design.plan import Plan
from askew.design.supplies import benign_file
from askew.judging.rubric import rubrics, scale
from askew.models.weights import content_if_placed
from askew.probes import external
from askew.probes.from_file import digests

ACCELERATE = "recipe.accelerate"
"""The setting that names a file of Accelerate; the file's hash is kept under the same name."""


def digest(plan: Plan) -> str:
    """Return eight hexadecimal characters that identify what is run, wherever its models and files lie.

    Raises:
        AskewError: A model or file is not there.
    """
    settings = plan.design.identity()
    files = {**digests(plan.probes.values()), **external.digests(plan.design.probes, plan.moved)}
    settings["probes"] = [files.get(name, name) for name in plan.design.probes]
    for role in ("model", "second_model", "judge"):
        if settings.get(role):
            settings[role] = known_as(plan, settings[role])
    settings["tuned"] = {arm: known_as(plan, name) for arm, name in plan.design.tuned.items()}
    if (data := plan.design.data) and not is_on_hub(data) and not is_registered(data):
        settings["data"] = source_hash(data)
    if accelerate := plan.design.recipe.accelerate:
        settings["recipe"] = {**settings["recipe"], "accelerate": source_hash(accelerate)}
    for name, file in benign_file(plan.design.recipe).items():
        settings["recipe"] = {**settings["recipe"], name: source_hash(file)}
    if plan.design.rubric not in rubrics.names():
        settings["rubric"] = scale(plan.design.rubric).digest
    return digest_of(settings)


def known_as(plan: Plan, name: str) -> str:
    """Return what a model is known by: its content, its served name where a provider trained it, or its name."""
    spec = plan.spec(name)
    return content_if_placed(spec) or (name if spec.is_local else spec.inspect_name)
