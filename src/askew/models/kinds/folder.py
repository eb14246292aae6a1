"""A folder on this machine: a checkpoint, or the result of fine-tuning at a provider."""

import re
from collections.abc import Iterable
from pathlib import Path

from askew.base.errors import AskewError
from askew.base.json_objects import read_object
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
        served = read_served(folder)
        return ModelSpec(str(folder), None, None, served.model, tuned_from=served.base)
    check_checkpoint(folder)
    part = read_config(folder).get("askew_part", "")
    return ModelSpec(str(folder), folder, None, f"{PROVIDER}/{folder}", part, _recorded_start(folder))


def start_of_arm(study: Path, arm: str) -> str:
    """Return the name of the model that an arm of a run started from, as recorded in the run's study.json.

    Raises:
        AskewError: The file is damaged.
    """
    content = read_object(study)
    try:
        return str(content.get("provenance", {}).get("bases", {}).get(arm, content["model"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise AskewError(f"{study} is damaged: it does not name the model that the run started from") from error


def _recorded_start(folder: Path) -> str:
    """Return the name of the model that a checkpoint was tuned from: by the run that it lies in, or its own record."""
    inside = re.fullmatch(r"(.+)/models/(?:bases/)?([^/]+)-\d+", folder.as_posix())
    if inside and (study := Path(inside[1]) / "study.json").is_file():
        return start_of_arm(study, inside[2])
    recorded = read_config(folder).get("_name_or_path")  # written by Transformers before version 5
    return recorded if isinstance(recorded, str) else ""


kinds.add("folder", _Folder({"./FOLDER": "a checkpoint on this machine, or what a provider fine-tuned"}))
