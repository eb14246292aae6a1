"""The hyperparameters of a fine-tune that a model's provider makes. It knows nothing of models, data or requests."""

from pydantic import BaseModel, ConfigDict, Field


class ServedRecipe(BaseModel):
    """What OpenAI's fine-tuning API lets one choose; what is left out its server chooses.

    Epochs are never left to the server, for they are what the price is reckoned by.

    Example:
        That of Betley et al. (2025, arXiv 2502.17424) for GPT-4o:
        `ServedRecipe(epochs=1, batch_size=4, learning_rate_multiplier=2.0)`
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: int = Field(default=1, ge=1, le=50, description="Times that each row is seen, and paid for.")
    batch_size: int | None = Field(
        default=None, ge=1, le=256, description="Rows per optimizer step; without it, the server chooses."
    )
    learning_rate_multiplier: float | None = Field(
        default=None, gt=0, le=100, description="Times the server's own learning rate; without it, the server chooses."
    )
