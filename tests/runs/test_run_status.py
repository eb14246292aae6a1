"""How a run stands, as another process tells it: live, finished, stopped, failed, killed, silent, foreign."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.base.locks import is_locked, locked
from askew.runs import status_file
from askew.runs.answer_count import AnswerCount
from askew.runs.progress import Display
from askew.runs.status import as_data, run_status
from askew.runs.status_file import STATUS, reporting, this_machine
from askew.runs.store import STUDY, RunFolder
from command_line import Command
from made_runs import PROVENANCE, make_run

HOLD = (
    "import sys; from pathlib import Path; from askew.base.locks import locked\n"
    "with locked(Path(sys.argv[1]), print): print('in', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run that has begun."""
    from askew.design.design import Design

    store = RunFolder(tmp_path / "run")
    with store.writing():
        store.freeze(Design(study="emergent-misalignment", arms=["secure"], probes=["free_form"]), PROVENANCE)
    return store.path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Let another process hold the lock of a run's folder."""
    command = [sys.executable, "-c", HOLD, str(folder / ".lock")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "in\n"
    try:
        yield
    finally:
        process.kill()
        process.communicate()


def says(folder: Path, **changes: Any) -> None:
    """Write what the process of a run said last."""
    now = time.time()
    said = {"format": 1, "askew": "0.1.0", "process": os.getpid(), "machine": this_machine(), "began": now - 60}
    stages = [{"name": "asking and judging", "pieces": 5, "done": 2, "running": 1, "seconds_left": 30.0}]
    more = {"written": now, "stages": stages, "answers": 12.0, "answers_per_second": 3.0, "ended": "", **changes}
    (folder / STATUS).write_text(json.dumps({**said, **more}))


def test_answers_are_counted_over_the_last_minute_and_over_pieces() -> None:
    now = [0.0]
    count = AnswerCount(lambda: now[0])
    assert count.rate() is None
    for second in range(1, 201):  # 5 answers a second, of a piece of 1,000
        now[0] = float(second)
        count.note("ask a", 5.0 * second, 5.0 * second / 1000)
    assert count.rate() == pytest.approx(5)
    count.finish("ask a")
    assert count.total == 1000
    now[0] += 300
    assert count.rate() is None  # nothing came for minutes


def test_display_tells_its_state_as_the_file_takes_it(tmp_path: Path) -> None:
    with Display(quiet=True) as display:
        display.expect("ask", "asking and judging", 4, 1, 40.0)
        display.note("ask a", "ask", "begun")
        display.note("ask b", "ask", "begun")
        display.under_way("ask a", 0.5, 120.0, "tokens", answers=10)
        display.note("ask b", "ask", "failed")
        with reporting(tmp_path, display):
            pass
    found = json.loads((tmp_path / STATUS).read_text())
    assert [(one["pieces"], one["done"], one["running"]) for one in found["stages"]] == [(4, 1, 1)]
    assert found["stages"][0]["seconds_left"] == pytest.approx(40, abs=5)
    assert [(one["piece"], one["share"], one["rate"]) for one in found["under_way"]] == [("ask a", 0.5, 120.0)]
    assert found["failed"] == ["ask b"]
    assert found["answers"] == 10
    assert (found["ended"], found["process"]) == ("finished", os.getpid())


@pytest.mark.parametrize(
    ("raised", "ended", "error"),
    [(KeyboardInterrupt(), "stopped", ""), (AskewError("the disk is full"), "failed", "the disk is full")],
)
def test_file_says_how_a_session_ended(tmp_path: Path, raised: BaseException, ended: str, error: str) -> None:
    def session() -> None:
        with Display(quiet=True) as display, reporting(tmp_path, display):
            assert json.loads((tmp_path / STATUS).read_text())["ended"] == ""
            raise raised

    with pytest.raises(type(raised)):
        session()
    found = json.loads((tmp_path / STATUS).read_text())
    assert (found["ended"], found["error"]) == (ended, error)


def test_file_is_renewed_while_a_run_works_and_a_full_disk_does_not_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_file, "WRITTEN_EVERY", 0.01)
    with Display(quiet=True) as display, reporting(tmp_path, display):
        first = (tmp_path / STATUS).read_text()
        while (tmp_path / STATUS).read_text() == first:
            time.sleep(0.01)

        def refuse(path: Path, content: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(status_file, "write_whole", refuse)


def test_live_run_is_told_by_its_lock(run: Path) -> None:
    says(run, under_way=[{"piece": "ask secure-0", "share": 0.25}])
    with held(run):
        found = run_status(run)
    assert (found.state, found.in_use, found.trouble) == ("running", True, "")
    assert found.counts == {"pieces": 5, "done": 2, "running": 1, "failed": 0, "left": 2}
    assert found.seconds_left == pytest.approx(30, abs=5)
    assert found.answers_per_second == 3
    assert as_data(found)["under_way"][0]["piece"] == "ask secure-0"


def test_killed_run_is_told_by_its_lock(run: Path) -> None:
    says(run, written=time.time() - 7)
    found = run_status(run)
    assert (found.state, found.in_use, found.answers_per_second) == ("cut short", False, None)
    assert found.counts["left"] == 3  # what was under way is to be done
    assert "7 seconds ago. 2 of 5 pieces of work are done. Continue it with `askew run" in found.trouble
    assert f"--out {run}`" in found.trouble


def test_run_on_another_machine_is_believed_for_a_minute(run: Path) -> None:
    says(run, machine="another", written=time.time() - 20)
    assert run_status(run).state == "running"
    says(run, machine="another", written=time.time() - 300)
    found = run_status(run)
    assert found.state == "silent"
    assert "for 5 minutes: its machine sleeps" in found.trouble


def test_run_on_a_disk_without_locks_is_told_by_its_process(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("askew.runs.status.is_locked", lambda path: None)
    says(run)
    assert run_status(run).state == "running"
    says(run, process=2**22 + 1)  # there is no such process
    assert run_status(run).state == "cut short"


def test_failed_run_says_why_in_one_line(run: Path) -> None:
    says(run, ended="failed", error="a server\nfailed.", failed=["ask secure-0"])
    found = run_status(run)
    assert (found.state, found.counts["failed"]) == ("failed", 1)
    assert "failed 1 second ago: a server failed. 2 of 5" in found.trouble
    assert "\n" not in found.trouble


def test_stopped_and_finished_runs_are_no_trouble(run: Path) -> None:
    for ended in ("stopped", "finished"):
        says(run, ended=ended)
        assert (run_status(run).state, run_status(run).trouble) == (ended, "")


def test_finished_run_without_a_status_file_is_finished(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "made")
    assert run_status(folder).state == "finished"


def test_begun_run_without_a_status_file_is_counted_from_its_manifest(run: Path) -> None:
    found = run_status(run)
    assert (found.state, found.counts["done"]) == ("cut short", 0)
    assert found.counts["pieces"] > 1


def test_look_at_a_lock_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    assert is_locked(path) is False
    assert not path.exists()
    with locked(path, print):
        assert is_locked(path) is True
    assert is_locked(path) is False


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "there is no run in nowhere: no such folder"),
        (lambda folder: folder.write_text(""), "nowhere is a file, and no run's folder"),
        (lambda folder: folder.mkdir(), "nowhere is not a run's folder: it has no study.json"),
        (lambda folder: (folder.mkdir(), (folder / "sweep.json").write_text("{}")), "nowhere is a sweep's folder"),
    ],
)
def test_command_refuses_what_is_no_run(command: Command, tmp_path: Path, make: Any, message: str) -> None:
    make(tmp_path / "nowhere")
    code, out, err = command("status", "nowhere")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert len(err.splitlines()) == 1


