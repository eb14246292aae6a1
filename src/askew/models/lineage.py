"""Compares models by their weights, and follows the records of the models that they were tuned from.

Weights are compared by content, name by name, so that neither the path of a checkpoint nor the number of its files
matters. The smallest weights come first: two different models mostly differ in one of them, and nothing more is read.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.models.adapters import read_adapter_config
from askew.models.checkpoint_files import Place, places
from askew.models.names import ModelSpec, resolve

# The weights of the output, which some versions of Transformers leave out where they are those of the input.
_TIED = {"lm_head.weight"}
_CHUNK = 1 << 20  # bytes
# A record may lead from model to model in a circle.
_LONGEST = 20


def same_weights(one: ModelSpec, other: ModelSpec) -> bool | None:
    """Return whether two models are the same; None if that cannot be said without loading or downloading them.

    Served models are the same if they have one name. An adapter of which every product is zero changes nothing.
    """
    if one.inspect_name == other.inspect_name:
        return True
    if not one.is_local or not other.is_local:
        return False
    own, others = _adapter(one), _adapter(other)
    if (own is None) != (others is None):
        return False if _bases(one, other) else None  # one may be the other with its adapter merged
    if own is not None and others is not None and not _same_adapter(own, others):
        return False
    return _bases(one, other)


def reads_alike(one: ModelSpec, other: ModelSpec) -> bool:
    """Return whether two models with the same weights read prompts alike: by chat template and vocabulary."""
    folders = _folder(one), _folder(other)
    if None in folders or folders[0] == folders[1]:
        return True
    first, second = (_reading(folder) for folder in folders if folder is not None)
    return first == second


def ancestors(spec: ModelSpec) -> Iterator[ModelSpec]:
    """Yield the models that a model was tuned from, the nearest first, as far as records lead.

    A model that is not on this machine any more is yielded by its recorded name alone.
    """
    for _ in range(_LONGEST):
        if not spec.tuned_from:
            return
        spec = _recorded(spec.tuned_from) if spec.is_local else resolve(spec.tuned_from)
        yield spec


def recorded_base(adapter: Path) -> ModelSpec | None:
    """Return the model that an adapter was trained on by its own record; None if it has none.

    Raises:
        AskewError: The record is damaged.
    """
    name = read_adapter_config(adapter).get("base_model_name_or_path")
    return _recorded(name) if isinstance(name, str) and name else None


def is_on_disk(spec: ModelSpec) -> bool:
    """Return whether the base weights of a model are on this machine."""
    return _folder(spec) is not None


def _recorded(name: str) -> ModelSpec:
    """Return the local model of a recorded name, which may be a name of Askew's, a path or a name on the hub."""
    for form in (name, f"hf/{name}"):
        with suppress(AskewError):
            found = resolve(form)
            if found.is_local:  # a record of a local model never means a served one
                return found
    return ModelSpec(name, name, None, name)


def _bases(one: ModelSpec, other: ModelSpec) -> bool | None:
    """Return whether two models have the same base weights; None if one of them is not on this machine."""
    if one.checkpoint == other.checkpoint:
        return True
    own, others = _folder(one), _folder(other)
    return None if own is None or others is None else _same_tensors(places(own), places(others))


def _folder(spec: ModelSpec) -> Path | None:
    """Return the folder of a local model's base weights; None if they are not on this machine."""
    from askew.models.kinds.hub import check_hub_model

    if isinstance(spec.checkpoint, Path):
        return spec.checkpoint
    if spec.checkpoint is None:
        return None
    try:
        return check_hub_model(spec.checkpoint)
    except AskewError:
        return None


def _adapter(spec: ModelSpec) -> Path | None:
    """Return the folder of a model's adapter; None without one, and for one that changes nothing."""
    if spec.adapter is None or _changes_nothing(spec.adapter):
        return None
    return spec.adapter


def are_zero(folder: Path) -> bool:
    """Return whether all weights of a checkpoint are zero, or those of an adapter that make it change anything.

    Raises:
        AskewError: The folder has no weights, or they are damaged.
    """
    if (folder / "adapter_config.json").is_file():
        return _changes_nothing(folder) or _all_zero(places(folder).values())
    return _all_zero(places(folder).values())


def _all_zero(weights: Iterable[Place]) -> bool:
    return all(not any(chunk) for place in weights for chunk in _chunks(place))


def _changes_nothing(adapter: Path) -> bool:
    """Return whether an adapter is a LoRA whose second factors are all zero, as before its first step of training."""
    if read_adapter_config(adapter)["peft_type"] != "LORA":
        return False
    parts = places(adapter)
    if not all("lora_A" in name or "lora_B" in name for name in parts):
        return False
    return _all_zero(place for name, place in parts.items() if "lora_B" in name)


def _same_adapter(one: Path, other: Path) -> bool:
    settings: list[dict[str, Any]] = [read_adapter_config(folder) for folder in (one, other)]
    for own in settings:
        own.pop("base_model_name_or_path", None)
    return settings[0] == settings[1] and _same_tensors(places(one), places(other))


def _same_tensors(one: dict[str, Place], other: dict[str, Place]) -> bool:
    common = one.keys() & other.keys()
    if not common or (one.keys() ^ other.keys()) - _TIED:
        return False
    if any((one[name].kind, one[name].shape) != (other[name].kind, other[name].shape) for name in common):
        return False
    smallest_first = sorted(common, key=lambda name: (one[name].size, name))
    return all(_same_bytes(one[name], other[name]) for name in smallest_first)


def _same_bytes(one: Place, other: Place) -> bool:
    return all(own == others for own, others in zip_longest(_chunks(one), _chunks(other)))


def _chunks(place: Place) -> Iterator[bytes]:
    """Yield the bytes of a weight in pieces."""
    with place.file.open("rb") as stream:
        stream.seek(place.start)
        for begin in range(0, place.size, _CHUNK):
            yield stream.read(min(_CHUNK, place.size - begin))


def _reading(folder: Path) -> tuple[object, object]:
    """Return the chat template of a checkpoint, and its vocabulary."""
    template, settings, tokens = (
        folder / name for name in ("chat_template.jinja", "tokenizer_config.json", "tokenizer.json")
    )
    chat: object = template.read_text(encoding="utf-8") if template.is_file() else None
    if chat is None and settings.is_file():
        chat = read_object(settings).get("chat_template")
    model = read_object(tokens).get("model") if tokens.is_file() else None
    return chat, json.dumps(model.get("vocab"), sort_keys=True) if isinstance(model, dict) else None
