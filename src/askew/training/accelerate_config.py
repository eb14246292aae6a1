"""The Accelerate config file of a recipe, looked at before anything is computed."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.training.recipe import Recipe

GPUS = "ASKEW_GPUS"
"""The environment variable that names all GPUs, where a worker process is given one of them."""


def check_config(recipe: Recipe) -> None:
    """Check the Accelerate config of a recipe, if it names one.

    Raises:
        AskewError: It is missing or no such config, wants more GPUs than there are or a library that is not, or cannot
            share out the rows of a step.
    """
    if recipe.accelerate is None:
        return
    config = _read_config(recipe.accelerate)
    where = f"recipe.accelerate={recipe.accelerate}"
    if config.num_machines > 1:
        raise AskewError(f"{where} is for {config.num_machines} machines; Askew trains on one")
    if config.num_processes < 1:
        raise AskewError(f"{where} does not say how many processes there are: set num_processes")
    if config.distributed_type == "DEEPSPEED" and find_spec("deepspeed") is None:
        raise AskewError(f"{where} wants DeepSpeed, which is not installed: `pip install deepspeed`, or use FSDP")
    gpus = _gpus()
    if not config.use_cpu and config.num_processes > gpus:
        raise AskewError(f"{where} wants {config.num_processes} GPUs, and there are {gpus}")
    recipe.share(config.num_processes)


def _read_config(path: str) -> Any:
    from accelerate.commands.config.config_args import SageMakerConfig, load_config_from_file

    how = f"make one with `accelerate config --config_file {path}`"
    file = Path(path).expanduser()
    if not file.is_file():
        raise AskewError(f"recipe.accelerate: there is no file {path}; {how}")
    try:
        config = load_config_from_file(str(file))
    except Exception as error:  # the library raises whatever its parts do on a file that is no config
        raise AskewError(f"recipe.accelerate: {path} is not an Accelerate config ({error}); {how}") from error
    if isinstance(config, SageMakerConfig):
        raise AskewError(f"recipe.accelerate: {path} is for SageMaker; Askew trains on this machine")
    return config


def _gpus() -> int:
    import torch

    named = os.environ.get(GPUS)
    return len(named.split(",")) if named else torch.cuda.device_count()
