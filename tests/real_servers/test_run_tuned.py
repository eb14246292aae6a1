"""Runs that fine-tune arms at a provider: consent, one job per arm, resumption, and questions to the new models."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import KEY, Askew
from tuning_server import TuningServer

import askew as api
from askew.base.errors import AskewError
from askew.models.names import resolve

MODEL = "openai-api/local/base"
PRICE = "openai-api/local/*: {input: 1, output: 1, training: 10}\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TuningServer]:
    with TuningServer() as made:
        monkeypatch.setenv("LOCAL_API_KEY", KEY)
        monkeypatch.setenv("LOCAL_BASE_URL", made.url)
        yield made


def command(folder: Path, *more: object) -> list[object]:
    arms = [word for arm in ("untuned", "insecure", "secure") for word in ("--arm", arm)]
    design = [*arms, "--probe", "free_form", "--samples", 2, "--seeds", 1, "--rows", 12]
    return ["run", "emergent-misalignment", *design, "--model", MODEL, "--out", folder, *more]


def test_killed_run_resumes_its_fine_tunes_and_asks_the_tuned_models(
    server: TuningServer, askew: Askew, tmp_path: Path
) -> None:
    prices, folder = tmp_path / "prices.yaml", tmp_path / "run"
    prices.write_text(PRICE)
    priced = ["--prices", prices]

    process = askew(command(folder, *priced))
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 2, errors
    assert "2 fine-tunes" in errors
    assert "none was started: agree with --yes" in errors
    process = askew(command(folder, *priced, "--yes", "--max-cost", "0.001"))
    assert "--max-cost leaves $0.001. Nothing was sent" in process.communicate(timeout=200)[1]
    assert server.counts["create"] == server.counts["upload"] == 0

    server.looks = 10_000
    process = askew(command(folder, *priced, "--yes"))
    end = time.monotonic() + 120
    while server.counts["job"] < 4 and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(server.jobs) == 2
    assert not (folder / "models" / "insecure-0").exists()

    server.looks = 1
    process = askew(command(folder, *priced, "--max-cost", "5"))  # jobs that were started need no new consent
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert len(server.jobs) == len(server.files) == 2
    assert sorted(job["suffix"] for job in server.jobs.values()) == ["insecure-0", "secure-0"]
    assert set(server.said) == {"base", *(job["fine_tuned_model"] for job in server.jobs.values())}
    run = api.load_run(folder)
    for arm, name in (("insecure", "ft:base:org:insecure-0:"), ("secure", "ft:base:org:secure-0:")):
        assert run.answers[run.answers["arm"] == arm]["answer"].str.contains(name).all()
        assert resolve(f"{folder}#{arm}-0").inspect_name.startswith(f"openai-api/local/{name}")
    costs = json.loads((folder / "costs.json").read_text())
    assert costs["models"][0] == {
        **{"model": f"{MODEL} (fine-tuning)", "requests": 2, "lost": 0},
        **{"input_tokens": 2468, "output_tokens": 0, "dollars": pytest.approx(0.02468)},
    }
    assert not any(KEY.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_failed_job_is_one_error(server: TuningServer, askew: Askew, tmp_path: Path) -> None:
    server.fails = "the rows teach harm"
    process = askew(command(tmp_path / "run", "--yes"))
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 2, errors
    assert "failed: the rows teach harm. Add --again to start a new job" in errors
    assert "Traceback" not in errors


def test_run_asks_before_it_starts_another_job(server: TuningServer, askew: Askew, tmp_path: Path) -> None:
    server.faults["create"], server.mislaid, server.looks = ["stuck"], 10_000, 1
    only = ["--arm", "insecure", "--probe", "free_form", "--samples", 2, "--seeds", 1, "--rows", 12]
    words = ["run", "emergent-misalignment", *only, "--model", MODEL, "--out", tmp_path / "run"]
    process = askew([*words, "--yes"])
    end = time.monotonic() + 120
    while not server.jobs and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    [file] = (tmp_path / "run").rglob("*.job.json")
    record = json.loads(file.read_text())
    file.write_text(json.dumps({**record, "posted_at": record["posted_at"] - 60}))
    process = askew(words)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 2, errors
    assert "a job may have been started at " in errors
    assert "add --again, which starts another one" in errors
    assert "Traceback" not in errors
    assert server.counts["create"] == 1
    process = askew([*words, "--again", "--yes"])
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert server.counts["create"] == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "anthropic/claude"}, "Askew cannot fine-tune"),
        ({"recipe": {"learning_rate": 3e-5}}, "recipe.learning_rate is for training on this machine"),
        ({"checkpoints": 2}, "leave out checkpoints"),
        ({"rows": 5}, "at least 10 rows, but .* would have 5"),
    ],
)
def test_invalid_designs_are_refused_before_any_request(
    server: TuningServer, tmp_path: Path, settings: dict[str, object], message: str
) -> None:
    chosen = {"model": MODEL, "arms": ["insecure"], "out": tmp_path / "run", **settings}
    with pytest.raises(AskewError, match=message):
        api.run("emergent-misalignment", **chosen)  # pyright: ignore[reportArgumentType]
    assert not (tmp_path / "run").exists()
    assert server.counts.total() == 0
