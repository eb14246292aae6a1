"""The material of the builders in YAML files: scenes, sentences and their parts."""

from functools import cache
from pathlib import Path
from typing import Any

from askew.base import yaml_files


@cache
def load(name: str) -> Any:
    """Return the content of `NAME.yaml` of this folder."""
    return yaml_files.read(Path(__file__).with_name(f"{name}.yaml"), "text").value
