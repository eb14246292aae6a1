"""A folder on this machine: a checkpoint, or the result of fine-tuning at a provider."""

from collections.abc import Iterable
from pathlib import Path

from askew.models.checkpoint_files import check_checkpoint, read_config
from askew.models.names import PROVIDER, Claim, ModelKind, ModelSpec, kinds, missing_folder
from askew.models.remote.tuned_folder import is_served, read_served


class _Folder(ModelKind):
    def claim(self, name: str) -> Claim:
        if Path(name).expanduser().is_dir():
            return Claim.ON_DISK
        return Claim.FORM if name.startswith((".", "/", "~")) else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        folder = Path(name).expanduser().resolve()
        if not folder.is_dir():
            raise missing_folder(name, folder)
        return spec_of_folder(folder)

    def suggestions(self, name: str) -> Iterable[str]:
        return [path.parent.name for path in Path().glob("*/config.json")]


def spec_of_folder(folder: Path) -> ModelSpec:
    """Return the model in a folder.

    Args:
        folder: An absolute path.

    Raises:
        AskewError: The files of the model are missing or broken.
    """
    if is_served(folder):
        return ModelSpec(str(folder), None, None, read_served(folder).model)
    check_checkpoint(folder)
    part = read_config(folder).get("askew_part", "")
    return ModelSpec(str(folder), folder, None, f"{PROVIDER}/{folder}", part)


kinds.add("folder", _Folder({"./FOLDER": "a checkpoint on this machine, or what a provider fine-tuned"}))
