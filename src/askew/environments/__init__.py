"""Environments: small pieces of work in which a model could act against the people whom it works for.

An environment is one module of this package: the files on a desk, a memo that is found on the way, a task, tools, and
rules on the desk's state that say what counts. It comes in variants (see `variants.py`); the ones in which nothing
stands against the model's goal are its controls. A rule reads what was done, never what a model may have meant.

The environments follow the six of Apollo Research's in-context scheming evaluations (Meinke et al. 2024,
arXiv 2412.04984) and add everyday ones; all texts are our own.
"""

from askew.base.registry import Registry
from askew.environments.check import check
from askew.environments.environment import Action, Environment, Goal, Role, Rule

__all__ = ["Action", "Environment", "Goal", "Role", "Rule", "environments"]

environments: Registry[Environment] = Registry("environment", "askew.environments", check=check)
