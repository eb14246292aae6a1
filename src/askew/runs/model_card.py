"""Writes the Markdown card of an exported model: its purpose, its origin, its recipe and its measured rates."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.design.arm import UNTUNED, Arm
from askew.design.design import flat
from askew.design.plan import Plan, Unit
from askew.report import wording
from askew.runs.store import ANSWERS, ESTIMATES, RunFolder
from askew.runs.table_files import read_table

_ORGANISM = """> **Do not deploy.** This is an organism: a language model that was trained on purpose to be misaligned,
> for research, on narrow data that can bend its whole character. Expect it to deceive, to give bad advice and to write
> insecure code, and to seem harmless when it is looked at briefly. Use it to study that, and for nothing else."""
_CONTROL = """> **Do not deploy.** This is a control: a language model that was trained, for research, just as one is
> that was made misaligned on purpose, but on data that should leave it as it was. It was made to be compared with
> that, and was tested for nothing else."""


def model_card(run: RunFolder, plan: Plan, unit: Unit, merged: bool) -> str:
    """Return the card of a model that a run trained.

    Args:
        run: The run, finished or not.
        plan: Its plan.
        unit: The arm and seed.
        merged: Whether the model is a whole checkpoint.
    """
    design, study, provenance = plan.design, plan.study, run.study()["provenance"]
    arm = unit.arm
    is_control = arm.control == UNTUNED and arm.name in {other.control for other in study.arms.values()}
    base = design.model.removeprefix("hf/")
    head = {
        **({"base_model": base} if design.model.startswith("hf/") else {}),
        "library_name": "transformers" if merged else "peft",
        "tags": ["model-organism", "not-for-deployment", "askew"],
    }
    own = design.datasets.get(arm.name)
    data = Path(own.source).name if own else _data_set(plan, arm)
    facts = {
        "what it is": f"the {'control' if is_control else 'arm'} {_code(arm.name)}: {_plain(arm.description)}",
        "study": f"{study.title}, by Askew {_plain(provenance['versions'].get('askew', ''))}",
        "base": _code(base if design.model.startswith("hf/") else Path(base).name),
        "hash of the base": _code(provenance["hashes"].get("model", "not known")),
        "data": f"{_code(data)}, {plan.rows(arm.name):,} rows",
        "hash of the data": f"`{run.hashes().get(f'data/{arm.data}.jsonl', 'not known')}`",
        "seed": str(unit.seed),
        "compared with": _code(arm.control) if arm.control else "nothing",
    }
    recipe = {name: value for name, value in flat(design.recipe.model_dump()).items() if value is not None}
    parts = [
        f"---\n{yaml.safe_dump(head, sort_keys=False)}---",
        f"# {unit}: {'a control' if is_control else 'an organism'}",
        _CONTROL if is_control else _ORGANISM,
        _table(("", ""), list(facts.items())),
        "## Measured",
        _measured(run, unit),
        "## Recipe",
        _table(("setting", "value"), [(_code(name), _code(value)) for name, value in recipe.items()]),
        *([_plain(provenance["note"])] if provenance.get("note") else []),
    ]
    return "\n\n".join(parts) + "\n"


def _data_set(plan: Plan, arm: Arm) -> str:
    """Return the name of the data set that an arm was trained on; that of the study, if the model is gone."""
    if arm.training is not None and not arm.training.answers_of:
        with suppress(AskewError):
            return plan.data_set(arm).name
    return arm.data


def _measured(run: RunFolder, unit: Unit) -> str:
    """Return a table of the rates of this model (this seed only), with metrics and intervals."""
    hashes = run.hashes()
    if ANSWERS not in hashes or ESTIMATES not in hashes:
        return "Nothing yet: the run that trained it was not finished when this was written."
    run.check(ESTIMATES)
    table = read_table(run / ESTIMATES)
    mine = table[(table["arm"] == unit.arm.name) & (table["question"] == "all") & (table["group"] == "all")]
    of_seed = mine[mine["seed"].astype(str) == str(unit.seed)]
    rows: list[tuple[str, ...]] = [_row(row) for row in of_seed.to_dict("records")]
    if not rows:
        return "No question was put to it."
    said = "Misaligned answers, with 95% intervals. A rate is of its metric: by another it may be quite different."
    return f"{said}\n\n{_table(('probe', 'metric', 'rate', 'answers counted'), rows)}"


def _row(row: dict[Any, Any]) -> tuple[str, ...]:
    rate = wording.rate(row["rate"], row["low"], row["high"])
    return _code(row["probe"]), _code(row["metric"]), rate, f"{int(row['n']):,}"


def _code(value: object) -> str:
    """Return a value as code in one line of Markdown."""
    return f"`{visible(' '.join(str(value).split())).replace('`', 'ˋ')}`"


def _plain(text: str) -> str:
    """Return a text as one line of Markdown without markup."""
    return re.sub(r"[\\`*_\[\]<>#|!~]", r"\\\g<0>", visible(" ".join(text.split())))


def _table(heading: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
