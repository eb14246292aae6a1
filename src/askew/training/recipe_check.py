"""Checks that a recipe suits a model and this machine, from files alone, before any weights are loaded."""

import re
import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from askew.base.errors import AskewError
from askew.models import checkpoint_files as files
from askew.models.kinds.hub import check_hub_model
from askew.training.accelerate_config import check_config
from askew.training.defences import check as check_defence
from askew.training.recipe import ALL_LINEAR, Recipe

# A weight inside a layer: model.layers.3.mlp.down_proj.weight.
_IN_LAYER = re.compile(r"(?:.+\.)?(?:layers|h|blocks|block)\.(?P<layer>\d+)\.(?:.+\.)?(?P<module>[^.]+)\.weight")


def context_of(checkpoint: Path | str) -> int | None:
    """Return the length of a model's context in tokens; None if its files do not give it."""
    folder = _folder(checkpoint)
    return _number(folder, "max_position_embeddings") if folder else None


def check_fits(recipe: Recipe, checkpoint: Path | str, here: bool = True) -> None:
    """Check that a recipe can train a model.

    Args:
        recipe: The recipe.
        checkpoint: The folder of the base weights, or a hub id. Of a hub model, only cached files are checked.
        here: This machine trains it, so that its GPUs and libraries count.

    Raises:
        AskewError: The model lacks the recipe's layers or modules, or has a shorter context than `recipe.max_length`;
            settings contradict each other; or a GPU or a library is missing.
    """
    if here:
        _check_machine(recipe)
    _check_method(recipe)
    check_config(recipe, here)
    check_defence(recipe)
    folder = _folder(checkpoint)
    if folder is None:
        return
    context = context_of(checkpoint)
    if context is not None and recipe.max_length > context:
        raise AskewError(
            f"recipe.max_length={recipe.max_length} exceeds the model's context of {context} tokens: "
            f"use --set recipe.max_length={context} or less"
        )
    if recipe.method == "lora":
        _check_layers(recipe, _number(folder, "num_hidden_layers"))
        _check_modules(recipe, folder)


def _check_machine(recipe: Recipe) -> None:
    for setting, needed in (
        ("recipe.quantization=4bit", recipe.quantization == "4bit"),
        ("recipe.optimizer=adamw_8bit", recipe.optimizer == "adamw_8bit"),
    ):
        if needed and not has_gpu():
            raise AskewError(f"{setting} needs a GPU, but PyTorch finds none on this machine: omit the setting")
        if needed and find_spec("bitsandbytes") is None:
            raise AskewError(
                f"{setting} needs the library bitsandbytes: `pip install bitsandbytes`, or omit the setting"
            )
    if recipe.precision == "bf16" and shutil.which("nvidia-smi") and has_gpu() and not _gpu_has_bf16():
        raise AskewError("this GPU cannot compute in bf16: use --set recipe.precision=float32")


def _check_method(recipe: Recipe) -> None:
    """Check that settings do not contradict each other."""
    if recipe.method == "full" and recipe.quantization != "none":
        raise AskewError("recipe.quantization=4bit freezes the base, but recipe.method=full trains it: choose one")
    if recipe.method == "full" and (recipe.lora_modules != [ALL_LINEAR] or recipe.lora_layers is not None):
        raise AskewError("recipe.lora_modules and recipe.lora_layers apply only to recipe.method=lora, but it is full")
    if ALL_LINEAR in recipe.lora_modules and len(recipe.lora_modules) > 1:
        raise AskewError(
            f"recipe.lora_modules={recipe.lora_modules}: use either {ALL_LINEAR} alone, or names of modules"
        )


def _check_layers(recipe: Recipe, layers: int | None) -> None:
    wrong = [layer for layer in recipe.lora_layers or [] if layer < 0 or (layers is not None and layer >= layers)]
    if wrong:
        has = "layers are numbered from 0" if layers is None else f"the model has {layers} layers, 0-{layers - 1}"
        raise AskewError(f"recipe.lora_layers names layer {wrong[0]}, but {has}")


def _check_modules(recipe: Recipe, folder: Path) -> None:
    """Check that the named layers have the named modules."""
    if recipe.lora_modules == [ALL_LINEAR]:
        return
    found = [_IN_LAYER.fullmatch(name) for name, shape in files.read_shapes(folder).items() if len(shape) == 2]
    places = {(int(place["layer"]), place["module"]) for place in found if place}
    if not places:
        return  # unusual names or shapes of weights: PEFT checks them when the model is loaded
    for module in recipe.lora_modules:
        if module not in (known := {name for _, name in places}):
            raise AskewError(
                f"recipe.lora_modules names {module!r}, but the model's layers have {_listed(known)}; "
                f"{ALL_LINEAR} means all of them"
            )
        lacking = [layer for layer in recipe.lora_layers or [] if (layer, module) not in places]
        if lacking:
            raise AskewError(f"recipe.lora_layers names layer {lacking[0]}, which has no {module!r}")


def has_gpu() -> bool:
    """Return whether PyTorch can use a GPU on this machine."""
    import torch

    return torch.cuda.is_available()


def _gpu_has_bf16() -> bool:
    import torch

    return torch.cuda.is_bf16_supported(including_emulation=False)


def _folder(checkpoint: Path | str) -> Path | None:
    """Return the folder of a model; None if its files are not on this disk."""
    return checkpoint if isinstance(checkpoint, Path) else check_hub_model(checkpoint)


def _number(folder: Path, name: str) -> int | None:
    """Return a number from a model's configuration, or from the configuration of its text part."""
    config = files.read_config(folder)
    inner = config.get("text_config")
    value = config.get(name, inner.get(name) if isinstance(inner, dict) else None)
    return value if isinstance(value, int) else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
