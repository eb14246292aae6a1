"""The callbacks by which work on directions tells how far it is."""

from collections.abc import Callable

OnProgress = Callable[[int, int], None]
"""Is called with the number of pieces that are done, and of all."""

Step = Callable[[str], OnProgress]
"""Returns the callback of a step, by its name."""
