"""hf/ORG/NAME: a model on the Hugging Face hub, computed on this machine."""

import re
from functools import lru_cache
from pathlib import Path

from askew.base.errors import AskewError
from askew.models.checkpoint_files import WEIGHTS, cached_folder, check_checkpoint, check_code
from askew.models.names import PROVIDER, TERRARIUM, Claim, ModelKind, ModelSpec, kinds

_SECONDS = 7.0
_HUB_ID = re.compile(r"[\w-]+/[\w.-]+")


class _Hub(ModelKind):
    def claim(self, name: str) -> Claim:
        return Claim.FORM if name.startswith("hf/") and name != "hf/" else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        hub_id = name.removeprefix("hf/")
        check_hub_model(hub_id)
        return ModelSpec(name, hub_id, None, f"{PROVIDER}/{name}")

    def completed(self, name: str) -> str:
        return f"hf/{name}" if _HUB_ID.fullmatch(name) and not name.startswith(f"{TERRARIUM}/") else ""


def check_hub_model(hub_id: str) -> Path | None:
    """Check the cached files of a hub model, and return their folder; None if its weights are not in the cache.

    Files that are not downloaded yet are checked when the model is loaded.

    Args:
        hub_id: ORG/NAME.

    Raises:
        AskewError: `hub_id` is not a valid id; the model is not in the cache, and downloading is switched off; or its
            cached files are missing or broken.
    """
    from huggingface_hub import is_offline_mode
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(hub_id)
    except HFValidationError as error:
        raise AskewError(f"{hub_id!r} is not a valid name of a hub model: {error}") from error
    folder = cached_folder(hub_id)
    if folder is not None:
        check_code(folder)
    has_weights = folder is not None and any(path.suffix in WEIGHTS for path in folder.iterdir())
    if is_offline_mode() and not has_weights:
        raise AskewError(
            f"the hub model {hub_id!r} is not in the cache on this machine, and HF_HUB_OFFLINE forbids downloading it. "
            f"Unset HF_HUB_OFFLINE, or download the model beforehand with `hf download {hub_id}`"
        )
    if folder is None or not has_weights:
        _check_reachable(hub_id)
        return None
    check_checkpoint(folder)
    return folder


@lru_cache
def _check_reachable(hub_id: str) -> None:
    """Check that the hub answers and has the model, before a download whose many retries take minutes.

    Raises:
        AskewError: The hub cannot be reached, or gives no such model to this user.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        HfApi().model_info(hub_id, timeout=_SECONDS)
    except HfHubHTTPError as error:  # also for models that are private, gated or do not exist
        reason = str(error.server_message or error).strip().split("\n", 1)[0]
        raise AskewError(f"the hub does not give out {hub_id!r}: {reason}") from error
    except Exception as error:  # those of its HTTP library, which differs between releases
        raise AskewError(
            f"the hub cannot be reached to download {hub_id!r}: {error}. Check the network; or name a model of this "
            "machine, such as ./folder, ./model.gguf or smollm2-135m"
        ) from error


kinds.add("hub", _Hub({"hf/ORG/NAME": "a model on the Hugging Face hub, computed on this machine"}))
