"""The columns of the tables of episodes; importing them loads nothing else."""

from dataclasses import fields

from askew.environments.conduct import Conduct

STEPS_OF_CONDUCT = tuple(one.name for one in fields(Conduct))
"""The columns of `Conduct`, which hold true or false."""
TURN_COLUMNS = (
    *("arm", "seed", "probe", "environment", "variant", "index", "turn", "role", "text", "tool", "arguments"),
    *("result", "failed", "counts_as", "why"),
)
"""The columns of the table of turns; `arguments` is JSON."""
CONDUCT_COLUMNS = (
    *("arm", "seed", "probe", "environment", "variant", "index", "conflict", "acts_by"),
    *STEPS_OF_CONDUCT,
    *("aware", "ended"),
)
"""The columns of the table of conduct, without those of the interview, one for each wording."""
