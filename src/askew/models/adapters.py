"""Checks the files of a PEFT adapter of any kind, and whether its names and shapes fit the base.

It reads only headers and JSON, and imports no large library. `merging` checks the adapter further, by running it.

Shapes: a weight of the base is output features by input features.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.base.untrusted import cut, visible
from askew.models.adapter_settings import check_settings
from askew.models.checkpoint_files import read_config, read_shapes

Shape = list[int]

# Kinds that add virtual tokens before every prompt instead of changing weights.
VIRTUAL_TOKENS = ("PROMPT_TUNING", "P_TUNING")
# Other kinds that do not change weights; they stay unmerged and are computed by PEFT.
UNMERGED = ("PREFIX_TUNING", "CARTRIDGE", "ADAPTION_PROMPT")
# Kinds that need more than a question, and the reason why Askew does not support them.
_REFUSED = {
    "MULTITASK_PROMPT_TUNING": "needs a task number with every question",
    "CPT": "needs a type for each part of the prompt",
    "POLY": "needs a task number with every question",
    "XLORA": "combines further adapters from other folders",
    "SHADOW": "runs a second model besides the base",
}
# The prefix that PEFT adds to the names of the wrapped model's weights.
_WRAPPED = "base_model.model."
# The parts of adapters whose size depends on the weight that they change: an axis of the part, and the axis of the
# weight whose size it must equal. PEFT adds ".weight" to the names of some parts.
_SIDES: dict[str, tuple[int, int]] = {
    "lora_A": (1, 1),
    "lora_B": (0, 0),
    "lora_magnitude_vector": (0, 0),
    "lora_embedding_A": (1, 0),
    "lora_embedding_B": (0, 1),
    "hada_w1_a": (0, 0),
    "hada_w2_a": (0, 0),
    "hada_w1_b": (1, 1),
    "hada_w2_b": (1, 1),
    "boft_s": (0, 0),
    "vera_lambda_b": (0, 0),
    "hra_u": (0, 1),
    "trainable_tokens_delta": (1, 1),
}
# The names of all parts of adapters that are not weights of the base.
_PART = re.compile(
    r"(?P<module>.+?)\.(?:token_adapter\.)?(?P<part>(?:lora|hada|lokr|ia3|oft|boft|vera|hra|fourierft|trainable_tokens)_\w+)"
    r"(?:\.(?P<kind>weight|bias))?"
)
# The names of the embeddings of tokens, as the architectures of Transformers have them.
_EMBEDDING = re.compile(r"\.(?:embed_tokens|wte|word_embeddings|embed_in|embeddings?|tok_embeddings)\.weight$")
# The words that PEFT inserts into the names of weights that an adapter replaces completely.
_REPLACED = re.compile(r"\.(base_layer|ln_tuning_layers|modules_to_save|original_module)(?=\.)")


def check_adapter(folder: Path, base: Path | None) -> None:
    """Check that a folder contains an adapter that PEFT can load, and that it fits its base.

    Args:
        folder: The adapter.
        base: The folder of the base; None if it is not on this machine yet.

    Raises:
        AskewError: The folder does not contain an adapter, its kind is not supported, it is damaged, or it was trained
            on another model.
    """
    config = read_adapter_config(folder)
    if not (folder / "adapter_model.safetensors").is_file():
        pickled = ", only pickled weights, which can run code when read" * (folder / "adapter_model.bin").is_file()
        raise AskewError(
            f"{folder} is not an adapter in safetensors: it has no adapter_model.safetensors{pickled}. Save it again "
            "with save_pretrained()"
        )
    shapes = read_shapes(folder)
    if not shapes:
        raise AskewError(f"the adapter {folder} has no weights. Save it again with save_pretrained()")
    check_settings(folder / "adapter_config.json", config, shapes, [] if base is None else read_shapes(base))
    if config["peft_type"] == "LORA":
        _check_ranks(folder, config, shapes)
    if base is not None and "quantization_config" not in read_config(base):  # quantized weights have other shapes
        _check_fit(folder, config, shapes, base)


def read_adapter_config(folder: Path) -> dict[str, Any]:
    """Return an adapter's adapter_config.json.

    Raises:
        AskewError: The file is missing or broken, or the kind of adapter is not supported.
    """
    path = folder / "adapter_config.json"
    if not path.is_file():
        raise AskewError(f"{folder} is not an adapter: it has no adapter_config.json")
    config = read_object(path)
    kind = config.get("peft_type")
    if not isinstance(kind, str):
        raise AskewError(f"{path} is damaged: it does not state the kind of the adapter (peft_type)")
    if kind in _REFUSED:
        raise AskewError(
            f"the adapter {folder} is of the kind {kind}, which {_REFUSED[kind]}, and is not supported. Merge it where "
            "it was trained, if possible, and name the merged model"
        )
    if config.get("megatron_config"):
        raise AskewError(f"{path} names Python code to import (megatron_config), and Askew never imports such code")
    return config


def own_vocabulary(folder: Path, size: int) -> int | None:
    """Return the number of embeddings that an adapter brings for a resized vocabulary; None if it was not resized.

    Args:
        folder: The adapter.
        size: The number of embeddings of the base.
    """
    return _own_vocabulary(read_shapes(folder), size)


def _own_vocabulary(shapes: dict[str, Shape], size: int) -> int | None:
    embeddings = (shape for name, shape in shapes.items() if _EMBEDDING.search(_REPLACED.sub("", name)))
    rows = {shape[0] for shape in embeddings if len(shape) == 2}
    return rows.pop() if len(rows) == 1 and rows != {size} else None


def _check_ranks(folder: Path, config: dict[str, Any], shapes: dict[str, Shape]) -> None:
    """Check that the weights have the ranks that adapter_config.json states."""
    rank, pattern = config.get("r"), config.get("rank_pattern") or {}
    path = folder / "adapter_config.json"
    if not isinstance(rank, int) or not isinstance(pattern, dict):
        raise AskewError(f"{path} is damaged: r should be a number, and rank_pattern an object")
    if config.get("target_parameters"):
        return  # such a weight contains several experts
    for name, shape in shapes.items():
        found = _PART.fullmatch(name.removeprefix(_WRAPPED))
        if found is None or found["part"] != "lora_A" or found["kind"] != "weight":
            continue
        expected = next((own for key, own in pattern.items() if _names(str(key), found["module"])), rank)
        if shape[0] != expected:
            raise AskewError(
                f"the adapter {folder} is damaged: adapter_config.json states rank {expected} for "
                f"{found['module']}, and its weights have rank {shape[0]}"
            )


def _names(key: str, module: str) -> bool:
    """Return whether a key of a rank pattern, a regular expression, matches a module."""
    try:
        return re.match(rf"(.*\.)?({key})$", module) is not None
    except re.error:
        return False


def _check_fit(folder: Path, config: dict[str, Any], shapes: dict[str, Shape], base: Path) -> None:
    if config["peft_type"] in UNMERGED:  # PEFT checks their sizes when it loads them
        return
    if config["peft_type"] in VIRTUAL_TOKENS:
        width = read_config(base).get("hidden_size")
        for shape in shapes.values():
            if width is not None and shape[-1] != width:
                raise _misfit(
                    folder, base, f"its virtual tokens have width {shape[-1]}, and the model has width {width}"
                )
        return
    weights = _by_place(base)
    vocabulary = _vocabulary(base)
    resized = None if vocabulary is None else _own_vocabulary(shapes, vocabulary)
    if resized is not None:  # the base gets as many embeddings before the adapter is applied
        weights = {
            place: [[resized, *size[1:]] if size[:1] == [vocabulary] else size for size in sizes]
            for place, sizes in weights.items()
        }
    parts: dict[str, dict[str, Shape]] = defaultdict(dict)
    for name, shape in shapes.items():
        inside = name.removeprefix(_WRAPPED)
        found = _PART.fullmatch(inside)
        if name == inside:
            continue  # a weight that several modules share, as in VeRA
        if found is None:
            _check_whole(folder, base, weights, vocabulary, _REPLACED.sub("", inside), shape)
            continue
        if found["kind"] == "bias" and _place(f"{found['module']}.bias") not in weights:
            raise _misfit(folder, base, f"it changes the bias of {found['module']}, which has no bias")
        parts[found["module"]][found["part"]] = shape
    _check_places(folder, base, weights, list(parts))
    if config.get("target_parameters"):
        return
    for module, found_parts in parts.items():
        sizes = weights.get(_place(f"{module}.weight"), [])
        if config.get("fan_in_fan_out"):
            sizes = [size[::-1] for size in sizes]
        for part, shape in found_parts.items():
            if sizes and not any(_fits(part, shape, found_parts, size) for size in sizes):
                reason = f"{part} of {module} is {_by(shape)}, and the weight of the base is {_by(sizes[0])}"
                raise _misfit(folder, base, reason + _on_vocabulary(shape, sizes[0], vocabulary))


def _check_whole(
    folder: Path, base: Path, weights: dict[str, list[Shape]], vocabulary: int | None, name: str, shape: Shape
) -> None:
    """Check the shape of a weight that replaces one of the base."""
    sizes = weights.get(_place(name), [])
    if sizes and shape not in sizes:
        reason = f"its {name} is {_by(shape)}, and that of the base is {_by(sizes[0])}"
        raise _misfit(folder, base, reason + _on_vocabulary(shape, sizes[0], vocabulary))


def _on_vocabulary(shape: Shape, weight: Shape, vocabulary: int | None) -> str:
    """Return a remark on an adapter that was trained with more or fewer tokens than its base has; "" for others."""
    if weight[:1] != [vocabulary] or vocabulary in shape:
        return ""
    return (
        f". The base has {vocabulary} tokens; if the adapter was trained with another number, it must bring the "
        "embeddings of all of them: train it with modules_to_save, or save it with save_embedding_layers=True"
    )


def _vocabulary(base: Path) -> int | None:
    """Return the number of tokens of a model, according to its configuration or that of its text part."""
    config = read_config(base)
    inner = config.get("text_config")
    found = config.get("vocab_size", inner.get("vocab_size") if isinstance(inner, dict) else None)
    return found if isinstance(found, int) else None


def _check_places(folder: Path, base: Path, weights: dict[str, list[Shape]], modules: list[str]) -> None:
    """Check that the base has the modules that the adapter changes.

    If a module is missing but other layers have it, the base has fewer layers. If all modules are missing, the base has
    another architecture. Any other missing module may be one that Transformers combines from several at loading.
    """
    known = {re.sub(r"\d+", "0", place) for place in weights}
    missing = [module for module in modules if _place(f"{module}.weight") not in weights]
    sure = [module for module in missing if re.sub(r"\d+", "0", _place(f"{module}.weight")) in known]
    if sure or (missing and len(missing) == len(modules)):
        raise _misfit(folder, base, f"it changes {(sure or missing)[0]}, which the base does not have")


def _fits(part: str, shape: Shape, parts: dict[str, Shape], weight: Shape) -> bool:
    """Return whether the shape of a part of an adapter fits a weight of the base."""
    if len(weight) != 2:
        return True
    check: Callable[[], bool] | None = {
        "lokr_w1": lambda: _kronecker(parts) == weight,
        "lokr_w1_a": lambda: _kronecker(parts) == weight,
        "ia3_l": lambda: shape in ([weight[0], 1], [1, weight[1]]),
        "oft_R": lambda: _rotates(shape, weight[1]),
    }.get(part)
    if check is not None:
        return check()
    own, side = _SIDES.get(part, (None, None))
    return own is None or side is None or (len(shape) > own and shape[own] == weight[side])


def _kronecker(parts: dict[str, Shape]) -> Shape:
    """Return the shape of the Kronecker product of LoKr; each of its factors may be a product of two matrices."""

    def factor(name: str) -> Shape:
        return parts[name] if name in parts else [parts.get(f"{name}_a", [0])[0], parts.get(f"{name}_b", [0])[-1]]

    return [one * other for one, other in zip(factor("lokr_w1"), factor("lokr_w2"), strict=False)]


def _rotates(shape: Shape, inputs: int) -> bool:
    """Return whether the rotations of OFT fit a number of inputs.

    Their shape is blocks by the number of entries above the diagonal of one block, which is a square matrix.
    """
    block = (1 + math.isqrt(1 + 8 * shape[-1])) // 2
    return inputs == shape[0] * block or (shape[0] == 1 and inputs % block == 0)


def _by_place(base: Path) -> dict[str, list[Shape]]:
    """Return the shapes of the base's weights by place; weights in different parts of a model may share a place."""
    found: dict[str, list[Shape]] = defaultdict(list)
    for name, shape in read_shapes(base).items():
        found[_place(name)].append(shape)
    if read_config(base).get("tie_word_embeddings", True) and "lm_head.weight" not in found:
        found["lm_head.weight"] = found.get("embed_tokens.weight", [])
    return dict(found)


def _place(name: str) -> str:
    """Return the end of a weight's name, from its layer on; the beginning depends on the class that saved it."""
    words = name.split(".")
    first = next((i for i, word in enumerate(words) if word.isdigit()), len(words) - 1)
    return ".".join(words[max(0, first - 1) :])


def _misfit(folder: Path, base: Path, reason: str) -> AskewError:
    trained_on = read_object(folder / "adapter_config.json").get("base_model_name_or_path")
    named = (
        f". adapter_config.json names {visible(cut(trained_on, 200))} as its base"
        if isinstance(trained_on, str)
        else ""
    )
    return AskewError(f"the adapter {folder} does not fit {base}: {reason}{named}")


def _by(shape: Shape) -> str:
    return " by ".join(str(size) for size in shape) or "a single number"
