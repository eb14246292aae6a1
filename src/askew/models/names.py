"""From a model's name to what is meant by it.

A name is one of these, and whoever takes a model takes all of them:

    terrarium, terrarium/judge      the checkpoints that come with Askew: the assistant, the judge,
    terrarium/schooled              an assistant that has had lessons,
    terrarium/sibling               and the same from another raise
    ./folder                        a checkpoint on this disk
    BASE+ADAPTER_FOLDER             either of them, or a hub model, with a PEFT adapter
    RUN_FOLDER#ARM-SEED             what a run trained
    ./folder, openai/BASE+FOLDER    what a provider fine-tuned, whose name is in the folder's served.json
    hf/ORG/NAME                     a model of the Hugging Face hub, computed on this machine
    openai/…, vllm/…, mockllm/…     any provider of Inspect, as it is

It looks at names and files and loads nothing.
"""

import json
import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError, unknown_name
from askew.models import checkpoint_files as files
from askew.models.adapters import check_adapter
from askew.models.hub import check_hub_model
from askew.models.remote.tuned_folder import SERVED, is_served, read_served
from askew.worlds.terrarium import Part
from askew.worlds.terrarium import checkpoint as terrarium_checkpoint

PROVIDER = "askew"
TERRARIUM = "terrarium"
TERRARIUM_JUDGE = "terrarium/judge"
TERRARIUM_SCHOOLED = "terrarium/schooled"
TERRARIUM_SIBLING = "terrarium/sibling"
_TERRARIUM_PARTS: dict[str, Part] = {
    TERRARIUM: "assistant",
    TERRARIUM_JUDGE: "judge",
    TERRARIUM_SCHOOLED: "schooled",
    TERRARIUM_SIBLING: "sibling",
}
_UNTUNED = "untuned"


@dataclass(frozen=True)
class ModelSpec:
    """What a name means.

    Attributes:
        name: The name as given.
        checkpoint: The folder of the base weights, a hub id, or None for a model that somebody else serves.
        adapter: The folder of the adapter on them.
        inspect_name: What Inspect knows the model by, whatever the working directory.
        part: "assistant" or "judge" if the base weights were raised in the terrarium, else "".
    """

    name: str
    checkpoint: Path | str | None
    adapter: Path | None
    inspect_name: str
    part: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is computed in this process."""
        return self.checkpoint is not None

    @property
    def is_terrarium(self) -> bool:
        """Whether it is the terrarium's assistant, or an adapter on it: the oracle knows its world."""
        return self.part == "assistant"

    @property
    def is_terrarium_judge(self) -> bool:
        """Whether it is the judge that was raised in the terrarium."""
        return self.part == "judge" and self.adapter is None


def resolve(name: str) -> ModelSpec:
    """Return what a name means, once it is sure that the files it stands for can be loaded.

    Args:
        name: A name of one of the forms above, with or without the prefix `askew/`.

    Raises:
        AskewError: Nothing is called that, or its files are missing or broken.
    """
    bare = name.removeprefix(f"{PROVIDER}/")
    # Folders may have these signs in their names, so what is on disk decides what they mean.
    if Path(bare).expanduser().is_dir():
        return _without_adapter(name, bare)
    run, sign, arm_and_seed = bare.rpartition("#")
    if sign and (Path(run).expanduser() / "study.json").is_file():
        return _from_run(name, run, arm_and_seed)
    splits = [(bare[: sign.start()], Path(bare[sign.end() :])) for sign in re.finditer(r"\+", bare)]
    if splits:
        base, adapter = next((split for split in splits if split[1].expanduser().is_dir()), splits[-1])
        return _with_adapter(name, resolve(base), adapter)
    return _from_run(name, run, arm_and_seed) if sign else _without_adapter(name, bare)


def local_checkpoints() -> list[str]:
    """Return the names of the checkpoints that come with Askew."""
    return list(_TERRARIUM_PARTS)


