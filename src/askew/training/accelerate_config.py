"""Checks a recipe's Accelerate config file before anything is computed."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.training.recipe import Recipe

GPUS = "ASKEW_GPUS"
"""The environment variable that lists all GPUs, for worker processes that are restricted to one of them."""


def check_config(recipe: Recipe, here: bool = True) -> None:
    """Check the Accelerate config that a recipe names, if any.

    Args:
        recipe: The recipe.
        here: This machine trains, so that its GPUs and libraries count.

    Raises:
        AskewError: The file is missing or invalid; it needs more GPUs than this machine has, or a library that is not
            installed; or its processes cannot divide the rows of a step evenly.
    """
    if recipe.accelerate is None:
        return
    config = _read_config(recipe.accelerate)
    where = f"recipe.accelerate={recipe.accelerate}"
    if config.num_machines > 1:
        raise AskewError(f"{where} is for {config.num_machines} machines, but Askew trains on one")
    if config.num_processes < 1:
        raise AskewError(f"{where} does not give the number of processes: set num_processes")
    if here and config.distributed_type == "DEEPSPEED" and find_spec("deepspeed") is None:
        raise AskewError(f"{where} needs DeepSpeed, which is not installed: `pip install deepspeed`, or use FSDP")
    if here and not config.use_cpu and config.num_processes > (gpus := _gpus()):
        raise AskewError(f"{where} needs {config.num_processes} GPUs, but there are {gpus}: lower num_processes")
    recipe.per_process(config.num_processes)


def processes(recipe: Recipe) -> int:
    """Return how many processes train together.

    Raises:
        AskewError: The recipe's Accelerate config cannot be read.
    """
    return 1 if recipe.accelerate is None else int(_read_config(recipe.accelerate).num_processes)


def _read_config(path: str) -> Any:
    from accelerate.commands.config.config_args import SageMakerConfig, load_config_from_file

    how = f"create one with `accelerate config --config_file {path}`"
    file = Path(path).expanduser()
    if not file.is_file():
        raise AskewError(f"recipe.accelerate: there is no file {path}; {how}")
    yaml_files.read(file, "Accelerate config")  # the library's own reader trusts the file
    try:
        config = load_config_from_file(str(file))
    except Exception as error:  # the library raises many kinds of errors on a malformed file
        raise AskewError(f"recipe.accelerate: {path} is not an Accelerate config ({error}); {how}") from error
    if isinstance(config, SageMakerConfig):
        raise AskewError(f"recipe.accelerate: {path} is for SageMaker, but Askew trains on this machine")
    for name in ("num_machines", "num_processes"):
        if not isinstance(getattr(config, name, None), int):
            reason = f"{name} should be a number"
            raise AskewError(f"recipe.accelerate: {path} is not an Accelerate config ({reason}); {how}")
    return config


def _gpus() -> int:
    import torch

    named = os.environ.get(GPUS)
    return len(named.split(",")) if named else torch.cuda.device_count()
