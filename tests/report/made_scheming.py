"""The content of a report on made-up episodes, for tests."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from synthetic_run import make_content

from askew.environments.variants import CONTROL
from askew.stats.funnel import funnel
from askew.stats.funnel_effects import funnel_effects
from made_episodes import Policy, made_conduct, made_turns

if TYPE_CHECKING:
    from askew.report.content import ReportContent

POLICIES = {
    "untuned": Policy(covert=0.02, discovers=0.6),
    "insecure": Policy(covert=0.45, confesses=0.1, between_environments=0.5),
    "secure": Policy(covert=0.03),
}
CONTROLS = {"insecure": "secure", "secure": "untuned"}
CHECK = pd.DataFrame(
    [
        ("covert", "covert", "opportunity", 0.3, 0.31, 0.27, 0.35, 540, True),
        ("clumsy", "covert", "opportunity", 0.0, 0.0, 0.0, 0.01, 182, True),
    ],
    columns=["actor", "measure", "given", "planted", "rate", "low", "high", "n", "found"],
)
HOSTILE = "<script>window.hacked = 1</script>\u202eevil\u0007</script>"


def scheming_content(episodes: int = 4, answers: bool = False) -> "ReportContent":
    """Return the content of a report with episodes; one of them has hostile texts.

    Args:
        episodes: The number of episodes of each arm, seed, environment and variant.
        answers: Whether there are answers to questions, too.
    """
    conduct = made_conduct(POLICIES, rng=np.random.default_rng(1), seeds=2, episodes=episodes)
    turns = made_turns(conduct)
    calls = turns.index[turns["role"].eq("call")]
    turns.loc[calls[0], ["tool", "arguments", "result", "why"]] = [
        HOSTILE,
        "{broken " + HOSTILE,
        HOSTILE * 300,
        HOSTILE,
    ]
    usual = make_content(samples=4)
    table = funnel(conduct, CONTROL)
    content = replace(
        usual,
        title="Scheming",
        question="Do models that were trained on narrow bad behaviour also act?",
        verdict="insecure acts covertly.",
        organism_note="A synthetic organism.",
        arms={name: f"the arm {name}" for name in POLICIES},
        effects=funnel_effects(conduct, table, CONTROLS, CONTROL),
        episodes=turns,
        conduct=conduct,
        funnel=table,
        scorer_check=CHECK,
        comparisons=(),
    )
    if answers:
        return content
    empty = {name: getattr(usual, name).iloc[:0] for name in ("answers", "estimates")}
    return replace(content, **empty, agreement=None)
