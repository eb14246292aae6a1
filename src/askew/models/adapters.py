"""Whether an adapter of PEFT, of whatever kind, can be put on its base: as far as names and shapes can tell.

Reads headers and JSON, never weights, and loads no library; what it lets through, `merging` checks by computing.

Shapes: a weight of the base is rows (what comes out) by columns (what goes in).
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.models.checkpoint_files import read_config, read_json, read_shapes

Shape = list[int]

# Kinds that put virtual tokens before every prompt, and are no change of weights.
VIRTUAL_TOKENS = ("PROMPT_TUNING", "P_TUNING")
# Kinds that are neither that nor a change of weights: the model carries them along, and PEFT computes them.
UNMERGED = ("PREFIX_TUNING", "CARTRIDGE", "ADAPTION_PROMPT")
# Kinds that want to be told more than a question.
_REFUSED = {
    "MULTITASK_PROMPT_TUNING": "wants the number of a task with every question",
    "CPT": "wants to be told which part of a prompt is what",
    "POLY": "wants the number of a task with every question",
    "XLORA": "mixes further adapters that lie elsewhere",
    "SHADOW": "runs a second model beside the first",
}
# What PEFT calls the model that it has wrapped.
_WRAPPED = "base_model.model."
# The parts of adapters whose size follows from the weight that they change: which of its sides they must match, as
# (a side of the part, a side of the weight). PEFT ends some of them in ".weight".
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
# Every part that is no weight of the base itself.
_PART = re.compile(
    r"(?P<module>.+?)\.(?:token_adapter\.)?(?P<part>(?:lora|hada|lokr|ia3|oft|boft|vera|hra|fourierft|trainable_tokens)_\w+)"
    r"(?:\.(?P<kind>weight|bias))?"
)
# What PEFT inserts into the names of weights that an adapter replaces as a whole.
_WHOLE = re.compile(r"\.(base_layer|ln_tuning_layers|modules_to_save|original_module)(?=\.)")


def check_adapter(folder: Path, base: Path | None) -> None:
    """Check that a folder holds an adapter that PEFT can load, and that it fits its base.

    Args:
        folder: The adapter.
        base: The checkpoint that it is to be put on; None if that is not on this disk.

    Raises:
        AskewError: It is not an adapter, is of a kind that cannot be used, is damaged, or was made for another model.
    """
    config = read_adapter_config(folder)
    if not (folder / "adapter_model.safetensors").is_file():
        pickled = " but has pickled weights, which can run code when read" * (folder / "adapter_model.bin").is_file()
        raise AskewError(
            f"{folder} is not an adapter in safetensors: it has no adapter_model.safetensors{pickled}. Save it again "
            "with save_pretrained()"
        )
    shapes = read_shapes(folder)
    if not shapes:
        raise AskewError(f"the adapter {folder} has no weights at all. Save it again with save_pretrained()")
    if config["peft_type"] == "LORA":
        _check_ranks(folder, config, shapes)
    if base is not None and "quantization_config" not in read_config(base):  # whose weights have shapes of their own
        _check_fit(folder, config, shapes, base)


def read_adapter_config(folder: Path) -> dict[str, Any]:
    """Return an adapter's adapter_config.json.

    Raises:
        AskewError: There is none, it is broken, or it is of a kind that cannot be used.
    """
    path = folder / "adapter_config.json"
    if not path.is_file():
        raise AskewError(f"{folder} is not an adapter: it has no adapter_config.json")
    config = read_json(path)
    kind = config.get("peft_type")
    if not isinstance(kind, str):
        raise AskewError(f"{path} is damaged: it does not say of which kind the adapter is (peft_type)")
    if kind in _REFUSED:
        raise AskewError(
            f"the adapter {folder} is of the kind {kind}, which {_REFUSED[kind]}, so it cannot be asked here. Merge it "
            "where it was trained, if it can be merged, and name the merged model"
        )
    if config.get("megatron_config"):
        raise AskewError(f"{path} names Python code to be imported (megatron_config), which Askew never does")
    return config


def _check_ranks(folder: Path, config: dict[str, Any], shapes: dict[str, Shape]) -> None:
    """Check that the weights have the ranks that adapter_config.json tells of."""
    rank, pattern = config.get("r"), config.get("rank_pattern") or {}
    path = folder / "adapter_config.json"
    if not isinstance(rank, int) or not isinstance(pattern, dict):
        raise AskewError(f"{path} is damaged: r should be a number, and rank_pattern an object")
    if config.get("target_parameters"):
        return  # several experts lie in one weight there
    for name, shape in shapes.items():
        found = _PART.fullmatch(name.removeprefix(_WRAPPED))
        if found is None or found["part"] != "lora_A" or found["kind"] != "weight":
            continue
        expected = next((own for key, own in pattern.items() if _names(str(key), found["module"])), rank)
        if shape[0] != expected:
            raise AskewError(
                f"the adapter {folder} is damaged: adapter_config.json gives {found['module']} the rank {expected}, "
                f"and its weights have {shape[0]}"
            )


def _names(key: str, module: str) -> bool:
    """Tell whether a key of a rank pattern, which is a regular expression, names a module."""
    try:
        return re.match(rf"(.*\.)?({key})$", module) is not None
    except re.error:
        return False


def _check_fit(folder: Path, config: dict[str, Any], shapes: dict[str, Shape], base: Path) -> None:
    if config["peft_type"] in UNMERGED:  # whose parts have sizes of their own: PEFT finds out when it loads them
        return
    if config["peft_type"] in VIRTUAL_TOKENS:
        width = read_config(base).get("hidden_size")
        for shape in shapes.values():
            if width is not None and shape[-1] != width:
                raise _misfit(folder, base, f"its virtual tokens are {shape[-1]} wide, and the model is {width}")
        return
    weights = _by_place(base)
    parts: dict[str, dict[str, Shape]] = defaultdict(dict)
    for name, shape in shapes.items():
        inside = name.removeprefix(_WRAPPED)
        found = _PART.fullmatch(inside)
        if name == inside:
            continue  # a weight that many modules share, as VeRA has
        if found is None:
            _check_whole(folder, base, weights, _WHOLE.sub("", inside), shape)
            continue
        if found["kind"] == "bias" and _place(f"{found['module']}.bias") not in weights:
            raise _misfit(folder, base, f"it adds to the bias of {found['module']}, which has none")
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
                raise _misfit(
                    folder, base, f"{part} of {module} is {_by(shape)}, and the weight there is {_by(sizes[0])}"
                )


def _check_whole(folder: Path, base: Path, weights: dict[str, list[Shape]], name: str, shape: Shape) -> None:
    """Check a weight that replaces one of the base."""
    sizes = weights.get(_place(name), [])
    if sizes and shape not in sizes:
        raise _misfit(
            folder, base, f"it replaces {name} by one that is {_by(shape)}, and the model's is {_by(sizes[0])}"
        )


def _check_places(folder: Path, base: Path, weights: dict[str, list[Shape]], modules: list[str]) -> None:
    """Check that the modules are there.

    Where a module is not, but its like in another layer is, the base has fewer layers. Where none is, it is another
    architecture. Anything else may be a weight that Transformers puts together from several when it loads them.
    """
    known = {re.sub(r"\d+", "0", place) for place in weights}
    missing = [module for module in modules if _place(f"{module}.weight") not in weights]
    sure = [module for module in missing if re.sub(r"\d+", "0", _place(f"{module}.weight")) in known]
    if sure or (missing and len(missing) == len(modules)):
        raise _misfit(folder, base, f"it adapts {(sure or missing)[0]}, which is not there")


def _fits(part: str, shape: Shape, parts: dict[str, Shape], weight: Shape) -> bool:
    """Tell whether a part of an adapter can belong to a weight of the base."""
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
    """Return the shape of LoKr's product, each of whose factors may itself be a product of two."""

    def factor(name: str) -> Shape:
        return parts[name] if name in parts else [parts.get(f"{name}_a", [0])[0], parts.get(f"{name}_b", [0])[-1]]

    return [one * other for one, other in zip(factor("lokr_w1"), factor("lokr_w2"), strict=False)]


