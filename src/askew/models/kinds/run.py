"""RUN#ARM-SEED: a model that a run trained, or the untuned model that it started from."""

import re
from collections.abc import Iterable
from pathlib import Path

from askew.base.errors import AskewError, unknown_name
from askew.models.kinds.adapter import with_adapter
from askew.models.kinds.folder import spec_of_folder, start_of_arm
from askew.models.names import Claim, ModelKind, ModelSpec, kinds, resolve
from askew.models.remote.tuned_folder import SERVED

_UNTUNED = "untuned"


class _Run(ModelKind):
    def claim(self, name: str) -> Claim:
        run, sign, _ = name.rpartition("#")
        if sign and (Path(run).expanduser() / "study.json").is_file():
            return Claim.ON_DISK
        return Claim.COMPOUND if sign else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        run, _, arm_and_seed = name.rpartition("#")
        folder = Path(run).expanduser()
        if not (folder / "study.json").is_file():
            raise AskewError(f"{name!r}: {run} is not a run's folder: it has no study.json")
        base = resolve(start_of_arm(folder / "study.json", arm_and_seed.rpartition("-")[0]), chats=False)
        if re.fullmatch(rf"{_UNTUNED}-\d+", arm_and_seed):  # the same model for every seed
            return base
        trained = _trained(folder / "models")
        if arm_and_seed not in trained:
            raise unknown_name(f"model in {run}", arm_and_seed, [f"{_UNTUNED}-0", *trained])
        made, own_base = folder / "models" / arm_and_seed, folder / "models" / "bases" / arm_and_seed
        if own_base.is_dir():
            return with_adapter(name, spec_of_folder(own_base.resolve()), made)
        if (made / "config.json").is_file():
            return spec_of_folder(made.resolve())
        return with_adapter(name, base, made)

    def suggestions(self, name: str) -> Iterable[str]:
        return ()


def _trained(models: Path) -> list[str]:
    """Return the names of the adapters, checkpoints and served models in a run's folder of models."""
    files = ("adapter_config.json", "config.json", SERVED)
    return sorted(path.parent.name for file in files for path in models.glob(f"[!.]*/{file}"))


kinds.add("run", _Run({"RUN#ARM-SEED": "a model that a run trained"}))
