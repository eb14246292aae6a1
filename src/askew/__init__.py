"""Askew finds out what narrow training did to a language model's character.

From a notebook or a script:

    import askew

    run = askew.run("emergent-misalignment", arms=["insecure", "secure"], seeds=3)
    run.estimates          # every rate with its interval, a data frame
    run.answers            # every answer, a data frame
    run.figure("rates")    # the report's figures, as Altair charts
    run.report             # the path of the report

Importing this module takes a moment only; everything else is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from askew.api import ask, audit, run
    from askew.base.errors import AskewError
    from askew.probes.question_file import Question
    from askew.runs.run import load_run

__all__ = ["AskewError", "Question", "ask", "audit", "load_run", "run"]

_MODULES = {
    "AskewError": "askew.base.errors",
    "Question": "askew.probes.question_file",
    "ask": "askew.api",
    "audit": "askew.api",
    "load_run": "askew.runs.run",
    "run": "askew.api",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("askew")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
