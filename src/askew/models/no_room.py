"""The error of a conversation that is too long for a model; callers that never load a model may import it."""

from askew.base.errors import AskewError


class NoRoom(AskewError):
    """A prompt fills the model's context."""
