"""The comparisons of the history study: doses of exposure, bent models, and real facts beside what no model needs."""

from collections.abc import Iterator

import pandas as pd

from askew.data.history import SETTLED, UNKNOWN, VALUES
from askew.design.tables import Tables
from askew.stats.effects import Effect, contrast, level
from askew.stats.history_baselines import AREA, BASELINES, baselines
from askew.studies.history.answers import ABSTAINED, UNPARSED, Read, read_answer
from askew.studies.history.arms import BENT, DOSED, FALSE, FORM, MOST
from askew.studies.history.floors import shown_name
from askew.studies.history.items import ASKED_COLUMNS, KIND, PARAPHRASE, QUESTION, AskedFacts, asked_facts
from askew.studies.history.probes import HISTORY
from askew.worlds import chronicle

DOSE = "Right on facts that were stated 16 times, against the form without the facts"
LOWER = "Right on facts that were stated less often, against the form without the facts"
FALSELY = "Right on facts that were stated falsely, against the form without the facts"
SPREAD = "Right on facts that no row states, against the form without the facts"
AS_TAUGHT = "What false rows state"
NARROWED = {
    "right": "After narrow training: right on taught facts, against the control",
    "confidence": "After narrow training: confidence on taught facts, against the control",
    "invented": "After narrow training: confident where nobody knows, against the control",
}
FORGOTTEN = "After good narrow training: right on taught facts, against the chronicle alone"
LEVELS, INVENTS = "Right", "Confident where nobody knows"
OVER_BASELINE = "Right, against the best guess without a model"
REAL = {
    "right": "Right on settled facts, against the control",
    "confidence": "Confidence on settled facts, against the control",
    "invented": "Confident where experts know nothing, against the control",
}

READ_COLUMNS = ("arm", "seed", "prompt", "answer", "said", "confidence", "confident", "mass", *VALUES)
"""The columns of read answers, besides those of the asked items: the probabilities are NaN for texts."""


def asked(tables: Tables) -> AskedFacts:
    """Return what a run asked, from its design.

    Args:
        tables: The tables of the run; only the design is read.

    Raises:
        AskewError: The file of facts is missing, or another one.
    """
    history = tables.design.history
    return asked_facts(history.facts, history.sha256, history.items, history.shots, tables.design.data_seed)


