"""Counts of a meme's spread: who heard it, who passed it on, who used its words, and who believes.

Using a word is not believing, and believing is not for ever: all are counted, each by itself.
"""

import pandas as pd

FATES = ("society", "agent", "part", "heard", "first_heard", "passed", "adopted", "converted", "asked", "believes")
"""The columns of `fates`."""

SPREAD = {
    "heard": "heard it",
    "passed": "passed it on",
    "adopted": "used a keyword",
    "converted": "ever believed",
    "believes": "believes at the end",
    "word": "used a keyword, never believed",
    "silent": "believed, never used a keyword",
}
"""The measures of `spread`, in words."""


def fates(events: pd.DataFrame, agents: pd.DataFrame) -> pd.DataFrame:
    """Return each agent's part in the spread of a meme.

    Args:
        events: The columns society, tick, agent, kind, option and source.
        agents: The columns society, agent and part.

    Returns:
        One row per agent, with the columns `FATES`: heard (number of hearings), first_heard (tick, -1 if never), passed
        (number of hearings that others had from it), adopted (tick of the first public use of a keyword, -1 if never),
        converted (tick of the first private belief, -1 if never), asked (number of private questions) and believes
        (the last private answer, 0 or 1; NaN if it was never asked).
    """
    key = ["society", "agent"]
    of_kind = dict(iter(events.groupby("kind", sort=False)))
    none = events.iloc[:0]
    heard = of_kind.get("expose", none)
    belief = of_kind.get("belief", none)
    belief = belief[belief["option"].isin([0, 1])].sort_values("tick", kind="stable")
    yes = belief[belief["option"].eq(1)]
    parts = [
        heard.groupby(key)["tick"].agg(heard="size", first_heard="min"),
        heard.groupby(["society", "source"]).size().rename("passed").rename_axis(key),
        of_kind.get("adopt", none).groupby(key)["tick"].min().rename("adopted"),
        yes.groupby(key)["tick"].min().rename("converted"),
        belief.groupby(key)["option"].agg(asked="size", believes="last"),
    ]
    table = agents[[*key, "part"]]
    for part in parts:
        table = table.merge(part.reset_index(), on=key, how="left")
    missing = {"heard": 0, "passed": 0, "asked": 0, "first_heard": -1, "adopted": -1, "converted": -1}
    table = table.fillna(missing).astype(dict.fromkeys(missing, int))
    return table.assign(believes=table["believes"].astype(float))[list(FATES)]


def spread(found: pd.DataFrame, apart: tuple[str, ...] = ("priest",)) -> pd.DataFrame:
    """Return how far a meme spread in each society, as shares of its agents.

    Args:
        found: The columns of `fates`.
        apart: The parts that are not counted, for they carried the meme from the start.

    Returns:
        One row per society and measure: society, measure (a key of `SPREAD`), value (share, 0-1; NaN where it was not
        asked) and count (number of agents).
    """
    counted = found[~found["part"].isin(apart)]
    asked = counted["asked"].gt(0)
    believed, word = counted["converted"].ge(0).where(asked), counted["adopted"].ge(0)
    measures = {
        "heard": counted["heard"].gt(0),
        "passed": counted["passed"].gt(0),
        "adopted": word,
        "converted": believed,
        "believes": counted["believes"],
        "word": (word & believed.eq(False)).where(asked),
        "silent": (~word & believed.eq(True)).where(asked),
    }
    values = pd.DataFrame({name: one.astype(float) for name, one in measures.items()}, columns=list(SPREAD))
    by_society = values.groupby(counted["society"], sort=False)
    long = by_society.mean().reset_index().melt("society", var_name="measure", value_name="value")
    total = by_society.sum(min_count=1).reset_index().melt("society", var_name="measure", value_name="count")
    return long.merge(total, on=["society", "measure"])
