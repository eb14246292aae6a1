"""Pickles (.pth, .pkl and the like), which are refused: reading one runs whatever its author wrote into it."""

from pathlib import Path

from askew.base.errors import AskewError
from askew.models.names import Claim, ModelKind, ModelSpec, kinds

ENDINGS = (".pth", ".pt", ".pkl", ".pickle", ".ckpt", ".joblib")
PICKLES = (
    "{name!r} is a pickle, which can run any program when it is read, so Askew never reads one: convert it to "
    "safetensors where you trust it"
)


def is_pickle(name: str) -> bool:
    """Return whether a name has the ending of a pickle; nothing is read."""
    return Path(name).suffix.lower() in ENDINGS


class _Pickle(ModelKind):
    def claim(self, name: str) -> Claim:
        return Claim.COMPOUND if is_pickle(name) and not Path(name).expanduser().is_dir() else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        raise AskewError(PICKLES.format(name=name))

    def suggestions(self, name: str) -> list[str]:
        return []


kinds.add("pickle", _Pickle({}))
