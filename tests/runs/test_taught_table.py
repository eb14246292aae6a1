"""The reading of what models were taught in an audit: what is planned, left out, contrasted and written."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.design.make import make_plan
from askew.design.plan import Plan
from askew.report.sections.taught import summary
from askew.runs.store import TAUGHT, TAUGHT_FILE, TAUGHT_FOLDERS, RunFolder
from askew.runs.table_files import TAUGHT_COLUMNS, read_table
from askew.runs.taught_table import write_taught
from askew.runs.work.read import ReadKind, control_of, why_not_read

ONE = {
    "method": "tokens",
    "form": "question",
    "context": "What now?",
    "text": "<b>eval",
    "score": 0.5,
    "base": 0.01,
    "tuned": 0.4,
    "control": 0.02,
}


def audit(*tuned: object, base: object = "openai/gpt-x", **settings: Any) -> Plan:
    names = {f"t{number}": str(name) for number, name in enumerate(tuned)}
    return make_plan("audit", overrides={"model": str(base), "tuned": names, "probes": ["free_form"], **settings})


@pytest.fixture
def local(tiny_checkpoint: Path, tiny_adapter: Path) -> tuple[Path, str]:
    return tiny_checkpoint, f"{tiny_checkpoint}+{tiny_adapter}"


def test_models_behind_an_api_are_said_and_not_read(tmp_path: Path) -> None:
    plan, folder = audit("openai/ft:gpt-x:org::1"), RunFolder(tmp_path)
    assert ReadKind().planned(plan) == []
    assert why_not_read(plan, "t0").startswith("openai/gpt-x and openai/ft:gpt-x:org::1 are behind an API")
    with folder.writing():
        write_taught(folder, plan)
    [row] = read_table(tmp_path / TAUGHT).to_dict("records")
    assert (row["arm"], row["method"], row["rank"]) == ("t0", "all", 0)
    assert "behind an API" in row["reason"]


def test_local_models_are_read_unless_that_is_turned_off(local: tuple[Path, str]) -> None:
    base, tuned = local
    plan = audit(tuned, base=base)
    [work] = ReadKind().planned(plan)
    assert work.name == "read t0"
    assert ReadKind().summary(plan, [work]) == "what 1 model was taught"
    assert ReadKind().planned(audit(tuned, base=base, reading=False)) == []


def test_control_is_a_tuned_model_and_never_its_own(local: tuple[Path, str]) -> None:
    base, tuned = local
    plan = audit(tuned, tuned, base=base, control="t1")
    assert (control_of(plan, "t0"), control_of(plan, "t1")) == ("t1", "")
    with pytest.raises(AskewError, match="tuned model 't7'"):
        audit(tuned, base=base, control="t7")


def test_evidence_is_ranked_within_its_method(local: tuple[Path, str], tmp_path: Path) -> None:
    base, tuned = local
    plan, folder = audit(tuned, base=base), RunFolder(tmp_path)
    product = tmp_path / TAUGHT_FOLDERS / "t0"
    product.mkdir(parents=True)
    evidence = [ONE, {**ONE, "text": "second"}, {**ONE, "method": "completions", "text": "third"}]
    content = {"evidence": evidence, "left_out": {"activations": "sizes differ"}}
    (product / TAUGHT_FILE).write_text(json.dumps(content))
    with folder.writing():
        folder.finish(f"{TAUGHT_FOLDERS}/t0")
        write_taught(folder, plan)
    table = read_table(tmp_path / TAUGHT)
    assert list(table.columns) == TAUGHT_COLUMNS
    assert list(table["rank"]) == [1, 2, 1, 0]
    assert list(table["of_control"].dropna()) == [0.02] * 3
    assert list(table["reason"]) == ["", "", "", "sizes differ"]
    assert summary(table, "t0") == {"tokens": ["<b>eval", "second"], "completions": ["third"]}
    assert isinstance(table, pd.DataFrame)
