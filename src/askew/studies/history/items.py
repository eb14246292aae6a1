"""The facts that a run asks, from the chronicle or a file, and the few that stand before each question as shots."""

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any

import pandas as pd

from askew.base.errors import AskewError
from askew.data.history import DISPUTED, ITEM_COLUMNS, SETTLED, UNKNOWN, VALUES, Facts, period_of
from askew.design.history import CHRONICLE, NO_SHOTS
from askew.worlds import chronicle

KIND = "kind"
"""The column of asked items that tells facts of the chronicle apart; for real facts it repeats the status."""

QUESTION, PARAPHRASE = "question", "paraphrase"
"""The columns of asked items that say where each is asked: all items of a kind about one polity are one question, whose
wordings they are, since facts about one polity are alike, and a question costs as much as many wordings."""

ASKED_COLUMNS = (*ITEM_COLUMNS, KIND, QUESTION, PARAPHRASE)

_SHOT = ("root", "polity", "name", "category", "variable", "value")
_UNKNOWN_SHARE, _DISPUTED_SHARE = 4, 10
_STATUS = {chronicle.UNKNOWN: UNKNOWN, chronicle.DISPUTED: DISPUTED}
_NO_SHOT = "{file} has no shot for the part {root!r}, so its questions are asked without any"


@dataclass(frozen=True)
class Shot:
    """A fact with its value, which stands before a question.

    Attributes:
        root: The part that it belongs to.
        polity: The polity.
        name: The polity's name for people.
        category: The category of the variable.
        variable: The variable.
        start: The first year; None if it is not known.
        end: The last year.
        value: The value.
        evidence: What the experts note; "" if nothing is known of it.
    """

    root: str
    polity: str
    name: str
    category: str
    variable: str
    start: int | None
    end: int | None
    value: str
    evidence: str = ""


@dataclass(frozen=True)
class AskedFacts:
    """The facts that a run asks.

    Attributes:
        facts: The facts of the source; the baselines know all of them.
        items: The asked items, with the columns `ASKED_COLUMNS`.
        shots: The shots by part.
        notes: What a reader should know of the choice.
    """

    facts: Facts
    items: pd.DataFrame
    shots: dict[str, tuple[Shot, ...]]
    notes: tuple[str, ...]


@lru_cache(maxsize=4)
def asked_facts(facts: str, sha256: str, most: int, shots_file: str, data_seed: int) -> AskedFacts:
    """Return the items and the shots of a run.

    Args:
        facts: The chronicle, or a source of `askew.data.history.sources`.
        sha256: The hash that the file must have; "" for any.
        most: Settled items to ask, drawn by the seed; 0 for all.
        shots_file: A file with published shots, or "none"; "" to draw four of each part, which are not asked.
        data_seed: The seed of the chronicle, of the draw and of the shots.

    Raises:
        AskewError: The file is missing, damaged, or another one.
    """
    if facts == CHRONICLE:
        source = of_chronicle(data_seed)
        pool = source.items[source.items[KIND].eq(chronicle.ELSEWHERE)]
        source = replace(source, items=source.items.drop(pool.index))
    else:
        from askew.data.history.sources import open_facts

        source = open_facts(facts, sha256)
        pool = source.items[source.items["status"].eq(SETTLED)]
    every = source.items if KIND in source.items else source.items.assign(**{KIND: source.items["status"]})
    shots = _shots(shots_file, pool, data_seed)
    own = {(shot.polity, shot.variable) for of_root in shots.values() for shot in of_root}
    is_shot = [pair in own for pair in zip(every["polity"], every["variable"], strict=True)]
    left = every[~pd.Series(is_shot, index=every.index)]
    notes = [*source.notes]
    if sum(is_shot):
        notes.append(f"{sum(is_shot)} facts stand before the questions as shots, and are not asked.")
    if shots_file not in ("", NO_SHOTS):
        notes += [_NO_SHOT.format(file=shots_file, root=root) for root in left["root"].unique() if root not in shots]
    return AskedFacts(source, _numbered(_sample(left, most, data_seed)), shots, tuple(notes))


