"""MODEL+FOLDER: a local model with a PEFT adapter, or a served model with the result of fine-tuning it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from askew.base.errors import AskewError
from askew.models.adapters import check_adapter
from askew.models.kinds.hub import check_hub_model
from askew.models.names import Claim, ModelKind, ModelSpec, kinds, missing_folder, resolve
from askew.models.remote.tuned_folder import is_served, read_served


class _Adapter(ModelKind):
    def claim(self, name: str) -> Claim:
        return Claim.COMPOUND if "+" in name else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        splits = [(name[: sign.start()], Path(name[sign.end() :])) for sign in re.finditer(r"\+", name)]
        base, adapter = next((split for split in splits if split[1].expanduser().is_dir()), splits[-1])
        return with_adapter(name, resolve(base, chats=False), adapter)

    def suggestions(self, name: str) -> Iterable[str]:
        return ()


def with_adapter(name: str, base: ModelSpec, adapter: Path) -> ModelSpec:
    """Return a model with an adapter.

    Args:
        name: The name of the result, for error messages.
        base: The model.
        adapter: The folder of the adapter, or of the result of fine-tuning `base` at its provider.

    Raises:
        AskewError: The folder does not exist, is not an adapter, or was made for another model.
    """
    if not base.is_local and is_served(adapter.expanduser()):
        return _tuned_by_provider(name, base, adapter.expanduser())
    if not base.is_local or base.adapter is not None:
        raise AskewError(
            f"{name!r}: an adapter needs a local checkpoint without an adapter, and {base.name!r} is not one"
        )
    folder = adapter.expanduser().resolve()
    if not folder.is_dir():
        raise missing_folder(name, folder)
    on_disk = base.checkpoint if isinstance(base.checkpoint, Path) else check_hub_model(str(base.checkpoint))
    check_adapter(folder, on_disk)
    asked_as = f"{base.inspect_name}+{folder}"
    return replace(base, name=name, adapter=folder, inspect_name=asked_as, tuned_from=base.name)


def _tuned_by_provider(name: str, base: ModelSpec, folder: Path) -> ModelSpec:
    found = read_served(folder)
    if found.base != base.inspect_name:
        raise AskewError(
            f"{name!r}: {folder} is a fine-tune of {found.base}, not of {base.inspect_name}. Name the folder alone"
        )
    return ModelSpec(name, None, None, found.model, tuned_from=found.base)


kinds.add("adapter", _Adapter({"MODEL+FOLDER": "a checkpoint with a PEFT adapter"}))
