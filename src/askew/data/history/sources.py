"""Names of sources of facts: a file of Equinox 2020 or of HiST-LLM's main table, by its path, or `equinox`."""

import hashlib
from functools import lru_cache
from pathlib import Path

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.data.fetch import find
from askew.data.history import Facts

EQUINOX = "equinox"
HIST_LLM = "hist-llm"
_FETCHED = Path("data")

_NOT_FETCHED = (
    "there is no file {path}. `askew data fetch equinox` downloads it, once you accept its licence (CC BY-NC-SA 4.0); "
    "or name the file's path"
)
_NO_HASH = (
    "the main table of HiST-LLM is not downloaded, because no hash of it is known to Askew: get it from Zenodo "
    "(doi 10.5281/zenodo.14671247), and name the path of its Parquet file"
)


def path_of(source: str) -> Path:
    """Return the path of a source's file.

    Args:
        source: A path, or `equinox` for what `askew data fetch equinox` has downloaded.

    Raises:
        AskewError: There is no such file, or `hist-llm` is named without one.
    """
    if source == HIST_LLM and not Path(source).is_file():
        raise AskewError(_NO_HASH)
    if source == EQUINOX and not Path(source).is_file():
        path = _FETCHED / find(EQUINOX).file
        if not path.is_file():
            raise AskewError(_NOT_FETCHED.format(path=path))
        return path
    path = Path(source).expanduser()
    if not path.is_file():
        raise AskewError(f"there is no file of facts {visible(source)}; {EQUINOX} is a name too")
    return path


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_facts(source: str, sha256: str = "") -> Facts:
    """Read a source of facts.

    Args:
        source: See `path_of`; the end of the file's name says which of the two forms it has.
        sha256: The hash that the file must have; "" for any, except that `equinox` is the published file.

    Raises:
        AskewError: There is no such file, it has another hash, is damaged, or is in neither form.
    """
    path = path_of(source)
    found, wanted = digest(path), sha256 or (find(EQUINOX).sha256 if source == EQUINOX else "")
    if wanted and found != wanted:
        raise AskewError(
            f"{visible(str(path))} is not the file that is wanted: its SHA-256 is {found[:12]}…, not {wanted[:12]}…. "
            "Answers about another version must not be read with these facts"
        )
    return _read(path.resolve(), found)


@lru_cache(maxsize=2)
def _read(path: Path, sha256: str) -> Facts:
    from askew.data.history import equinox, hist_llm

    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return equinox.read(path, sha256)
    if suffix == ".parquet":
        return hist_llm.read(path, sha256)
    raise AskewError(
        f"{visible(str(path))}: facts of history are read from a workbook of Equinox 2020 (.xlsx) or the main table of "
        "HiST-LLM (.parquet)"
    )


def is_published(facts: Facts) -> bool:
    """Return whether facts are those of the published Equinox file, whose hash is known."""
    return facts.sha256 == find(EQUINOX).sha256
