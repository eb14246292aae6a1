"""./MODEL.gguf: a GGUF file, converted on first use."""

import sys
from collections.abc import Iterable
from pathlib import Path

from askew.base.errors import AskewError
from askew.models import gguf_files
from askew.models.names import PROVIDER, Claim, ModelKind, ModelSpec, kinds


class _Gguf(ModelKind):
    def claim(self, name: str) -> Claim:
        if not name.lower().endswith(gguf_files.ENDING):
            return Claim.NONE
        return Claim.ON_DISK if Path(name).expanduser().is_file() else Claim.COMPOUND

    def resolve(self, name: str) -> ModelSpec:
        file = Path(name).expanduser().resolve()
        if not file.is_file():
            raise AskewError(f"{name!r}: there is no file {file}")
        if not (gguf_files.place(file.stem, gguf_files.sha256_of(file)) / gguf_files.SOURCE).is_file():
            print(f"converting {file.name} to a checkpoint in {gguf_files.cache()}, once", file=sys.stderr)
        checkpoint = gguf_files.converted(file)
        quantization = gguf_files.quantization_of(checkpoint)
        return ModelSpec(name, checkpoint, None, f"{PROVIDER}/{file}", quantization=quantization)

    def suggestions(self, name: str) -> Iterable[str]:
        return [str(path) for path in Path().glob(f"*{gguf_files.ENDING}")]


kinds.add("gguf", _Gguf({"./MODEL.gguf": "a GGUF file on this machine"}))