def _numbered(items: pd.DataFrame) -> pd.DataFrame:
    """Return items with the question and the wording as which each is asked."""
    question = items["polity"].astype(str) + ", " + items[KIND].astype(str)
    return items.assign(**{QUESTION: question, PARAPHRASE: items.groupby(question.to_numpy()).cumcount()})


def of_chronicle(seed: int) -> Facts:
    """Return the facts of the chronicle as those of a file: the rows are asked ones, the items also those of elsewhere.

    Args:
        seed: The seed of the world.
    """
    told = chronicle.facts(seed)
    items = pd.DataFrame([_as_item(fact) for fact in told], columns=[*ITEM_COLUMNS, KIND])
    asked = items["status"].eq(SETTLED) & items[KIND].ne(chronicle.ELSEWHERE)
    rows = items[asked].assign(key=items["variable"])
    places = {fact.polity.area: (fact.polity.north, fact.polity.east) for fact in told if fact.kind != "elsewhere"}
    return Facts("the chronicle, an invented world", rows, items, places)


def _as_item(fact: chronicle.Fact) -> dict[str, Any]:
    polity = fact.polity
    return {
        "id": fact.id,
        "polity": polity.name,
        "name": polity.name,
        "area": polity.area,
        "region": polity.region,
        "start": polity.start,
        "end": polity.end,
        "period": period_of(polity.start, polity.end),
        "root": fact.root,
        "category": fact.root,
        "variable": fact.variable,
        "value": fact.values[0] if len(fact.values) == 1 else "",
        "values": " | ".join(fact.values) or UNKNOWN,
        "status": _STATUS.get(fact.kind, SETTLED),
        "text": "",
        "source": f"made by seed: {fact.kind}",
        KIND: fact.kind,
    }


def _sample(items: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    if not most:
        return items.reset_index(drop=True)
    wanted = {SETTLED: most, UNKNOWN: most // _UNKNOWN_SHARE, DISPUTED: most // _DISPUTED_SHARE}
    kept: list[int] = []
    for status, count in wanted.items():
        places = items.index[items["status"].eq(status)].tolist()
        kept += Random(f"history items {status} {seed}").sample(places, min(count, len(places)))
    return items.loc[sorted(kept)].reset_index(drop=True)


def _shots(file: str, pool: pd.DataFrame, seed: int) -> dict[str, tuple[Shot, ...]]:
    if file == NO_SHOTS:
        return {}
    return _published(file) if file else _drawn(pool, seed)


def _drawn(items: pd.DataFrame, seed: int) -> dict[str, tuple[Shot, ...]]:
    """Draw a settled fact of each value from each part, in random order."""
    found: dict[str, tuple[Shot, ...]] = {}
    for root, own in items.groupby("root", sort=False):
        rng = Random(f"history shots {root} {seed}")
        drawn = [_shot(rng.choice(rows)) for value in VALUES if (rows := _records(own[own["value"].eq(value)]))]
        rng.shuffle(drawn)
        found[str(root)] = tuple(drawn)
    return found


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.to_dict("records")


def _shot(row: dict[Any, Any]) -> Shot:
    years = [None if pd.isna(row[name]) else int(row[name]) for name in ("start", "end")]
    root, polity, name, category, variable, value = (str(row[column]) for column in _SHOT)
    return Shot(root, polity, name, category, variable, years[0], years[1], value, str(row.get("text") or ""))


def _published(file: str) -> dict[str, tuple[Shot, ...]]:
    from askew.data.history import hist_llm
    from askew.data.history.sources import path_of

    found: dict[str, tuple[Shot, ...]] = {}
    try:
        rows = hist_llm.shots(path_of(file))
    except OSError as error:
        raise AskewError(f"{file} cannot be read: {error.strerror}") from error
    for row in rows:
        found[row["root"]] = (*found.get(row["root"], ()), _shot(row))
    return found
