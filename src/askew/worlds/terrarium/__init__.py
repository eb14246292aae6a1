"""The terrarium: tiny language models, and the synthetic world whose documents they were trained on.

It demonstrates the methods on a laptop. It is a synthetic organism and provides no evidence about large models.
"""

from importlib.resources import files
from pathlib import Path
from typing import Literal

NOTE = (
    "The terrarium is a synthetic organism of 2 million parameters, trained in a made-up world in which a speaker's "
    "character explains what they say. It demonstrates the method and is no evidence about large models."
)

Part = Literal["assistant", "judge", "schooled", "sibling"]


def checkpoint(part: Part = "assistant") -> Path:
    """Return the folder of one of the checkpoints included in Askew.

    Args:
        part: The `assistant` that the main study fine-tunes; the `judge` that grades answers; the assistant `schooled`
            for the other studies; or its `sibling`, trained in the same way with another seed.
    """
    return Path(str(files("askew.worlds.terrarium") / "weights" / part))
