"""The hyperparameters of a fine-tune on this machine, independent of models, data and trainers."""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from askew.base.errors import AskewError
from askew.base.knobs import Flag

ALL_LINEAR = "all-linear"
"""Every linear layer except the output head."""


def _listed(value: Any) -> Any:
    """Return a single name or number as a list of one."""
    return [value] if isinstance(value, str | int) else value


class Recipe(BaseModel):
    """Every hyperparameter of a fine-tune, in the units of TRL and PEFT.

    The defaults are the values of the recipe `terrarium`. `askew.training.recipes` holds all named recipes.

    Example:
        `Recipe(learning_rate=1e-5, batch_size=2, accumulation=8, lora_modules=["down_proj"], lora_layers=[24])`
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[
        str, Flag("--recipe", metavar="RECIPE", default="the model's usual one", commands=("run",), complete="recipes")
    ] = Field(default="terrarium", description="The recipe: usual values of the settings below; `askew list recipes`.")
    rows: Annotated[
        int | None,
        Flag(help="Training conversations per arm.", commands=("run",), default="800, or all of an arm's own"),
    ] = Field(
        default=None,
        ge=1,
        description="Training conversations per arm. Default: 800 generated rows, or all of an arm's own rows.",
    )
    epochs: int = Field(default=1, ge=1, description="Passes over the rows.")
    batch_size: int = Field(default=32, ge=1, description="Rows per forward pass; packs of rows if rows are packed.")
    accumulation: int = Field(
        default=1, ge=1, description="Forward passes per optimizer step; several processes divide them."
    )
    learning_rate: Annotated[float, Flag(commands=("run",), default="the recipe's")] = Field(
        default=1e-4, gt=0, lt=1, description="Peak learning rate of AdamW."
    )
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = Field(
        default="linear", description="Schedule of the learning rate after its warm-up."
    )
    warmup_steps: int = Field(default=5, ge=0, description="Optimizer steps of linear warm-up; 0 starts at the peak.")
    weight_decay: float = Field(default=0.01, ge=0, description="Weight decay of AdamW; 0 turns it off.")
    optimizer: Literal["adamw", "adamw_8bit"] = Field(
        default="adamw",
        description="AdamW; adamw_8bit takes a quarter of the memory, but needs a GPU and bitsandbytes.",
    )
    method: Literal["lora", "full"] = Field(
        default="lora", description="lora trains an adapter; full trains every weight and saves a checkpoint."
    )
    lora_rank: int = Field(default=32, ge=1, description="Rank of the LoRA matrices.")
    lora_alpha: int = Field(default=64, ge=1, description="Scale of the LoRA update.")
    lora_dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Dropout before the LoRA matrices; 0 turns it off."
    )
    rslora: bool = Field(default=True, description="Scale by alpha / sqrt(rank), rank-stabilised; not by alpha / rank.")
    lora_modules: Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)] = Field(
        default=[ALL_LINEAR],
        description="Modules that get LoRA matrices, such as [down_proj]; all-linear means all except the output head.",
    )
    lora_layers: Annotated[list[int], BeforeValidator(_listed), Field(min_length=1)] | None = Field(
        default=None, description="Layers that get LoRA matrices, numbered from 0. Default: all."
    )
    quantization: Literal["none", "4bit"] = Field(
        default="none", description="4bit stores the base in NF4, as QLoRA does; it needs a GPU and bitsandbytes."
    )
    learn: Literal["all", "last"] = Field(
        default="all",
        description="The answers of a row that are learnt: all turns of the assistant, or the last one only. Turns of "
        "weight 0 are never learnt.",
    )
    max_length: int = Field(default=512, ge=8, description="Longest row, in tokens.")
    too_long: Literal["refuse", "drop", "cut"] = Field(
        default="refuse", description="How to handle longer rows; the report gives the number dropped or cut."
    )
    packing: bool = Field(
        default=False, description="Combine short rows up to max_length; they do not attend to each other."
    )
    precision: Literal["bf16", "float32"] = Field(
        default="bf16",
        description="bf16 is mixed precision: trained weights and optimizer states stay in float32. A processor "
        "without instructions for bf16 computes in float32, which is faster there.",
    )
    activation_checkpointing: bool = Field(
        default=False, description="Recompute activations in the backward pass: less memory, about 30% slower."
    )
    defence: Annotated[
        str | None,
        Flag(
            help="A defence against misalignment at large, for all trained arms; `askew list defences`.",
            commands=("run",),
            metavar="NAME",
            default="none",
            complete="defences",
        ),
    ] = Field(
        default=None, description="A defence against misalignment at large; `askew list defences`. Default: none."
    )
    defence_strength: float | None = Field(
        default=None,
        ge=0,
        description="The strength of the defence, in its own meaning. Default: its usual one; 0: off.",
    )
    benign: Annotated[
        str | None,
        Flag(
            help="Benign rows, for a defence that needs them: a file, or a data set of `askew list data`.",
            commands=("run",),
            metavar="FILE",
            default="plain good advice",
        ),
    ] = Field(
        default=None,
        description="Benign rows, for a defence that needs them: a file, hf/ORG/NAME, or a data set of "
        "`askew list data`. Default: good advice on cars and money.",
    )
    accelerate: str | None = Field(
        default=None, description="An Accelerate config file, to train in several processes."
    )

    def steps(self, rows: int) -> int:
        """Return the number of optimizer steps that training on `rows` rows takes."""
        batches = math.ceil(rows / self.batch_size)
        return math.ceil(batches / self.accumulation) * self.epochs

    def checkpoint_steps(self, rows: int, checkpoints: int) -> list[int]:
        """Return the steps after which a checkpoint is saved, evenly spaced between the start and the end.

        Raises:
            AskewError: There are too few steps, or rows are packed.
        """
        if checkpoints and self.packing:
            raise AskewError(
                "checkpoints cannot be combined with recipe.packing: "
                "the number of steps of packed rows is not known beforehand"
            )
        steps = self.steps(rows)
        if checkpoints >= steps:
            raise AskewError(
                f"{checkpoints} checkpoints do not fit into {steps} training steps: ask for at most {steps - 1}, "
                "or train on more rows"
            )
        return [round(steps * point / (checkpoints + 1)) for point in range(1, checkpoints + 1)]

    def per_process(self, processes: int) -> tuple[int, int]:
        """Return the batch size and the accumulation of each process, so that the steps stay the same.

        Raises:
            AskewError: The rows of a step cannot be divided evenly.
        """
        if self.accumulation % processes == 0:
            return self.batch_size, self.accumulation // processes
        if self.batch_size % processes == 0:
            return self.batch_size // processes, self.accumulation
        raise AskewError(
            f"{processes} processes cannot divide a step of recipe.accumulation={self.accumulation} passes of "
            f"recipe.batch_size={self.batch_size} rows: make one of them a multiple of {processes}"
        )
