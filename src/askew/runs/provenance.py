"""Where a run comes from: the command that makes it again, versions of what it used, and hashes of its models."""

import hashlib
import platform
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import Any

from askew.data.formats import source_hash
from askew.design import plan
from askew.design.design import Design, flat
from askew.design.make import make_design
from askew.design.recipe_settings import filled_in
from askew.design.second_model import usual_second
from askew.design.study import SECOND, UNTUNED, studies
from askew.judging.rubric import scale
from askew.models.names import resolve
from askew.probes.from_file import digests, notes
from askew.studies.audit.study import AUDIT
from askew.training.recipe import Recipe
from askew.worlds.terrarium import NOTE

_PACKAGES = ("askew", "torch", "transformers", "trl", "peft", "inspect-ai", "pandas", "scipy")
# Settings that have a flag of their own on the command line; the others go by --set.
_FLAGS = {
    **{
        name: f"--{name}"
        for name in ("model", "judge", "data", "seeds", "seed", "samples", "temperature", "metric", "checkpoints")
    },
    **{"arms": "--arm", "probes": "--probe", "second_model": "--second-model"},
    **{"recipe.name": "--recipe", "recipe.rows": "--rows", "recipe.learning_rate": "--learning-rate"},
}


def provenance(design: Design) -> dict[str, Any]:
    """Return what is kept beside the frozen design: `command`, `versions`, `hashes` and `note`.

    The note says what the model is no evidence for, if it is a synthetic organism, which of the tuned models have
    another tokenizer than their base, and where a question file was not judged as it says; `bases` names what arms
    begin with that do not begin with the model of the design.
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
        "bases": {arm.name: design.second_model for arm in arms if arm.base == SECOND},
        "note": _note(design),
    }


def command(design: Design) -> str:
    """Return the command line that makes a run of this design, naming only what is not the default."""
    own = {"datasets": design.model_dump()["datasets"], "triggers": design.triggers}
    said = {
        "model": design.model,
        "second_model": design.second_model,
        "tuned": design.tuned,
        "data": design.data,
        **own,
    }
    usual = make_design(design.study, overrides=said)
    recipe = Recipe.model_validate(filled_in({"name": design.recipe.name}, design.model))
    before, now = flat({**usual.identity(), "recipe": recipe.model_dump()}), flat(design.identity())
    before["recipe.name"] = usual.recipe.name
    words = ["askew", "run", design.study]
    if design.study == AUDIT:
        words = ["askew", "audit", design.model, *(f"{arm}={model}" for arm, model in design.tuned.items())]
    else:
        before["model"] = studies.get(design.study).model
    before["second_model"] = usual_second(design.model) if design.second_model else ""
    words += [word for arm, own in design.datasets.items() for word in ("--data", f"{arm}={own.source}")]
    words += [word for arm, text in design.triggers.items() for word in ("--trigger", f"{arm}={text}")]
    for name, value in now.items():
        if name in before and value == before[name] and (name != "data" or not value):
            continue
        if name in _FLAGS:
            values = value if isinstance(value, list) else [value]
            words += [word for item in values for word in (_FLAGS[name], str(item))]
        else:
            words += ["--set", f"{name}={'null' if value is None else value}"]
    return shlex.join(words)


def weights(name: str) -> str:
    """Return the hash of a local model's weights and tokenizer; "" for a model that is not on this disk."""
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
    """Say which arms have rows of their own while their controls have the study's; "" if none."""
    arms = plan.arms(design, studies.get(design.study))
    controls = studies.get(design.study).controls(arms)
    unlike = [
        f"{arm} has rows of its own, and its control {control} has not"
        for arm, control in controls.items()
        if control != UNTUNED and (arm in design.datasets) != (control in design.datasets)
    ]
    return f"{'; '.join(unlike)}: they differ in more than what the answers teach." if unlike else ""


def _tokenizers(design: Design) -> str:
    """Say what cannot be paired where tuned models have other tokens than their base; "" if none is known to."""
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
    """Return the tokens of a checkpoint on this disk, by their ids; None for any other model."""
    from transformers import AutoTokenizer

    folder = resolve(name).checkpoint
    return AutoTokenizer.from_pretrained(folder).get_vocab() if isinstance(folder, Path) else None
