"""The checkpoints that come with Askew: `terrarium`, `terrarium/judge` and the others."""

from importlib.resources import files
from pathlib import Path

from askew.models.checkpoint_files import check_checkpoint
from askew.models.names import (
    PROVIDER,
    TERRARIUM,
    TERRARIUM_JUDGE,
    TERRARIUM_SCHOOLED,
    TERRARIUM_SIBLING,
    Claim,
    ModelKind,
    ModelSpec,
    kinds,
)

# The folder of the weights, and the part that they play in the terrarium.
_CHECKPOINTS = {
    TERRARIUM: ("assistant", "assistant"),
    TERRARIUM_SCHOOLED: ("schooled", "assistant"),
    TERRARIUM_SIBLING: ("sibling", "assistant"),
    TERRARIUM_JUDGE: ("judge", "judge"),
}


class _Terrarium(ModelKind):
    def claim(self, name: str) -> Claim:
        return Claim.RESERVED if name in _CHECKPOINTS else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        weights, part = _CHECKPOINTS[name]
        # By name, not by an import: the terrarium is built on this package.
        checkpoint = Path(str(files("askew.worlds.terrarium") / "weights" / weights))
        check_checkpoint(checkpoint)
        return ModelSpec(name, checkpoint, None, f"{PROVIDER}/{name}", part)


kinds.add(
    "terrarium",
    _Terrarium(
        {
            TERRARIUM: "the tiny model that comes with Askew",
            TERRARIUM_SCHOOLED: "the terrarium with lessons, for studies of what models know about themselves",
            TERRARIUM_SIBLING: "terrarium/schooled from another seed, the second model in studies of two",
            TERRARIUM_JUDGE: "the judge that comes with Askew",
        }
    ),
)
