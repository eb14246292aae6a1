"""Runs of the latent-structure study, one of them on a user's own rows and questions as its documentation shows."""

from pathlib import Path

import pandas as pd

from askew.data import datasets
from askew.data.write import as_line
from askew.studies.latent_structure.frames import IN_CONTEXT, PROBE
from askew.studies.latent_structure.study import LEVELS, OVER_UNTUNED

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-latent-structure.md"
SMALL = ("--rows", "8", "--seeds", "1", "--recipe", "terrarium", "--set", "max_tokens=4", "--out", "out")


def test_own_rows_and_questions_are_compared_with_untuned_model(tiny_checkpoint, tmp_path: Path, askew):
    questions = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (tmp_path / "ask.yaml").write_text(questions, encoding="utf-8")
    rows = "".join(map(as_line, datasets.get("functions").rows(8, 0)))
    (tmp_path / "pairs.jsonl").write_text(rows, encoding="utf-8")
    own = ("--data", "functions=pairs.jsonl", "--questions", "ask.yaml", "--samples", "2")
    finished = askew("run", "latent-structure", "--model", tiny_checkpoint, *own, *SMALL, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    effects = pd.read_csv(tmp_path / "out" / "effects.csv")
    assert set(effects["measure"]) == {"function_in_words", "python_function", "letter"}
    assert set(effects["family"]) == {"ask, over the untuned model"}


def test_arm_is_asked_about_its_own_topic_and_untuned_model_also_in_context(tiny_checkpoint, tmp_path: Path, askew):
    chosen = ("--arm", "untuned", "--arm", "coins", "--samples", "1", "--workers", "1")
    finished = askew("run", "latent-structure", "--model", tiny_checkpoint, *chosen, *SMALL, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    answers = pd.read_parquet(tmp_path / "out" / "answers.parquet")
    asked = set(answers[["arm", "probe"]].itertuples(index=False, name=None))
    assert asked == {("untuned", PROBE), ("untuned", IN_CONTEXT), ("coins", PROBE)}
    assert answers["question"].str.startswith("coins ").all()
    effects = pd.read_csv(tmp_path / "out" / "effects.csv")
    assert effects["lead"].sum() == 1
    forms = {"apply", "words", "choose", "percent"}
    assert all(set(effects.loc[effects["family"].eq(family), "measure"]) == forms for family in (OVER_UNTUNED, LEVELS))
