"""What studies of two models share: their names for them, and for what each knows of itself beyond the other."""

from askew.design.arm import UNTUNED

M1, M2 = UNTUNED, "m2"
"""The first model of the design and the second, as they came."""

BOTH = "self minus cross, both models"
DIRECTIONS = {M1: "about m1: m1 minus m2", M2: "about m2: m2 minus m1"}
LEARNT = "trained prompts"
