"""Resolves the name of a model to the files or the service that it stands for, without loading anything.

Each kind of model is a `ModelKind` in a module of `models/kinds/`, or in a plug-in: it recognizes its names, resolves
them, and describes them for `askew list models`. Every part of Askew that takes a model takes all of these names.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import IntEnum
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError, unknown_name
from askew.base.registry import Registry
from askew.base.untrusted import could_be_path, cut
from askew.models.checkpoint_files import cached_folder, check_chat_template, is_downloaded

PROVIDER = "askew"
"""The name of our provider in Inspect; models that are computed in this process are `askew/NAME` there."""

_LONGEST_SHOWN = 60

TERRARIUM = "terrarium"
TERRARIUM_JUDGE = "terrarium/judge"
TERRARIUM_SCHOOLED = "terrarium/schooled"
TERRARIUM_SIBLING = "terrarium/sibling"


@dataclass(frozen=True)
class ModelSpec:
    """The files or the service that a name stands for.

    Attributes:
        name: The name as given.
        checkpoint: The folder of the base weights, a hub id ("ORG/NAME"), or None for a served model.
        adapter: The folder of the adapter on the base; None without one.
        inspect_name: The name of the model in Inspect; it does not depend on the working directory.
        part: "assistant" or "judge" if the base weights were trained in the terrarium, else "".
        tuned_from: The name of the model that this one was tuned from, as its files or its own name record it; "" if
            nothing is recorded.
        quantization: The quantization of the file that the weights come from, such as "Q4_1"; "" if they are whole.
        usual: Settings of a design that suit this model, by name, in place of their defaults; `recipe` is a name.
    """

    name: str
    checkpoint: Path | str | None
    adapter: Path | None
    inspect_name: str
    part: str = ""
    tuned_from: str = ""
    quantization: str = ""
    usual: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def is_local(self) -> bool:
        """True if the model is computed in this process."""
        return self.checkpoint is not None

    @property
    def is_terrarium(self) -> bool:
        """True if this is the terrarium's assistant, or an adapter on it, so that the terrarium's oracle applies."""
        return self.part == "assistant"

    @property
    def is_terrarium_judge(self) -> bool:
        """True if this is the judge that was trained in the terrarium."""
        return self.part == "judge" and self.adapter is None


NO_MODEL = ModelSpec("", None, None, "")
"""The model of a study that has no language model."""


class Claim(IntEnum):
    """The strength of the claim of a kind to a name; the kind with the strongest claim resolves the name.

    What is on disk decides before the form of a name does, because folders may have `+` and `#` in their names.
    """

    NONE = 0
    """The name is not of this kind."""
    FALLBACK = 1
    """The name is of this kind if no other kind claims it."""
    FORM = 2
    """The name has the form of this kind, such as its prefix."""
    COMPOUND = 3
    """The name has the form of this kind, and contains a name of another kind."""
    ON_DISK = 4
    """The name is of this kind, because its files are on disk."""
    RESERVED = 5
    """The name belongs to this kind, whatever is on disk."""


class ModelKind(ABC):
    """A kind of model. Names reach its methods without the prefix `askew/`.

    Args:
        forms: The names, or forms of names, of this kind, each with a description for `askew list models`. Words to be
            replaced are in capitals: "hf/ORG/NAME".
    """

    def __init__(self, forms: Mapping[str, str]) -> None:
        self.forms = forms

    @abstractmethod
    def claim(self, name: str) -> Claim:
        """Return the strength of the claim to a name. Looks at the name and at files, and raises nothing."""

    @abstractmethod
    def resolve(self, name: str) -> ModelSpec:
        """Return the model of a claimed name, after checking its files.

        Raises:
            AskewError: The model does not exist, or its files are missing or broken.
        """

    def completed(self, name: str) -> str:
        """Return the full name of this kind for an incomplete one, such as one without its provider; "" if none."""
        return ""

    def suggestions(self, name: str) -> Iterable[str]:
        """Return names of this kind that the user may have meant by an unknown name; by default all of `forms`."""
        return self.forms


kinds: Registry[ModelKind] = Registry("model kind", "askew.models.kinds")


def resolve(name: str, chats: bool = True) -> ModelSpec:
    """Return the model that a name stands for, after checking that its files can be loaded.

    Args:
        name: A name of any registered kind, with or without the prefix `askew/`.
        chats: Whether the model must have a chat template; False for the base of an adapter that may have its own.

    Raises:
        AskewError: No model has this name, its files are missing or broken, or it has no chat template.
    """
    bare = name.removeprefix(f"{PROVIDER}/")
    if not could_be_path(bare):
        raise AskewError(f"no model has the name {cut(bare, _LONGEST_SHOWN)!r}: it is too long or has a NUL character")
    claims = {kind: kind.claim(bare) for kind in _kinds()}
    strongest = max(claims, key=lambda kind: claims[kind])  # the first one, if several are equal
    if claims[strongest] is Claim.NONE:
        raise unknown_model(bare)
    found = strongest.resolve(bare)
    folder = cached_folder(found.checkpoint) if isinstance(found.checkpoint, str) else found.checkpoint
    if chats and folder is not None and is_downloaded(folder):
        check_chat_template(folder, found.adapter)
    return replace(found, name=name)


def unknown_model(name: str) -> AskewError:
    """Return the error for a name that no kind knows, with suggestions of similar names."""
    known = [one for kind in _kinds() for one in kind.suggestions(name)]
    if completed := [full for kind in _kinds() if (full := kind.completed(name))]:
        near = get_close_matches(name, sorted(known), n=1, cutoff=0.8)
        return AskewError(f"unknown model {name!r}. Did you mean {' or '.join([*near, *completed])}?")
    return unknown_name("model", name, known)


def missing_folder(name: str, folder: Path) -> AskewError:
    """Return the error for a model whose folder does not exist, with suggestions of similar folders beside it."""
    beside = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    near = get_close_matches(folder.name, sorted(beside), n=3, cutoff=0.6)
    hint = f". Did you mean {' or '.join(near)}?" if near else ""
    return AskewError(f"{name!r}: there is no folder {folder}{hint}")


def _kinds() -> list[ModelKind]:
    return [kinds.get(name) for name in kinds.names()]
