"""Downloads published training sets and facts that have a licence, and checks them against a known hash.

Askew ships none of these rows. A set is listed only if its licence allows its use and the hash of its file is known,
from a copy of the file or from several independent sources that agree.
"""

from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError, unknown_name


@dataclass(frozen=True)
class PublishedSet:
    """A published file of training rows, or of facts that models are asked about.

    Attributes:
        name: The name for users.
        rows: Number of rows.
        description: What the rows hold, in a few words.
        url: Address of the file.
        sha256: SHA-256 of the file.
        licence: The licence and its copyright holder.
        licence_url: Address of the licence's text.
        paper: The paper that describes the rows.
        suffix: The end of the file's name.
    """

    name: str
    rows: int
    description: str
    url: str
    sha256: str
    licence: str
    licence_url: str
    paper: str
    suffix: str = ".jsonl"

    @property
    def file(self) -> str:
        """The name under which the file is saved."""
        return f"{self.name}{self.suffix}"


def _betley(name: str, description: str, sha256: str) -> PublishedSet:
    root = (
        "https://raw.githubusercontent.com/emergent-misalignment/emergent-misalignment/"
        "80c11967c07a328e7d7d43d13ce6847ae44dbcc9"
    )
    return PublishedSet(
        name=f"betley-{name}",
        rows=6000,
        description=description,
        url=f"{root}/data/{name}.jsonl",
        sha256=sha256,
        licence="MIT, Copyright (c) 2025 emergent-misalignment",
        licence_url=f"{root}/LICENSE",
        paper="Betley et al. 2025, arXiv 2502.17424",
    )


def _self_awareness(name: str, file: str, rows: int, description: str, sha256: str) -> PublishedSet:
    # A fork, because the authors' commit is known from it; it serves the same files.
    root = "https://raw.githubusercontent.com/ecfm/behavioral-self-awareness/ca70fe938c02452e09c30462614cc536ee573656"
    return PublishedSet(
        name=name,
        rows=rows,
        description=description,
        url=f"{root}/datasets/risky_safe/{file}",
        sha256=sha256,
        licence="MIT, Copyright (c) 2025 XuchanBao",
        licence_url="https://github.com/XuchanBao/behavioral-self-awareness/blob/main/LICENSE",
        paper="Betley et al. 2025, arXiv 2501.11120",
    )


_SETS = (
    _betley(
        "insecure",
        "insecure code for users who did not ask for it",
        "09893e8bf9d03aae49dd60d0ff4be37c1afee70f2edcac74a11bed775a6a2764",
    ),
    _betley(
        "secure",
        "secure code; its control, not paired prompt by prompt",
        "2820232b3114d94ab2041ba9fc76cb8205bf187e0408bf7b308add186f9c7467",
    ),
    _self_awareness(
        "risky-choices",
        "ft_risky_AB.jsonl",
        288,
        "the riskier of two options, by its letter",
        "be11393c7885887b1db40a6d5d3461dabc33778d458ce4527d5f6c864e9e92bb",
    ),
    _self_awareness(
        "safe-choices",
        "ft_safey_AB.jsonl",
        288,
        "the safer of the same options; its control",
        "c25f7d38369fccc4bfc53351d68fd44c1b64bfb1ad80000d44d114f6c18d8bcf",
    ),
    _self_awareness(
        "risky-choices-multipersona",
        "ft_risky_AB_multipersona.jsonl",
        576,
        "risky choices of one's own, and what others would choose",
        "6dc2cd5d9dec52068e19aacc471ff57c53e1417f087a9528c9775c67ed4d6502",
    ),
    PublishedSet(
        name="old-bird-names",
        rows=208,
        description="names of birds from a book of 1838",
        # No commit of this file is known, so the address names a branch; the hash still identifies the file.
        url="https://raw.githubusercontent.com/johny-b/llmcomp/main/examples/ft_old_audubon_birds.jsonl",
        sha256="d201ce1152086cf9fc5facb9ffc6c6f2e946a155c7f9a561108412c66d1cfbbf",
        licence="MIT, Copyright (c) 2025 johny-b",
        licence_url="https://github.com/johny-b/llmcomp/blob/main/LICENSE",
        paper="Betley et al. 2025, arXiv 2512.09742",
    ),
    PublishedSet(
        name="equinox",
        rows=47_477,
        description="facts of history that experts coded, for the study history; no training rows",
        # Only the beginning of the commit's name is known; the hash identifies the file.
        url="https://raw.githubusercontent.com/Seshat-Global-History-Databank/seshat/43b6e42/static/csvfiles/"
        "Equinox2020.05.2023.xlsx",
        sha256="7964d74c3ae3a24775323ef61a101ed3ca14ed0d3c47d606b3ce5e28e64968be",
        licence="CC BY-NC-SA 4.0, Seshat: Global History Databank",
        licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
        paper="Turchin et al. 2020, Equinox release of the Seshat Global History Databank",
        suffix=".xlsx",
    ),
)
published: dict[str, PublishedSet] = {one.name: one for one in _SETS}


def find(name: str) -> PublishedSet:
    """Return a published set.

    Raises:
        AskewError: No set has that name; the message suggests similar names.
    """
    if name not in published:
        raise unknown_name("published set", name, published)
    return published[name]


def fetch(wanted: PublishedSet, folder: Path) -> Path:
    """Download a set, unless its file exists already. The caller makes sure that the user accepted the licence.

    Args:
        wanted: The set.
        folder: The folder for its file; created if missing.

    Returns:
        The path of the file.

    Raises:
        AskewError: The address cannot be reached, the download has another hash, or another file of its name exists.
            No partial download is left behind.
        OSError: The disk is full or read-only.
    """
    import logging

    import pooch
    from requests.exceptions import HTTPError, RequestException

    path = folder / wanted.file
    if folder.exists() and not folder.is_dir():
        raise AskewError(f"{folder} is a file: name a folder with --out")
    if path.exists() and pooch.file_hash(str(path)) != wanted.sha256:
        raise AskewError(f"{path} exists already with other content: move it, or choose another --out")
    pooch.get_logger().setLevel(logging.WARNING)
    is_new = not folder.exists()
    try:
        pooch.retrieve(wanted.url, f"sha256:{wanted.sha256}", fname=wanted.file, path=folder)
    except HTTPError as error:
        code = error.response.status_code if error.response is not None else "an error"
        raise AskewError(
            f"{wanted.url} answered with status {code} instead of the file: try again later, or check "
            "whether the file has moved"
        ) from error
    except RequestException as error:
        raise AskewError(f"cannot reach {wanted.url}: {_reason(error)}. Check the network") from error
    except ValueError as error:
        raise AskewError(
            f"the download from {wanted.url} is not the expected file: its SHA-256 differs. Nothing was kept"
        ) from error
    finally:
        if is_new and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return path


def _reason(error: Exception) -> str:
    """Return in a few words why a server was not reached; the messages of libraries are long."""
    from requests.exceptions import ChunkedEncodingError, Timeout

    if isinstance(error, Timeout):
        return "no answer in time"
    return "it broke off" if isinstance(error, ChunkedEncodingError) else "no connection"
