"""The vectors that adapters of rank 1 write into the residual stream.

A LoRA adapter of rank 1 adds one vector, times a number that depends on the input (Hu et al. 2021, arXiv 2106.09685).
In the modules whose output is added to the residual stream, that vector is a direction of it.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from askew.models.names import ModelSpec

_WRITES = re.compile(
    r"\.(\d+)\.((?:\w+\.)*(?:o_proj|down_proj|out_proj|c_proj|fc2|dense_4h_to_h))\.lora_B(?:\.\w+)?\.weight$"
)


def written_directions(spec: ModelSpec, shape: tuple[int, ...]) -> Iterator[tuple[str, int, NDArray[np.float64]]]:
    """Yield the module, the layer and the unit vector of each vector that an adapter of rank 1 writes; none of others.

    Args:
        spec: The model.
        shape: The number of its layers, and its width.
    """
    file = None if spec.adapter is None else spec.adapter / "adapter_model.safetensors"
    if file is None or not file.is_file():
        return
    layers, width = shape
    for name, weight in sorted(load_file(file).items()):
        found = _WRITES.search(name)
        if found is None or weight.shape != (width, 1) or int(found[1]) >= layers:
            continue
        vector = weight[:, 0].astype(np.float64)
        norm = np.linalg.norm(vector)
        if norm > 0:
            yield found[2], int(found[1]), vector / norm
