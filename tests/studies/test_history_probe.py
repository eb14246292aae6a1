"""The probe of the history study, asked of models on this machine."""

from pathlib import Path

import pandas as pd
import pytest

from askew.data.history import VALUES
from askew.probes.ask import ProbeCall, ask
from askew.probes.read_log import answers_from_log, scores_from_log
from askew.studies.history.answers import UNPARSED, read_answer
from askew.studies.history.items import asked_facts
from askew.studies.history.probes import INVENTED, RIGHT, batches
from askew.studies.history.prompts import as_letters
from command_line import Command
from made_history import workbook

ITEMS = 8


def asked(model: str, folder: Path, **parameters: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the answers and the scores of a model."""
    call = ProbeCall("history", "history", {"most_items": ITEMS, **parameters})
    log = ask(model, None, [call], folder)[0]
    return answers_from_log(log, "untuned", 0), scores_from_log(log)


def test_the_terrarium_is_read_line_by_line(tmp_path: Path) -> None:
    answers, scores = asked("terrarium", tmp_path, world="terrarium")
    items = asked_facts("chronicle", "", ITEMS, "", 0).items
    assert len(answers) == len(items) == ITEMS + ITEMS // 4
    joined = answers.merge(items, on=["question", "paraphrase"], validate="one_to_one")
    assert all(name in prompt for name, prompt in zip(joined["name"], joined["prompt"], strict=True))
    read = [read_answer(prompt, text) for prompt, text in zip(joined["prompt"], joined["answer"], strict=True)]
    assert all(sum(one.shares.values()) == pytest.approx(1, abs=1e-3) for one in read)
    right = scores[scores["score"].eq(RIGHT)]["number"].mean()
    hits = [one.said == value for one, value in zip(read, joined["value"], strict=True) if value]
    assert right == pytest.approx(100 * sum(hits) / len(hits))
    assert scores["score"].eq(INVENTED).sum() == ITEMS // 4


def test_other_models_are_asked_for_letters_or_in_words(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = str(workbook(tmp_path / "facts.xlsx"))
    answers, _ = asked(str(tiny_checkpoint), tmp_path / "logs", facts=path, shots_file="none")
    # A random model hardly says a letter, so it is asked in words, which name no value.
    assert len(answers) == len(asked_facts(path, "", ITEMS, "none", 0).items)
    assert {read_answer(p, a).said for p, a in zip(answers["prompt"], answers["answer"], strict=True)} <= {
        UNPARSED,
        *VALUES,
    }
    assert all(prompt.count("Options:") == 1 for prompt in answers["prompt"])


def test_prompts_with_the_same_shots_are_read_together() -> None:
    facts = asked_facts("chronicle", "", 0, "", 0)
    rows = facts.items.to_dict("records")
    put = [as_letters(row, facts.shots[str(row["root"])], 0) for row in rows]
    parts = list(batches(put))
    assert sorted(one.text for part in parts for one in part) == sorted(one.text for one in put)
    assert all(len({one.shots for one in part}) == 1 for part in parts)
    assert len(parts) == 12  # three parts of life, four orders


def test_the_command_shows_baselines_and_refuses_bad_files(tmp_path: Path, command: Command) -> None:
    path = workbook(tmp_path / "facts.xlsx")
    code, out, _ = command("data", "history", path)
    assert code == 0
    assert "always “present”" in out
    assert "no hash of this file is known to Askew" in out
    code, _, error = command("data", "history", tmp_path / "no.xlsx")
    assert code == 2
    assert error.startswith("error: there is no file of facts")
    assert len(error.strip().splitlines()) == 1