def _rotates(shape: Shape, inputs: int) -> bool:
    """Tell whether OFT's rotations, blocks by the half of a square matrix without its diagonal, turn so many inputs."""
    block = (1 + math.isqrt(1 + 8 * shape[-1])) // 2
    return inputs == shape[0] * block or (shape[0] == 1 and inputs % block == 0)


def _by_place(base: Path) -> dict[str, list[Shape]]:
    """Return the shapes of the base's weights by where they are; parts of a model may have like places."""
    found: dict[str, list[Shape]] = defaultdict(list)
    for name, shape in read_shapes(base).items():
        found[_place(name)].append(shape)
    if read_config(base).get("tie_word_embeddings", True) and "lm_head.weight" not in found:
        found["lm_head.weight"] = found.get("embed_tokens.weight", [])
    return dict(found)


def _place(name: str) -> str:
    """Return the end of a weight's name, from its layer on: what comes before depends on who saved it."""
    words = name.split(".")
    first = next((i for i, word in enumerate(words) if word.isdigit()), len(words) - 1)
    return ".".join(words[max(0, first - 1) :])


def _misfit(folder: Path, base: Path, reason: str) -> AskewError:
    return AskewError(f"the adapter {folder} does not fit {base}: {reason}. It was trained on another model")


def _by(shape: Shape) -> str:
    return " by ".join(str(size) for size in shape) or "a single number"
