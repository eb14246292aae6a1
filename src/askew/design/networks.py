"""The small networks of a design, which are no language models: their settings, and the ones that a run trains."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from askew.base.errors import AskewError
from askew.base.knobs import Flag

if TYPE_CHECKING:
    from askew.worlds.grokking import Setting


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise AskewError(f"{option} {text}: give a number, such as 0.5") from error


class GrokkingSettings(BaseModel):
    """The networks that are trained, in the study grokking."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    operation: Annotated[str, Flag(commands=("run",), metavar="NAME")] = Field(
        default="add", description="What networks learn, in grokking: add, subtract, multiply, divide or s5."
    )
    p: Annotated[int, Flag("--modulus", commands=("run",), metavar="P")] = Field(
        default=59, ge=1, description="The modulus, in grokking; a prime to multiply and divide."
    )
    share: Annotated[float, Flag(commands=("run",))] = Field(
        default=0.6, description="The share of all pairs that a network is trained on, in grokking."
    )
    network: Annotated[str, Flag(commands=("run",), metavar="NAME")] = Field(
        default="mlp", description="The network, in grokking: mlp, or transformer, as published."
    )
    hidden: int = Field(default=128, ge=1, le=4096, description="Units of each layer of the MLP.")
    weight_decay: Annotated[float, Flag(commands=("run",))] = Field(
        default=1.0, gt=0, le=100, description="The weight decay of AdamW, in grokking; its control has none."
    )
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        description="The learning rate of AdamW; none is 0.005 for the MLP, 0.001 for the transformer.",
    )
    epochs: Annotated[
        int, Flag(commands=("run",), help="The epochs of a network, in grokking.", default="as suit it")
    ] = Field(
        default=0,
        ge=0,
        le=10_000_000,
        description="Times that a network sees all training pairs; 0 is 800 for the MLP, 15,000 for the transformer.",
    )
    map_p: int = Field(default=31, ge=1, description="The modulus of the networks of the map, which are MLPs.")
    map_hidden: int = Field(default=96, ge=1, le=4096, description="Units of each layer of the networks of the map.")
    map_epochs: int = Field(
        default=600, ge=1, le=10_000_000, description="The epochs after which a cell of the map stops."
    )
    map_seeds: int = Field(default=1, ge=1, le=1000, description="The networks of each cell of the map.")
    map_weight_decays: Annotated[
        list[Annotated[float, Field(ge=0, le=100)]],
        Flag(
            "--map-weight-decay",
            commands=("run",),
            metavar="DECAY",
            help="A weight decay of the map, in grokking.",
            default="0.3, 1 and 3",
            read=_number,
        ),
    ] = Field(default_factory=lambda: [0.3, 1.0, 3.0], min_length=1, description="The weight decays of the map.")
    map_shares: Annotated[
        list[float],
        Flag(
            "--map-share",
            commands=("run",),
            metavar="SHARE",
            help="A share of pairs of the map, in grokking.",
            default="0.4, 0.6 and 0.8",
            read=_number,
        ),
    ] = Field(default_factory=lambda: [0.4, 0.6, 0.8], min_length=1, description="The shares of pairs of the map.")


@dataclass(frozen=True)
class PlannedNetwork:
    """One network of a run.

    Attributes:
        name: Its name in the tables, and in the names of files.
        arm: The arm that it belongs to.
        seed: Its seed.
        setting: What it learns, and how.
    """

    name: str
    arm: str
    seed: int
    setting: "Setting"
