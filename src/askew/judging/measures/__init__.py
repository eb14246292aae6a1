"""Measures: functions that score from 0 to 100 how far an answer matches what its question expects.

Neither end of the scale counts as bad. A measure is one module of this package, or of a study's `measures`, which
registers a function under the name that questions use. Answers are parsed, never executed by Python.
"""

from collections.abc import Callable

from askew.base.registry import Registry

# Takes the user turn, the answer and the expectation; returns a number from 0 to 100, or NaN for an unreadable answer.
Measure = Callable[[str, str, str], float]

SAME, OTHER = 100.0, 0.0

measures: Registry[Measure] = Registry("measure", __name__, studies="measures")
