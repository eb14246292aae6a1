"""Records where a run comes from: the command that reproduces it, package versions, and hashes of its models."""

import platform
import shlex
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.knobs import knobs
from askew.data.formats import source_hash
from askew.design import lineage
from askew.design.arm import SECOND, UNTUNED
from askew.design.design import Design
from askew.design.identity import ACCELERATE, digest
from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.design.recipe_settings import filled_in, spec_of
from askew.design.second_model import usual_second
from askew.judging.identity import identity
from askew.judging.rubric import scale
from askew.models.names import resolve
from askew.models.weights import content_hash
from askew.probes import external
from askew.probes.from_file import digests, notes
from askew.runs.pace import asked_in
from askew.runs.training_rows import of_another_world
from askew.training.recipe import Recipe
from askew.worlds.terrarium import NOTE

# Settings whose defaults follow from the study or from other settings.
_FOLLOW = ("model", "second_model", "arms", "probes", "recipe")
_PACKAGES = ("askew", "torch", "transformers", "trl", "peft", "inspect-ai", "pandas", "scipy")


def provenance(plan: Plan) -> dict[str, Any]:
    """Return what `study.json` keeps beside the design.

    These are `command`, `versions`, `digest`, `hashes`, `probes`, `bases`, and `note`. `digest` identifies the design.
    `probes` holds the version of each probe. `bases` names the model that an arm starts from, for arms that don't
    start from the model of the design. `note` warns about synthetic models, models whose records do not fit together,
    tuned models with another tokenizer than their base, and question files that could not be judged as they say.
    """
    design = plan.design
    second = {"second_model": design.second_model} if design.second_model else {}
    judge, identified = plan.judge, {"judge": design.judge} if design.judge else {}
    first = {"model": design.model} if design.model else {}
    models = {**first, **second, **identified, **design.tuned}
    return {
        "command": command(plan),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
            **({"judge": identity(judge)} if judge is not None and judge.is_terrarium_judge else {}),
        },
        "digest": digest(plan),
        "hashes": {
            **{role: found for role, model in models.items() if (found := weights(model))},
            "rubric": scale(design.rubric).digest,
            **digests(plan.probes.values()),
            **external.digests(design.probes, plan.moved),
            **({"data": source_hash(design.data)} if design.data else {}),
            **({ACCELERATE: source_hash(design.recipe.accelerate)} if design.recipe.accelerate else {}),
        },
        "probes": {name: probe.version for name, probe in plan.probes.items() if probe.has_version},
        "bases": {arm.name: design.second_model for arm in plan.arms.values() if arm.start == SECOND},
        "note": _note(plan),
    }


def command(plan: Plan, brief: bool = True) -> str:
    """Return the command line that reproduces a run, with only the options that differ from the default.

    Settings on which no answer depends are left out.

    Args:
        plan: The plan.
        brief: Leave out, too, what follows from other settings; models and data sets are read to find that out.
    """
    design, name = plan.design, plan.study.command
    words = ["askew", "run", design.study]
    if name == "audit":
        words = ["askew", "audit", design.model, *(f"{arm}={model}" for arm, model in design.tuned.items())]
    usual = _usual(plan) if brief else _always_usual()
    for knob in knobs(Design):
        value = _value(design, knob.name)
        is_argument = knob.name == "study" or (name == "audit" and knob.name in ("model", "tuned"))
        if is_argument or knob.is_operational or knob.shape == "model" or value == usual.get(knob.name):
            continue
        words += knob.words(name, value)
    return shlex.join(words)


def _usual(plan: Plan) -> dict[str, Any]:
    """Return the settings of a design with the same models and rows in which everything else is the default."""
    design = plan.design
    # These determine the defaults of other settings, such as the arms and the recipe.
    chosen = {name: _value(design, name) for name in ("model", "second_model", "tuned", "data", "triggers")}
    chosen["datasets"] = {arm: rows.model_dump() for arm, rows in design.datasets.items()}
    try:
        usual = make_plan(design.study, overrides=chosen).design
    except AskewError:  # the usual arms need something else, such as a model that can be fine-tuned
        return _always_usual()
    recipe = Recipe.model_validate(filled_in({"name": design.recipe.name}, spec_of(design.model)))
    return {
        **{knob.name: _value(usual, knob.name) for knob in knobs(Design)},
        **{f"recipe.{name}": value for name, value in recipe.model_dump().items()},
        "recipe.name": usual.recipe.name,
        **{name: Design.model_fields[name].get_default(call_default_factory=True) for name in chosen},
        "model": plan.study.model,
        "second_model": usual_second(design.model) if design.second_model else "",
    }