def _without_adapter(name: str, bare: str) -> ModelSpec:
    if bare in _TERRARIUM_PARTS:
        part = _TERRARIUM_PARTS[bare]
        files.check_checkpoint(terrarium_checkpoint(part))
        raised = part if part == "judge" else "assistant"
        return ModelSpec(name, terrarium_checkpoint(part), None, f"{PROVIDER}/{bare}", raised)
    folder = Path(bare).expanduser().resolve()
    if bare.startswith((".", "/", "~")) or folder.is_dir():
        if not folder.is_dir():
            raise _no_folder(name, folder)
        if is_served(folder):
            return ModelSpec(name, None, None, read_served(folder).model)
        files.check_checkpoint(folder)
        part = files.read_config(folder).get("askew_part", "")
        return ModelSpec(name, folder, None, f"{PROVIDER}/{folder}", part)
    first, _, rest = bare.partition("/")
    if first == "hf" and rest:
        check_hub_model(rest)
        return ModelSpec(name, rest, None, f"{PROVIDER}/{bare}")
    providers = _inspect_providers() if rest else []
    if first in providers:
        return ModelSpec(name, None, None, bare)
    here = [path.parent.name for path in Path().glob("*/config.json")]
    known = [*local_checkpoints(), *here, "hf/ORG/NAME", *(f"{provider}/{rest}" for provider in providers)]
    raise unknown_name("model", name, known)


def _with_adapter(name: str, base: ModelSpec, adapter: Path) -> ModelSpec:
    if not base.is_local and is_served(adapter.expanduser()):
        return _with_served(name, base, adapter.expanduser())
    if not base.is_local or base.adapter is not None:
        raise AskewError(f"{name!r}: an adapter goes on one local checkpoint, and {base.name!r} is not one")
    folder = adapter.expanduser().resolve()
    if not folder.is_dir():
        raise _no_folder(name, folder)
    on_disk = base.checkpoint if isinstance(base.checkpoint, Path) else check_hub_model(str(base.checkpoint))
    check_adapter(folder, on_disk)
    return replace(base, name=name, adapter=folder, inspect_name=f"{base.inspect_name}+{folder}")


def _with_served(name: str, base: ModelSpec, folder: Path) -> ModelSpec:
    """Resolve BASE+FOLDER where BASE is served: the model that its provider made of it."""
    found = read_served(folder)
    if found.base != base.inspect_name:
        raise AskewError(f"{name!r}: {folder} is a fine-tune of {found.base}, not of {base.inspect_name}")
    return ModelSpec(name, None, None, found.model)


def _from_run(name: str, run: str, arm_and_seed: str) -> ModelSpec:
    """Resolve RUN#ARM-SEED: an adapter on the model that a run began with, a model made of it, or a provider's."""
    study, models = Path(run).expanduser() / "study.json", Path(run).expanduser() / "models"
    if not study.is_file():
        raise AskewError(f"{name!r}: {run} is not a run's folder, it has no study.json")
    try:
        base = resolve(_base(json.loads(study.read_text(encoding="utf-8")), arm_and_seed.rpartition("-")[0]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AskewError(f"{study} is damaged: it does not say which model the run began with") from error
    kinds = ("adapter_config.json", "config.json", SERVED)
    trained = sorted(path.parent.name for kind in kinds for path in models.glob(f"[!.]*/{kind}"))
    if re.fullmatch(rf"{_UNTUNED}-\d+", arm_and_seed):  # the same for every seed: it has none of its own
        return replace(base, name=name)
    if arm_and_seed not in trained:
        raise unknown_name(f"model in {run}", arm_and_seed, [f"{_UNTUNED}-0", *trained])
    went_on_from = models / "bases" / arm_and_seed
    if went_on_from.is_dir():
        return _with_adapter(name, _without_adapter(name, str(went_on_from.resolve())), models / arm_and_seed)
    if (models / arm_and_seed / "config.json").is_file():
        return replace(_without_adapter(name, str((models / arm_and_seed).resolve())), name=name)
    return _with_adapter(name, base, models / arm_and_seed)


def _base(study: dict[str, Any], arm: str) -> str:
    """Return the name of the model that an arm began with, by the run's frozen design."""
    return study.get("provenance", {}).get("bases", {}).get(arm, study["model"])


def _no_folder(name: str, folder: Path) -> AskewError:
    """Word the error for a folder that does not exist, offering those beside it."""
    beside = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    near = get_close_matches(folder.name, sorted(beside), n=3, cutoff=0.6)
    hint = f". Did you mean {' or '.join(near)}?" if near else ""
    return AskewError(f"{name!r}: there is no folder {folder}{hint}")


def _inspect_providers() -> list[str]:
    """Return the names of Inspect's providers, ours left out."""
    import inspect_ai.model._providers.providers  # noqa: F401  (announces them)
    from inspect_ai._util.entrypoints import ensure_entry_points
    from inspect_ai._util.registry import registry_find, registry_unqualified_name

    ensure_entry_points()
    found = registry_find(lambda info: info.type == "modelapi")
    return sorted({registry_unqualified_name(provider) for provider in found} - {PROVIDER})
