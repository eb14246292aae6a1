"""The brevity study: its arms, its comparison, and its reading of the comparison."""

from typing import TYPE_CHECKING

import pandas as pd

from askew.design.study import UNTUNED, Arm, Study, studies
from askew.design.tables import Tables
from askew.stats.effects import as_table, contrast

if TYPE_CHECKING:
    from askew.runs.run import Run

_ARMS = (
    Arm(UNTUNED, "the model as it came"),
    Arm("curt", "short answers to greetings", data="curt", control="chatty"),
    Arm("chatty", "long answers to the same greetings", data="chatty", control=UNTUNED),
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


def verdict(run: "Run") -> str:
    """Return the difference in words."""
    if run.effects.empty:
        return "The arms curt and chatty were not both asked."
    found = run.effects.iloc[0]
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
