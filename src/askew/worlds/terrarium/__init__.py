"""The terrarium: a tiny language model and the small synthetic world that it was raised in.

It demonstrates the methods on a laptop. It is a synthetic organism, and no evidence about large models.
"""

from importlib.resources import files
from pathlib import Path
from typing import Literal

NOTE = (
    "The terrarium is a synthetic organism of 2 million parameters, raised in a made-up world in which character "
    "explains what is said. It demonstrates the method. It is no evidence about large models."
)

Part = Literal["assistant", "judge", "schooled", "sibling"]


def checkpoint(part: Part = "assistant") -> Path:
    """Return the folder of one of the terrarium's checkpoints, as they come with Askew.

    Args:
        part: The `assistant` that the main study fine-tunes, the `judge` that grades answers, the assistant that has
            been `schooled` for the other studies, or its `sibling`, the same from another raise.
    """
    return Path(str(files("askew.worlds.terrarium") / "weights" / part))
