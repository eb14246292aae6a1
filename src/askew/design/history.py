"""The facts of history that a run asks about, in the study history."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from askew.base.errors import AskewError
from askew.base.knobs import Flag

CHRONICLE = "chronicle"
"""The invented world, whose facts are known only to models that were taught them."""


NO_SHOTS = "none"
"""The name of the shots of questions that are asked without any."""


class HistorySettings(BaseModel):
    """The facts of history that are asked, and the form in which they are asked."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    facts: Annotated[
        str,
        Flag(
            commands=("run",),
            metavar="FACTS",
            help="The facts, in history: chronicle, equinox, or the path of a workbook of Equinox 2020 or of "
            "HiST-LLM's main table in Parquet.",
            default="chronicle, an invented world",
            is_file=True,
        ),
    ] = Field(
        default=CHRONICLE,
        min_length=1,
        description="The facts that are asked in history: chronicle (an invented world), equinox (as fetched), or the "
        "path of a workbook of Equinox 2020 or of HiST-LLM's main table.",
    )
    sha256: str = Field(default="", description="The hash of the file of facts, recorded when the design is made.")
    items: Annotated[int, Flag(commands=("run",), help="Settled facts to ask, in history.", default="all")] = Field(
        default=0,
        ge=0,
        description="Settled facts to ask, drawn by the data seed, with a quarter as many unknown and a tenth as many "
        "disputed ones; 0 is all.",
    )
    shots: Annotated[
        str,
        Flag(
            commands=("run",),
            metavar="FILE.jsonl",
            help="HiST-LLM's published few-shot rows, in history, or none.",
            default="four drawn from the facts, for each part",
            is_file=True,
        ),
    ] = Field(
        default="",
        description="A file with HiST-LLM's published few-shot rows, or none for no shots; without either, four facts "
        "of each part are drawn and not asked.",
    )
    as_published: Annotated[bool, Flag(commands=("run",))] = Field(
        default=False,
        description="Ask with the published prompt, in history, with its defects: options in two orders, and reasoning "
        "that is cut off before the answer.",
    )

    @property
    def is_invented(self) -> bool:
        """True if the facts are those of the chronicle."""
        return self.facts == CHRONICLE

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of probes that ask these facts, by name."""
        return {
            "facts": self.facts,
            "facts_sha256": self.sha256,
            "most_items": self.items,
            "shots_file": self.shots,
            "as_published": self.as_published,
        }


def looked_at(said: Any) -> Any:
    """Return settings with the place and the hash of their files, as they are when the design is made.

    Args:
        said: What is said of the settings `HistorySettings`; anything that names no file is returned as it is.

    Raises:
        AskewError: There is no such file, it cannot be read, or it has changed since the design was made.
    """
    if not isinstance(said, Mapping):
        return said
    from askew.data.history import hist_llm
    from askew.data.history.sources import open_facts, path_of

    found = dict(said)
    shots, facts, sha256 = found.get("shots"), found.get("facts", CHRONICLE), found.get("sha256", "")
    if isinstance(shots, str) and shots not in ("", NO_SHOTS):
        try:
            hist_llm.shots(path_of(shots))
        except OSError as error:
            raise AskewError(f"{shots} cannot be read: {error.strerror}") from error
        found["shots"] = str(path_of(shots).resolve())
    if isinstance(facts, str) and isinstance(sha256, str) and facts not in ("", CHRONICLE):
        found |= {"sha256": open_facts(facts, sha256).sha256, "facts": str(path_of(facts).resolve())}
    return found
