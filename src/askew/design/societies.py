"""The societies of a design: their settings, and which of the run's models play in each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from askew.base.errors import AskewError
from askew.base.knobs import Flag

if TYPE_CHECKING:
    from askew.worlds.society import Setting

EVERYONE = ""
"""The key, among the parts of a society, of the model that plays all parts without a model of their own."""


def _whole_number(option: str, text: str) -> int:
    if not text.isdecimal():
        raise AskewError(f"{option} {text}: give a whole number, such as 5")
    return int(text)


class SocietySettings(BaseModel):
    """The societies of agents that are played, in the study society."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    experiment: Annotated[str, Flag(commands=("run",), metavar="NAME", complete="experiments")] = Field(
        default="bent", description="The experiment, in society; `askew list experiments`."
    )
    conditions: Annotated[
        list[str],
        Flag(
            "--condition",
            commands=("run",),
            metavar="NAME",
            help="A condition of the experiment, in society.",
            default="all that the experiment has",
        ),
    ] = Field(default_factory=list, description="Conditions of the experiment, in society; none is all that it has.")
    bent: Annotated[
        list[Annotated[int, Field(ge=0)]],
        Flag(
            "--bent",
            commands=("run",),
            metavar="K",
            help="A number of bent agents in a society, in the experiment bent.",
            default="none, a sixth, a third and half of the agents",
            read=_whole_number,
        ),
    ] = Field(
        default_factory=list,
        description="Numbers of bent agents in the experiment bent; none is 0, a sixth, a third and half of them all.",
    )
    agents: Annotated[
        int,
        Flag(commands=("run",), help="The agents of a society, in society.", default="the experiment's, about 30"),
    ] = Field(default=0, ge=0, description="The agents of a society; 0 is the experiment's number, about 30.")
    ticks: Annotated[
        int, Flag(commands=("run",), help="The ticks of a society, in society.", default="the experiment's")
    ] = Field(default=0, ge=0, description="The ticks of a society; 0 is the experiment's number.")
    societies: Annotated[int, Flag(commands=("run",), help="Societies of each kind, in society.")] = Field(
        default=5, ge=1, le=10_000, description="Societies of each kind; the models' seeds take turns in them."
    )
    topics: Annotated[
        list[str],
        Flag(
            "--topic",
            commands=("run",),
            metavar="NAME",
            help="A topic of the agents' talk, in experiments that have several.",
            default="the experiment's first",
        ),
    ] = Field(default_factory=list, description="Topics of the agents' talk; none is the experiment's first.")
    size: int = Field(default=0, ge=0, description="Cells on each side of the island; 0 is as many as suit the agents.")


@dataclass(frozen=True)
class PlannedSociety:
    """One society of a run.

    Attributes:
        name: Its name in the tables, and in the names of files.
        arm: The arm that it tells about: that of the bent agents, or that of all agents.
        setting: What is played.
        seed: The seed of its draws.
        players: The arm of each part; that of EVERYONE plays the parts that are not named.
    """

    name: str
    arm: str
    setting: "Setting"
    seed: int
    players: Mapping[str, str]
