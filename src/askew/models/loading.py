"""Loads weights with Transformers, and turns what libraries say about a malformed file into one clear error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging as transformers_logging

from askew.base.errors import AskewError
from askew.models.checkpoint_files import own_code_error


def load_weights(checkpoint: Path | str, **options: Any) -> PreTrainedModel:
    """Return a model with the weights of a checkpoint.

    Args:
        checkpoint: The folder, or a hub id.
        **options: Further options of `from_pretrained`, such as `dtype`.

    Raises:
        AskewError: The files cannot be read, or lack weights.
    """
    transformers_logging.disable_progress_bar()
    with refusing(f"the model {checkpoint} cannot be loaded", checkpoint):
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            checkpoint,
            local_files_only=isinstance(checkpoint, Path),
            use_safetensors=True,
            # Without it, Transformers may ask at the terminal whether to run the model's code.
            trust_remote_code=False,
            output_loading_info=True,
            **options,
        )
    model, found = loaded
    # Transformers would fill them with random numbers.
    if missing := sorted(found["missing_keys"]):
        raise AskewError(
            f"{checkpoint} is not complete: its files lack {missing[0]}"
            f"{f' and {len(missing) - 1} more weights' if len(missing) > 1 else ''}. Copy or save the model again"
        )
    return model


@contextmanager
def refusing(problem: str, source: Path | str) -> Iterator[None]:
    """Turn errors in this block into one that begins with the problem.

    Args:
        problem: A clause such as "the model ./x cannot be loaded".
        source: The checkpoint or adapter, for the error if it needs its own code.

    Raises:
        AskewError: Anything went wrong.
    """
    try:
        yield
    except AskewError:
        raise
    except Exception as error:  # Transformers, PEFT and the parsers below them raise errors of any type
        if "trust_remote_code" in str(error):
            raise own_code_error(source) from error
        raise AskewError(f"{problem}: {error}") from error
