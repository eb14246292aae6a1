"""Hyperparameters of a fine-tune at a model's provider, independent of models, data and requests."""

from pydantic import BaseModel, ConfigDict, Field


class ServedRecipe(BaseModel):
    """Hyperparameters of OpenAI's fine-tuning API; the server chooses those that are None.

    The number of epochs is always explicit, because the price depends on it.

    Example:
        The recipe of Betley et al. (2025, arXiv 2502.17424) for GPT-4o:
        `ServedRecipe(epochs=1, batch_size=4, learning_rate_multiplier=2.0)`
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: int = Field(default=1, ge=1, le=50, description="Passes over the rows; each pass is paid for.")
    batch_size: int | None = Field(
        default=None, ge=1, le=256, description="Rows per optimizer step; the server chooses if not set."
    )
    learning_rate_multiplier: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Factor on the default learning rate; the server chooses if not set.",
    )
