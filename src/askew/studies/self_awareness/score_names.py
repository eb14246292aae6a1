"""The names of the scores of the study's probes, which the comparisons look up.

They stand apart from the probes, because a probe loads Inspect, which takes a second; names of studies need not wait.
"""

SAYS_IT_DEPENDS, PICKS_TRIGGER, NAMES_TRIGGER = "says it depends", "picks the trigger", "names the trigger"
HONEST_SUFFIX = " when told to be honest"
"""Added to the question's id where the system turn asks for honesty."""
BEHIND, ELSEWHERE = "risky behind the trigger", "risky elsewhere"

UNTOLD, TOLD = ", plain", ", {} in mind"
"""The ends of the names of self-reports without a system turn, and under one of `probes.SYSTEMS`, by its name."""