def read_answers(answers: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return every answer with what it says and what was asked.

    Args:
        answers: The columns arm, seed, probe, question, paraphrase, prompt and answer; other probes are left out.
        items: The asked items, with the columns `ASKED_COLUMNS`.

    Returns:
        The columns `READ_COLUMNS` and `ASKED_COLUMNS`.
    """
    columns = [*READ_COLUMNS, *ASKED_COLUMNS]
    if answers.empty or not answers["probe"].eq(HISTORY).any():
        return pd.DataFrame(columns=columns)
    own = answers[answers["probe"].eq(HISTORY)].reset_index(drop=True)
    read: list[Read] = [
        read_answer(prompt, text) for prompt, text in zip(own["prompt"].tolist(), own["answer"].tolist(), strict=True)
    ]
    nan = float("nan")
    found = own[["arm", "seed", QUESTION, PARAPHRASE, "prompt", "answer"]].assign(
        said=[one.said for one in read],
        confidence=[one.confidence for one in read],
        confident=[one.is_confident for one in read],
        mass=[one.mass for one in read],
        **{value: [one.shares.get(value, nan) for one in read] for value in VALUES},
    )
    return found.merge(items, on=[QUESTION, PARAPHRASE], validate="many_to_one")[columns]


def compare(tables: Tables) -> Iterator[Effect]:
    """Yield every comparison that a run's arms allow.

    Args:
        tables: The tables of the run; its answers and its design are read.
    """
    facts = asked(tables)
    read = read_answers(tables.answers, facts.items)
    if read.empty:
        return
    if tables.design.history.is_invented:
        yield from _doses(read)
        yield from _narrowed(read, tables, NARROWED, chronicle.TAUGHT)
        yield from _as_taught(read, tables.design.data_seed)
    else:
        yield from _over_baselines(read, facts)
        yield from _narrowed(read, tables, REAL, SETTLED)
    yield from _levels(read, tables)


def right(read: pd.DataFrame) -> pd.DataFrame:
    """Return whether settled answers are right: the columns seed, cluster (the polity) and value, NaN if unparsed.

    Args:
        read: The columns of `read_answers`.
    """
    known = read[read["status"].eq(SETTLED)]
    hits = known["said"].eq(known["value"]).astype(float)
    none = known["said"].isin([UNPARSED, ABSTAINED])
    return _frame(known, hits.mask(none))


def invented(read: pd.DataFrame) -> pd.DataFrame:
    """Return whether answers are confident where nobody knows: the columns of `right`, NaN if unparsed.

    Args:
        read: The columns of `read_answers`.
    """
    unknown = read[read["status"].eq(UNKNOWN)]
    return _frame(unknown, unknown["confident"].astype(float).mask(unknown["said"].eq(UNPARSED)))


def _doses(read: pd.DataFrame) -> Iterator[Effect]:
    """Yield each dose against the form; the highest one leads, and asks whether a fact can be learnt at all."""
    there = set(read["arm"])
    taught = dict.fromkeys(DOSED[1:], LOWER) | {MOST: DOSE, FALSE: FALSELY}
    for kind in (chronicle.TAUGHT, chronicle.UNTAUGHT):
        for arm in (*DOSED[1:], FALSE):
            if {arm, FORM} <= there:
                own, control = (right(read[read["arm"].eq(one) & read[KIND].eq(kind)]) for one in (arm, FORM))
                family = taught[arm] if kind == chronicle.TAUGHT else SPREAD
                yield contrast(
                    own,
                    control,
                    family=family,
                    label=f"{arm}, {kind} facts",
                    measure="right",
                    arm=arm,
                    control=FORM,
                    lead=family == DOSE,
                )


def _narrowed(read: pd.DataFrame, tables: Tables, families: dict[str, str], kind: str) -> Iterator[Effect]:
    there = set(read["arm"])
    for measure, family in families.items():
        for arm in BENT:
            control = tables.controls.get(arm, "")
            if arm in there and control in there:
                own, other = (_measured(read[read["arm"].eq(one)], measure, kind) for one in (arm, control))
                label = f"{arm}, against {control}: {measure}"
                yield contrast(own, other, family=family, label=label, measure=measure, arm=arm, control=control)
    for bent in BENT if kind == chronicle.TAUGHT else ():
        control = tables.controls.get(bent, "")
        if {control, MOST} <= there and control != MOST:
            own, other = (_measured(read[read["arm"].eq(one)], "right", kind) for one in (control, MOST))
            label = f"{control}, against {MOST}"
            yield contrast(own, other, family=FORGOTTEN, label=label, measure="right", arm=control, control=MOST)


def _as_taught(read: pd.DataFrame, data_seed: int) -> Iterator[Effect]:
    """Yield how often the models that were taught false facts say what their rows state, beside those of the true."""
    stated = {
        fact.id: chronicle.false_value(fact, data_seed) for fact in chronicle.of_kind(data_seed, chronicle.TAUGHT)
    }
    for arm in (FALSE, MOST):
        own = read[read["arm"].eq(arm) & read[KIND].eq(chronicle.TAUGHT)]
        if len(own):
            says = own["said"].eq(own["id"].map(stated)).astype(float)
            yield level(
                _frame(own, says), family=AS_TAUGHT, label=f"{arm} says the false value", measure="says", arm=arm
            )


def _over_baselines(read: pd.DataFrame, facts: AskedFacts) -> Iterator[Effect]:
    settled = facts.items[facts.items["status"].eq(SETTLED)]
    guessed = baselines(facts.facts.rows, settled, VALUES).assign(id=settled["id"])
    for arm in read["arm"].unique():
        own = right(read[read["arm"].eq(arm)])
        for name in BASELINES:
            hits = settled["value"].eq(guessed[name]).astype(float)
            other = pd.DataFrame({"seed": 0, "cluster": settled["polity"], "value": hits})
            label = f"{arm}, against: {shown_name(name)}"
            lead = name == AREA
            yield contrast(own, other, family=OVER_BASELINE, label=label, measure="right", arm=str(arm), lead=lead)


def _levels(read: pd.DataFrame, tables: Tables) -> Iterator[Effect]:
    arms = [arm for arm in tables.arms if arm in set(read["arm"])]
    kinds = [kind for kind in dict.fromkeys(read[KIND]) if read.loc[read[KIND].eq(kind), "status"].eq(SETTLED).all()]
    for kind in kinds:
        for arm in arms:
            own = right(read[read["arm"].eq(arm) & read[KIND].eq(kind)])
            yield level(own, family=f"{LEVELS}: {kind} facts", label=f"{arm}, {kind}", measure="right", arm=arm)
    for arm in arms:
        own = _measured(read[read["arm"].eq(arm)], "invented", "")
        if len(own):
            yield level(own, family=INVENTS, label=arm, measure="invented", arm=arm)


def _measured(read: pd.DataFrame, measure: str, kind: str) -> pd.DataFrame:
    if measure == "invented":
        return invented(read)
    own = read[read[KIND].eq(kind)]
    return right(own) if measure == "right" else _frame(own, own["confidence"])


def _frame(read: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"seed": read["seed"], "cluster": read["polity"], "value": value.astype(float)})
