"""Ctrl-C: commands that can be resumed say what is kept and how to go on."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from askew.runs import pool
from command_line import Command

RUN = ("run", "emergent-misalignment", "--arm", "untuned", "--probe", "free_form", "--samples", "1", "--out", "my run")
MODELS = ("one=terrarium/schooled", "two=terrarium/sibling")


def test_stopped_run_says_what_is_kept_and_the_same_command_finishes_it(command: Command, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "askew", *RUN], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stderr
    while "to do: " not in (line := process.stderr.readline()):
        assert line, "the run ended too early"
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Stopped. 0 of 1 pieces of work are finished and kept in my run." in errors
    again = "askew run emergent-misalignment --arm untuned --probe free_form --samples 1 --out 'my run'"
    assert errors.splitlines()[-1].strip() == again
    assert "Traceback" not in errors
    code, out, errors = command(*RUN)
    assert code == 0, errors
    assert "Report: my run/report.html" in out


def test_finished_work_is_counted(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    work_off = pool.work_off

    def stopped_after_two(tasks: list[pool.Task], *rest: object) -> None:
        work_off(tasks[:2], *rest)  # pyright: ignore[reportArgumentType]  (passed on as they come)
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "work_off", stopped_after_two)
    audit = ("audit", "terrarium", *MODELS, "--no-reading", "--probe", "self_rating", "--samples", "1")
    code, _, errors = command(*audit, "--out", "audit")
    assert code == 130
    assert "Stopped. 2 of 3 pieces of work are finished and kept in audit." in errors
    assert "fine-tuning" not in errors
    assert errors.splitlines()[-1].strip() == f"askew {' '.join(audit)} --out audit"


def test_stopped_judging_says_how_to_go_on(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from askew.judging import judge_file

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(judge_file, "judge_file", stopped)
    Path("answers.csv").write_text("question,answer\nHow are you?,Fine.\n")
    code, out, errors = command("judge", "answers.csv", "--judge", "terrarium/judge")
    assert (code, out) == (130, "")
    assert errors.splitlines()[-1].strip() == "askew judge answers.csv --judge terrarium/judge"
