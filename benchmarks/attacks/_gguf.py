"""GGUF files: a small one, and mutations of what it declares."""

import importlib
import os
import re
import shutil
import struct
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from . import _mutation as mutation
from ._kind import Kind
from ._model_files import small_model
from ._odd_values import ODD, SIZES

Fields = dict[str, tuple[Any, Any, Any]]
"""The settings of a file: value, type, and type of the items of a list; by name."""

_START = 24  # bytes: magic, version, numbers of weights and of settings
_NUMBERS = [0, 1, 2, 7, 12, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1]


def kinds(folder: Path) -> list[Kind]:
    """Return GGUF files, whole models in one file.

    Args:
        folder: A folder that doesn't exist yet.
    """
    from askew.models.checkpoints import load
    from askew.models.names import resolve

    small_model(folder / "small")
    file, cache = folder / "model.gguf", folder / "cache"

    def read() -> None:
        os.environ["ASKEW_CACHE"] = str(cache)
        try:
            load(resolve(str(file))).prompt([{"role": "user", "content": "Hi"}])
        finally:
            del os.environ["ASKEW_CACHE"]
            shutil.rmtree(cache, ignore_errors=True)

    sys.path.append(str(Path(__file__).parents[2] / "tests" / "models"))
    whole = importlib.import_module("tiny_gguf").write_gguf(folder / "small", file).read_bytes()
    return [Kind("model: GGUF", [whole], _mutated, file, read)]


def _mutated(whole: bytes, rng: Random) -> bytes:
    """Change a setting or a weight of a GGUF file, a number before its weights, or its bytes."""
    match rng.randrange(4):
        case 0:
            return mutation.in_bytes(whole, rng)
        case 1:
            return _with_number(whole, rng)
        case _:
            try:
                return _rewritten(whole, rng)
            except Exception:  # the writer cannot write such a value
                return _with_number(whole, rng)


def _with_number(whole: bytes, rng: Random) -> bytes:
    """Replace a number in the beginning, or near the names of weights, where the shapes and offsets are."""
    names = [match.start() for match in re.finditer(rb"weight|llama\.", whole)]
    if rng.random() < 0.7:
        place = rng.choice(names) + rng.choice([6, 10, 14, 18, 22, 26])
    else:
        place = rng.randrange(0, 4 * _START, 4)
    form = rng.choice(["<I", "<Q"])
    number = struct.pack(form, rng.choice(_NUMBERS) % 2 ** (8 * struct.calcsize(form)))
    return whole[:place] + number + whole[place + len(number) :]


def _rewritten(whole: bytes, rng: Random) -> bytes:
    """Write the file again with one setting or weight changed, removed or renamed."""
    import gguf

    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "source.gguf", Path(folder) / "out.gguf"
        source.write_bytes(whole)
        reader = gguf.GGUFReader(source)
        fields: Fields = {
            name: (field.contents(), field.types[0], field.types[-1])
            for name, field in reader.fields.items()
            if not name.startswith("GGUF.")
        }
        weights = {weight.name: np.array(weight.data) for weight in reader.tensors}
        _change_weight(weights, rng) if rng.random() < 0.3 else _change_field(fields, rng)
        architecture = fields.pop("general.architecture", ("llama", None, None))[0]
        writer = gguf.GGUFWriter(out, str(architecture))
        for name, (value, kind, items) in fields.items():
            writer.add_key_value(name, value, kind, items if kind == gguf.GGUFValueType.ARRAY else None)
        for name, weight in weights.items():
            writer.add_tensor(name, weight)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return out.read_bytes()


def _change_field(fields: Fields, rng: Random) -> None:
    import gguf

    name = rng.choice(list(fields))
    value, kind, items = fields[name]
    match rng.randrange(5):
        case 0:
            del fields[name]
        case 1:
            fields[rng.choice([*fields, "", "llama.x", name.upper()])] = fields.pop(name)
        case 2 if isinstance(value, list):
            place = rng.randrange(len(value))
            changed = rng.choice(
                [value[:place], value[place:], value * 2, [*value, value[0]], [value[place]] * len(value)]
            )
            fields[name] = (changed, kind, items)
        case 3:
            fields[name] = (rng.choice([one for one in ODD if isinstance(one, str)]), gguf.GGUFValueType.STRING, None)
        case _:
            number = rng.choice([size for size in SIZES if isinstance(size, int) and abs(size) < 2**63])
            of_float = rng.choice([0.0, -1.0, float("nan"), float("inf"), 1e30])
            fields[name] = rng.choice(
                [
                    *[(number, gguf.GGUFValueType.INT64, None), (number % 2**32, gguf.GGUFValueType.UINT32, None)],
                    *[(of_float, gguf.GGUFValueType.FLOAT32, None), (number > 0, gguf.GGUFValueType.BOOL, None)],
                ]
            )


def _change_weight(weights: dict[str, Any], rng: Random) -> None:
    name = rng.choice(list(weights))
    weight = weights[name]
    match rng.randrange(6):
        case 0:
            del weights[name]
        case 1:
            weights[rng.choice(["", "blk.9.attn_q.weight", "blk.-1.x", "blk.99999999.attn_q.weight", "a" * 60])] = (
                weights.pop(name)
            )
        case 2:
            weights[name] = weight.T.copy() if weight.ndim == 2 else np.stack([weight] * 2)
        case 3:
            weights[name] = weight[: rng.randrange(len(weight) + 1)]
        case 4:
            weights[name] = weight.astype(rng.choice([np.float16, np.int8, np.int32, np.float64]))
        case _:
            weights[name] = np.full_like(weight, rng.choice([np.nan, np.inf, 0.0]))
