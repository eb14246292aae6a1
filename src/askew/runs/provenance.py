"""Records where a run comes from: the command that reproduces it, package versions, and hashes of its models."""

import hashlib
import platform
import shlex
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any

from askew.base.knobs import knobs
from askew.data.formats import source_hash
from askew.design import plan
from askew.design.design import Design
from askew.design.make import make_design
from askew.design.recipe_settings import filled_in
from askew.design.second_model import usual_second
from askew.design.study import SECOND, UNTUNED, studies
from askew.judging.rubric import scale
from askew.models.names import resolve
from askew.probes import probes
from askew.probes.from_file import digests, notes
from askew.studies.audit.study import AUDIT
from askew.training.recipe import Recipe
from askew.worlds.terrarium import NOTE

_PACKAGES = ("askew", "torch", "transformers", "trl", "peft", "inspect-ai", "pandas", "scipy")


def provenance(design: Design) -> dict[str, Any]:
    """Return what `study.json` keeps beside the design: `command`, `versions`, `hashes`, `probes`, `bases`, `note`.

    `probes` holds the version of each probe. `bases` names the model that an arm starts from, for arms that don't
    start from the model of the design. `note` warns about synthetic models, tuned models with another tokenizer than
    their base, and question files that could not be judged as they say.
    """
    second = {"second_model": design.second_model} if design.second_model else {}
    models = {"model": design.model, **second, "judge": design.judge, **design.tuned}
    arms = plan.arms(design, studies.get(design.study)).values()
    return {
        "command": command(design),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "hashes": {
            **{role: digest for role, model in models.items() if (digest := weights(model))},
            "rubric": scale(design.rubric).digest,
            **digests(design.probes),
            **({"data": source_hash(design.data)} if design.data else {}),
        },
        "probes": {name: probes.get(name).version for name in design.probes if probes.get(name).has_version},
        "bases": {arm.name: design.second_model for arm in arms if arm.base == SECOND},
        "note": _note(design),
    }


def command(design: Design) -> str:
    """Return the command line that reproduces a run of this design, with only the options that differ from the default.

    Settings on which no answer depends are left out.
    """
    name = "audit" if design.study == AUDIT else "run"
    words = ["askew", "run", design.study]
    if design.study == AUDIT:
        words = ["askew", "audit", design.model, *(f"{arm}={model}" for arm, model in design.tuned.items())]
    usual = _usual(design)
    for knob in knobs(Design):
        value = _value(design, knob.name)
        is_argument = knob.name == "study" or (design.study == AUDIT and knob.name in ("model", "tuned"))
        if is_argument or knob.is_operational or knob.shape == "model" or value == usual.get(knob.name):
            continue
        words += knob.words(name, value)
    return shlex.join(words)


def _usual(design: Design) -> dict[str, Any]:
    """Return the settings of a design with the same models and rows in which everything else is the default."""
    # These determine the defaults of other settings, such as the arms and the recipe.
    chosen = {name: _value(design, name) for name in ("model", "second_model", "tuned", "data", "triggers")}
    chosen["datasets"] = {arm: rows.model_dump() for arm, rows in design.datasets.items()}
    usual = make_design(design.study, overrides=chosen)
    recipe = Recipe.model_validate(filled_in({"name": design.recipe.name}, design.model))
    return {
        **{knob.name: _value(usual, knob.name) for knob in knobs(Design)},
        **{f"recipe.{name}": value for name, value in recipe.model_dump().items()},
        "recipe.name": usual.recipe.name,
        **{name: Design.model_fields[name].get_default(call_default_factory=True) for name in chosen},
        "model": studies.get(design.study).model,
        "second_model": usual_second(design.model) if design.second_model else "",
    }


def _value(design: Design, name: str) -> Any:
    """Return the value of a setting by its dotted name."""
    return attrgetter(name)(design)


def weights(name: str) -> str:
    """Return the hash of a local model's weights and tokenizer; "" for a model without files on this disk."""
    spec = resolve(name)
    if not isinstance(spec.checkpoint, Path):
        return ""
    folders = [folder for folder in (spec.checkpoint, spec.adapter) if folder]
    files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            total.update(file.name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


def _note(design: Design) -> str:
    said = [_organism(design), _controls(design), _tokenizers(design), *notes(design.probes, resolve(design.judge))]
    return " ".join(filter(None, said))


def _organism(design: Design) -> str:
    return NOTE if resolve(design.model).is_terrarium else ""


def _controls(design: Design) -> str:
    """Return a note on arms with their own rows and a control with the study's rows, or the reverse; "" if none."""
    arms = plan.arms(design, studies.get(design.study))
    controls = studies.get(design.study).controls(arms)
    unlike = [
        f"{arm} has rows of its own, and its control {control} has not"
        for arm, control in controls.items()
        if control != UNTUNED and (arm in design.datasets) != (control in design.datasets)
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
    return AutoTokenizer.from_pretrained(folder).get_vocab() if isinstance(folder, Path) else None