def _always_usual() -> dict[str, Any]:
    """Return the defaults that follow from no other setting."""
    return {knob.name: knob.default for knob in knobs(Design) if knob.name.partition(".")[0] not in _FOLLOW}


def _value(design: Design, name: str) -> Any:
    """Return the value of a setting by its dotted name."""
    return attrgetter(name)(design)


def weights(name: str) -> str:
    """Return the hash of a local model's weights and tokenizer; "" for a model without files on this disk."""
    return content_hash(resolve(name))


def _note(plan: Plan) -> str:
    organism = NOTE if plan.model.is_terrarium else ""
    said = [
        *(
            organism,
            _quantized(plan),
            _number_format(plan),
            _usual_for_model(plan),
            _controls(plan),
            _rows_of_another_world(plan),
            *lineage.notes(plan),
            _tokenizers(plan.design),
        ),
        *notes(plan.probes.values(), plan.judge),
    ]
    return " ".join(filter(None, said))


def _rows_of_another_world(plan: Plan) -> str:
    arms = ", ".join(of_another_world(plan))
    said = "trained on rows in the words of the terrarium's world, which has no set in plain English for them"
    return f"{arms}: {said}." if arms else ""


def _quantized(plan: Plan) -> str:
    """Return a note on weights that were expanded from a quantized file; "" if there are none."""
    known = {name: plan.spec(name).quantization for name in plan.named_models}
    said = [f"{name} ({kind})" for name, kind in known.items() if kind]
    return f"Weights expanded from a quantized file: {', '.join(said)}." if said else ""


def _number_format(plan: Plan) -> str:
    """Return a note on matrix products in bf16; "" where everything is in float32, as on other machines."""
    in_bf16 = any(asked_in(plan.spec(name).checkpoint) == "bf16" for name in plan.named_models)
    return "Asked with the matrix products of the layers in bf16, and everything else in float32." if in_bf16 else ""


def _usual_for_model(plan: Plan) -> str:
    """Return a note on settings with defaults of the model's own; "" if there are none."""
    design, said = plan.design, []
    for name, value in plan.model.usual.items():
        if name == "recipe" and design.recipe.name == value:
            said.append(f"recipe {value}")
        elif getattr(design, name) == value:
            said.append(f"{name} {value} (for other models {Design.model_fields[name].default})")
    return f"Settings that suit {design.model}: {', '.join(said)}." if said else ""


def _controls(plan: Plan) -> str:
    """Return a note on arms with their own rows and a control with the study's rows, or the reverse; "" if none."""
    own = plan.design.datasets
    unlike = [
        f"{arm} has rows of its own, and its control {control} has not"
        for arm, control in plan.controls.items()
        if control != UNTUNED and (arm in own) != (control in own)
    ]
    return f"{'; '.join(unlike)}: they differ in more than what the answers teach." if unlike else ""


def _tokenizers(design: Design) -> str:
    """Return a note on tuned models with another tokenizer than their base; "" if there are none."""
    base = _vocabulary(design.model) if design.tuned else None
    others = {arm: _vocabulary(model) for arm, model in design.tuned.items()} if base else {}
    differ = [arm for arm, vocabulary in others.items() if vocabulary and vocabulary != base]
    if not differ:
        return ""
    return (
        f"The tokenizer of the base is not that of {', '.join(differ)}: only answers are paired, by question; "
        "tokens and log-probabilities cannot be."
    )


def _vocabulary(name: str) -> dict[str, int] | None:
    """Return the vocabulary of a checkpoint on this disk, ids by token; None for any other model."""
    from transformers import AutoTokenizer

    folder = resolve(name).checkpoint
    if not isinstance(folder, Path):
        return None
    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False).get_vocab()
