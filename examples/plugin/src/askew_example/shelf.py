"""A kind of model: `shelf/NAME` is a checkpoint in the folder that the environment variable ASKEW_SHELF names."""

import os
from pathlib import Path

from askew.models.checkpoint_files import check_checkpoint
from askew.models.names import PROVIDER, Claim, ModelKind, ModelSpec, kinds, missing_folder


class Shelf(ModelKind):
    """Checkpoints on a shelf."""

    def claim(self, name: str) -> Claim:
        """Return the strength of the claim to a name, by its prefix."""
        return Claim.FORM if name.startswith("shelf/") else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        """Return the model of a name.

        Raises:
            AskewError: The checkpoint does not exist or is broken.
        """
        folder = Path(os.environ.get("ASKEW_SHELF", "shelf"), name.removeprefix("shelf/"))
        if not folder.is_dir():
            raise missing_folder(name, folder)
        check_checkpoint(folder)
        return ModelSpec(name, folder, None, f"{PROVIDER}/{name}")


kinds.add("shelf", Shelf({"shelf/NAME": "a checkpoint in the folder ASKEW_SHELF"}))