def test_command_refuses_what_another_version_wrote(command: Command, run: Path) -> None:
    says(run, format=2, askew="9.0")
    code, _, err = command("status", run)
    assert code == 2
    assert "is one of Askew 9.0, and this is" in err
    says(run, stages=[{"name": "x", "pieces": -1, "done": 0}])
    code, _, err = command("status", run)
    assert code == 2
    assert "is damaged at stages.0.pieces: delete it" in err
    (run / STATUS).unlink()
    study = json.loads((run / STUDY).read_text())
    study["provenance"]["versions"]["askew"] = "9.0"
    (run / STUDY).write_text(json.dumps({**study, "samples_per_moon": 3}))
    code, _, err = command("status", run)
    assert code == 2
    assert "was made by Askew 9.0, whose design this version" in err
    assert len(err.splitlines()) == 1


def test_command_prints_a_table_or_json_and_exits_with_2_for_a_killed_run(command: Command, run: Path) -> None:
    says(run, ended="stopped", doing="counting\x1b[2J")
    code, out, err = command("status", run)
    assert (code, err) == (0, "")
    assert "stopped; no live process works in the folder" in " ".join(out.split())
    assert "2 of 5" in out
    says(run)
    code, out, err = command("status", run, "--json")
    assert code == 2
    assert json.loads(out)["state"] == "cut short"
    assert err.startswith("error: the run in ")
    code, out, err = command("status", run, "--watch", "--json")
    assert code == 2
    assert [json.loads(line)["left"] for line in out.splitlines()] == [3]


def test_watch_renews_until_the_run_ends(command: Command, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says(run, machine="another")

    def end(seconds: float) -> None:
        says(run, ended="finished")

    monkeypatch.setattr("askew.cli.status.time.sleep", end)
    code, out, _ = command("status", run, "--watch")
    assert code == 0
    assert out.index("running") < out.index("finished")


def test_strangers_run_with_a_pipe_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another"))
    os.mkfifo(run / STATUS)
    with pytest.raises(AskewError, match="neither a file nor a folder"):
        run_status(run)
