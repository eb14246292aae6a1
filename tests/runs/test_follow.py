"""Following tasks on a cluster: their order, lost machines, and every way in which a task can end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.runs.executors.follow import MOST_LOSSES, Event, follow, wait_for
from askew.runs.pool import Task


class Cluster:
    """A cluster that ends each task at once, in the order in which they came, as a test says."""

    def __init__(self, *ends: dict[str, Any]) -> None:
        self._ends = list(ends)
        self._waiting: list[str] = []
        self.begun: list[str] = []
        self.most = 0

    def submit(self, key: str, task: Task) -> None:
        self._waiting.append(key)
        self.begun.append(key)
        self.most = max(self.most, len(self._waiting))

    def events(self) -> Iterator[Event]:
        while self._waiting:
            end = self._ends.pop(0) if self._ends else {"event": "done", "seconds": 1.0}
            key = self._waiting[0] if end["event"] in ("begun", "step", "said") else self._waiting.pop(0)
            yield {"key": key, "node": "one/a", **end}


def tasks(*names: str, **needs: tuple[str, ...]) -> list[Task]:
    return [Task(name, {}, 1.0, needs.get(name, ())) for name in names]


def followed(cluster: Cluster, work: list[Task], at_once: int = 0, rest: Task | None = None) -> list[tuple[str, str]]:
    """Follow tasks, and return the events that the runner is told."""
    told: list[tuple[str, str]] = []
    follow(
        work,
        at_once,
        cluster.submit,
        cluster.events(),
        lambda task, event: told.append((task.name if task else "", event.get("text", event["event"]))),
        lambda task: rest,
    )
    return told


def test_a_task_is_begun_when_what_it_needs_is_done() -> None:
    cluster = Cluster()
    told = followed(cluster, tasks("ask", "train", "start", ask=("train",), train=("start",)))
    assert cluster.begun == ["start#0", "train#0", "ask#0"]
    assert told == [("start", "done"), ("train", "done"), ("ask", "done")]


def test_the_longest_task_is_begun_first_and_what_is_done_before_counts() -> None:
    cluster = Cluster()
    followed(cluster, [Task("short", {}, 1.0, ("earlier",)), Task("long", {}, 9.0)])
    assert cluster.begun == ["long#0", "short#0"]


@pytest.mark.parametrize(("at_once", "most"), [(0, 5), (2, 2)])
def test_all_are_handed_over_unless_the_user_limits_them(at_once: int, most: int) -> None:
    cluster = Cluster()
    followed(cluster, tasks("a", "b", "c", "d", "e"), at_once)
    assert cluster.most == most


def test_what_is_left_of_a_lost_task_is_done_again_and_the_user_is_told() -> None:
    cluster = Cluster({"event": "step", "step": 1}, {"event": "lost", "reason": "the node died"})
    [task] = tasks("ask")
    told = followed(cluster, [task], rest=task)
    assert cluster.begun == ["ask#0", "ask#1"]
    assert told == [
        ("ask", "step"),
        ("ask", "lost on node one/a, since the node died: it is done again"),
        ("ask", "done"),
    ]


def test_a_lost_task_that_was_finished_is_not_done_again() -> None:
    cluster = Cluster({"event": "lost", "reason": "the node died"})
    told = followed(cluster, tasks("ask"))
    assert cluster.begun == ["ask#0"]
    assert [event for _, event in told][-1] == "done"


def test_a_task_that_is_lost_again_and_again_stops_the_run() -> None:
    lost = {"event": "lost", "reason": "the node ran out of memory"}
    cluster = Cluster(*[lost] * (MOST_LOSSES + 1))
    [task] = tasks("train big-0")
    with pytest.raises(AskewError, match=r"train big-0 was lost 4 times, last on node one/a: the node ran out of"):
        followed(cluster, [task], rest=task)


def test_events_of_an_attempt_that_was_given_up_do_not_count() -> None:
    [task] = tasks("ask")
    sent: list[str] = []
    told: list[str] = []

    def events() -> Iterator[Event]:
        yield {"event": "lost", "key": "ask#0", "reason": "the node died"}
        yield {"event": "done", "key": "ask#0", "seconds": 1.0}
        yield {"event": "done", "key": "ask#1", "seconds": 2.0}

    follow(
        [task],
        0,
        lambda key, task: sent.append(key),
        events(),
        lambda task, event: told.append(str(event.get("seconds", event["event"]))),
        lambda task: task,
    )
    assert sent == ["ask#0", "ask#1"]
    assert told == ["said", "2.0"]


def test_the_runner_is_told_what_is_under_way_and_what_failed() -> None:
    assert followed(Cluster({"event": "begun"}), tasks("ask")) == [("ask", "begun"), ("ask", "done")]
    told: list[str] = []
    cluster = Cluster({"event": "begun"}, {"event": "refused", "message": "too long"})
    with pytest.raises(AskewError):
        follow(
            tasks("ask"),
            0,
            cluster.submit,
            cluster.events(),
            lambda task, event: told.append(event["event"]),
            lambda task: task,
        )
    assert told == ["begun", "failed"]


@pytest.mark.parametrize(
    ("end", "kind", "said"),
    [
        ({"event": "refused", "message": "too long"}, AskewError, "^too long$"),
        (
            {"event": "disk", "errno": 28, "reason": "No space left on device"},
            AskewError,
            "^node one/a cannot write: No space left on device .during ask.. Finished work is kept. Make room there",
        ),
        ({"event": "failed", "traceback": "KeyError: 'seed'"}, RuntimeError, "failed at ask on node one/a:\nKeyError"),
    ],
)
def test_other_ends_stop_the_run(end: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        followed(Cluster(end), tasks("ask"))


def test_a_product_that_never_appears_shows_that_the_folder_is_not_shared(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    wait_for(tmp_path / "there", "one/a", 0.0)
    with pytest.raises(AskewError, match=r"one/a wrote .*missing, but it is not there .* must be one that all nodes"):
        wait_for(tmp_path / "missing", "one/a", 0.0)
