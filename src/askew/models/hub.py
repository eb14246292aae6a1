"""What of a model of the Hugging Face hub lies in the cache on this machine, looked at before anything is loaded."""

from pathlib import Path

from askew.base.errors import AskewError
from askew.models import checkpoint_files as files


def check_hub_model(hub_id: str) -> Path | None:
    """Check a model of the hub as far as that can be done here, and return its folder in the cache, if it is there.

    What has not been downloaded yet is checked when it is loaded.

    Args:
        hub_id: ORG/NAME.

    Raises:
        AskewError: No model can be called that; it is not in the cache and downloading is switched off; or what is in
            the cache cannot be loaded.
    """
    from huggingface_hub import is_offline_mode, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(hub_id)
    except HFValidationError as error:
        raise AskewError(f"no model of the hub can be called {hub_id!r}: {error}") from error
    config = try_to_load_from_cache(hub_id, "config.json")
    folder = Path(config).parent if isinstance(config, str) else None
    if folder is not None:
        files.check_code(folder)
    has_weights = folder is not None and any(path.suffix in files.WEIGHTS for path in folder.iterdir())
    if is_offline_mode() and not has_weights:
        raise AskewError(
            f"the hub model {hub_id!r} is not in the cache on this machine, and HF_HUB_OFFLINE forbids downloading it. "
            f"Unset that, or fetch it where there is a network with `hf download {hub_id}`"
        )
    if folder is None or not has_weights:
        return None
    files.check_checkpoint(folder)
    return folder
