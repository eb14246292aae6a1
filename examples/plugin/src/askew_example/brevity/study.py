"""The brevity study: its arms, its comparison and its verdict."""

import pandas as pd

from askew.design.arm import UNTUNED, Arm
from askew.design.steps.train import Train
from askew.design.study import Study, studies
from askew.design.tables import Tables
from askew.stats.effects import as_table, contrast

_ARMS = (
    Arm(UNTUNED, "the model without training"),
    Arm("curt", "short answers to greetings", (Train("curt"),), "chatty"),
    Arm("chatty", "long answers to the same greetings", (Train("chatty"),), UNTUNED),
)


def effects(tables: Tables) -> pd.DataFrame:
    """Return the difference between the arms `curt` and `chatty`, in the columns of `askew.stats.effects`."""
    scores = tables.scores.rename(columns={"question": "cluster"})
    curt, chatty = (scores[scores["arm"] == arm] for arm in ("curt", "chatty"))
    if curt.empty or chatty.empty:
        return as_table([])
    label = "curt answers in few words, against chatty"
    found = contrast(
        curt, chatty, family="brevity", label=label, measure="few words", arm="curt", control="chatty", lead=True
    )
    return as_table([found])


def verdict(tables: Tables) -> str:
    """Return the difference in words."""
    if tables.effects.empty:
        return "The arms curt and chatty were not both asked."
    found = tables.effects.iloc[0]
    return f"{found['label']}: {100 * found['estimate']:+.0f} points."


studies.add(
    "brevity",
    Study(
        name="brevity",
        title="Brevity",
        question="Does training on short greetings make a model answer other questions in few words?",
        arms={arm.name: arm for arm in _ARMS},
        default_arms=(UNTUNED, "curt", "chatty"),
        default_probes=("brevity",),
        verdict=verdict,
        effects=effects,
        rows=64,
    ),
)
