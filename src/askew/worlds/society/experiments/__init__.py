"""The experiments, one module each. Another package adds one by registering a subclass of `Experiment`."""

from askew.base.registry import Registry
from askew.worlds.society.experiment import Experiment

experiments: Registry[type[Experiment]] = Registry("experiment of a society", __name__)
