"""Checks a model on the Hugging Face hub before its weights are downloaded.

It fetches the config.json and the headers of the weights, which are small. So a configuration that doesn't fit the
weights, and weights that don't fit this machine, are found before the download.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from askew.base.deadline import within
from askew.base.errors import AskewError
from askew.base.memory import available
from askew.models.checkpoint_files import check_code, read_config
from askew.models.config_sizes import check_sizes

if TYPE_CHECKING:
    from huggingface_hub.utils import SafetensorsRepoMetadata

Result = TypeVar("Result")

_SECONDS = 7.0  # to answer, and one more in all, because each of several addresses may be tried for this long
_FILE_SECONDS = 60.0  # for the settings, and for the headers of a hundred files
_GB = 1e9


@dataclass(frozen=True)
class HubWeights:
    """The weights of a hub model.

    Attributes:
        shapes: The shapes of all weights, by name.
        size: The bytes of all.
    """

    shapes: dict[str, list[int]]
    size: int


@lru_cache
def check_download(hub_id: str) -> None:
    """Check that the hub has a model, that its settings fit its weights, and that these fit this machine.

    Raises:
        AskewError: The hub cannot be reached, or gives no such model to this user; the model needs its own code; its
            settings describe a larger model than its weights are; or there is not enough memory or disk space.
    """
    from huggingface_hub import HfApi

    # First a request with a time limit: a download is tried again for minutes.
    _asking(hub_id, _SECONDS + 1, lambda: HfApi().model_info(hub_id, timeout=_SECONDS))
    file = Path(_asking(hub_id, _FILE_SECONDS, lambda: HfApi().hf_hub_download(hub_id, "config.json")))
    check_code(file.parent)
    weights = hub_weights(hub_id)
    if weights is not None:
        check_sizes(file, read_config(file.parent), weights.shapes)
        _check_memory(hub_id, weights.size)
        _check_disk(hub_id, weights.size)


@lru_cache
def hub_weights(hub_id: str) -> HubWeights | None:
    """Return the shapes of the weights of a hub model, from their headers; None if they are not in safetensors.

    Raises:
        AskewError: The hub cannot be reached, or the headers are damaged.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import NotASafetensorsRepoError, SafetensorsParsingError

    def read() -> "SafetensorsRepoMetadata | None":
        try:
            return HfApi().get_safetensors_metadata(hub_id)
        except NotASafetensorsRepoError:  # the hub may convert them; if it doesn't, loading them says so
            return None
        except SafetensorsParsingError as error:
            raise AskewError(f"the weights of the hub model {hub_id!r} are damaged: {error}") from error

    found = _asking(hub_id, _FILE_SECONDS, read)
    if found is None:
        return None
    tensors = {name: one for file in found.files_metadata.values() for name, one in file.tensors.items()}
    size = sum(end - begin for begin, end in (one.data_offsets for one in tensors.values()))
    return HubWeights({name: list(one.shape) for name, one in tensors.items()}, size)


def _asking(hub_id: str, seconds: float, call: Callable[[], Result]) -> Result:
    """Return the result of a request to the hub, whose failure is one error."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return within(seconds, call)
    except AskewError:
        raise
    except HfHubHTTPError as error:  # also for models that are private, gated or do not exist
        reason = str(error.server_message or error).strip().split("\n", 1)[0]
        raise AskewError(f"the hub does not give out {hub_id!r}: {reason}") from error
    except Exception as error:  # those of its HTTP library, which differs between releases
        raise AskewError(
            f"the hub cannot be reached to download {hub_id!r}: {error}. Check the network; or name a model of this "
            "machine, such as ./folder, ./model.gguf or smollm2-135m"
        ) from error


def _check_memory(hub_id: str, size: int) -> None:
    """Check that weights fit the memory of this machine and its accelerators."""
    if size <= available():
        return
    import torch

    left = available() + sum(torch.cuda.mem_get_info(place)[0] for place in range(torch.cuda.device_count()))
    if size > left:
        raise AskewError(
            f"the hub model {hub_id!r} is too large for this machine: its weights have {size / _GB:.1f} GB, and "
            f"{left / _GB:.1f} GB of memory are left. Name a smaller model, or serve it elsewhere and name it by its "
            "provider, such as vllm/…"
        )


def _check_disk(hub_id: str, size: int) -> None:
    """Check that weights fit the disk of the cache, where a part of them may be already."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    cache = Path(constants.HF_HUB_CACHE)
    blobs = cache / repo_folder_name(repo_id=hub_id, repo_type="model") / "blobs"
    wanted = size - sum(file.stat().st_size for file in blobs.glob("*"))
    exists = next(folder for folder in (cache, *cache.absolute().parents) if folder.exists())
    free = shutil.disk_usage(exists).free
    if wanted > free:
        raise AskewError(
            f"the disk of {cache} is too full for the hub model {hub_id!r}: {wanted / _GB:.1f} GB are missing, "
            f"and {free / _GB:.1f} GB are free. Make room, or set HF_HOME to a folder on another disk"
        )
