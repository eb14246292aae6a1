"""hf/ORG/NAME: a model on the Hugging Face hub, computed on this machine."""

import re
from pathlib import Path

from askew.base.errors import AskewError
from askew.models.checkpoint_files import WEIGHTS, cached_folder, check_checkpoint, check_code
from askew.models.hub_files import check_download
from askew.models.names import PROVIDER, TERRARIUM, Claim, ModelKind, ModelSpec, kinds

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
    """Check the files of a hub model, and return their folder; None if its weights are not in the cache.

    Of weights that are not downloaded yet, the headers are checked.

    Args:
        hub_id: ORG/NAME.

    Raises:
        AskewError: `hub_id` is not a valid id; the model is not in the cache, and downloading is switched off; its
            files are missing or broken; or it cannot be downloaded to this machine.
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
        check_download(hub_id)
        return None
    check_checkpoint(folder)
    return folder


kinds.add("hub", _Hub({"hf/ORG/NAME": "a model on the Hugging Face hub, computed on this machine"}))
