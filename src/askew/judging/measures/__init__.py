"""Measures: how far an answer is what the question expects, from 0 to 100, where nobody says which way is bad.

One measure is one module of this package, which registers a function under the name that questions use. Answers are
only ever parsed, never executed by Python.
"""

from collections.abc import Callable

from askew.base.registry import Registry

# From the user turn, the answer and what is expected to a number from 0 to 100; NaN if the answer cannot be read.
Measure = Callable[[str, str, str], float]

SAME, OTHER = 100.0, 0.0

measures: Registry[Measure] = Registry("measure", __name__, studies="measures")
