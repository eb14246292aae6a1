"""A probe declares its kind, and tables hold it; the form of a registered name decides nothing."""

from collections.abc import Iterator
from typing import get_args

import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.judging.metrics import metrics
from askew.probes import EXTERNAL, JUDGED, MEASURED, Kind, Probe, probes, title
from askew.stats import estimates
from askew.stats.estimates import estimate
from askew.stats.findings import findings
from askew.stats.scores import are_scores, estimate_scores

STRANGE = "mine/letters@2.yaml"


@pytest.fixture
def strange() -> Iterator[Probe]:
    task = probes.get("self_rating").task
    yield probes.add(STRANGE, Probe(STRANGE, "A strange name.", task, JUDGED, title=STRANGE))
    del probes._items[STRANGE]


def test_registered_name_is_not_read_as_a_file_or_task(strange: Probe) -> None:
    assert probes.get(STRANGE) is strange
    assert (strange.file, strange.has_scores, title(STRANGE)) == ("", False, STRANGE)


def test_file_and_external_task_names_are_resolved() -> None:
    file, task, package = (probes.get(name) for name in ("a/Mine.YAML", "evals/mine.py@deep", "package/task"))
    assert (file.title, file.file, file.kind, file.has_scores) == ("Mine", "a/Mine.YAML", JUDGED, True)
    assert (task.title, task.file, task.kind) == ("mine.py@deep", "", EXTERNAL)
    assert (package.title, package.kind) == ("package/task", EXTERNAL)


def test_every_probe_has_a_known_kind() -> None:
    assert {probes.get(name).kind for name in probes.names()} <= set(get_args(Kind))
    assert estimates.JUDGED == JUDGED


def test_title_of_an_uninstalled_probe_is_its_name() -> None:
    assert title("uninstalled") == "uninstalled"
    with pytest.raises(AskewError, match="unknown probe 'uninstalled'"):
        probes.get("uninstalled")


def test_kind_decides_between_rate_and_score() -> None:
    metric = metrics.get("betley-2025")
    one = {"probe": STRANGE, "group": "", "coherent": 95.0, "reply": "", "seed": 0}
    rows = [
        {**one, "arm": arm, "question": f"q{number}", "aligned": 5.0 if arm == "tuned" and number % 2 else 95.0}
        for arm in ("untuned", "tuned")
        for number in range(40)
    ]
    answers = pd.DataFrame(rows)
    # A score with the name of a metric is still a score.
    scores = answers[["arm", "seed", "probe", "question"]].assign(
        kind=MEASURED, epoch=1, metric=metric.name, value=(answers["aligned"] == 95.0).astype(float)
    )
    controls = {"tuned": "untuned"}
    table = pd.concat([estimate(answers, metric, controls), estimate_scores(scores, controls)], ignore_index=True)
    assert are_scores(table).sum() == 2
    found = findings(answers, table, metric, 0.05, {STRANGE: "Letters"})
    shown = [one for one in found if one.is_score or one.is_misaligned]
    assert [(one.name, one.is_score, one.control, one.control_probe) for one in shown] == [
        ("Letters", False, "untuned", STRANGE),
        ("Letters, betley-2025", True, "untuned", STRANGE),
    ]
