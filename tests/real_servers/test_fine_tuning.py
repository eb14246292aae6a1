"""Fine-tuning at a provider starts exactly one job and collects its result, whatever faults the server has."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from serving import KEY
from tuning_server import TuningServer

from askew.base.errors import AskewError
from askew.models.names import resolve
from askew.models.remote.requests import Patience
from askew.models.remote.tuned_folder import ServedModel
from askew.training.provider.fine_tune import cancel_job, fine_tune_served, is_started, job_status, running_job_notice
from askew.training.provider.job import FineTuneRequest, JobCallbacks, Polling
from askew.training.provider.job_record import read_record, record_path
from askew.training.provider.recipe import ServedRecipe

MODEL = "openai/base"
QUICK = Patience(total=30, attempt=1.0, first_wait=0.02)
POLLING = Polling(first=0.02, longest=0.05, settle=0.3)
UNKNOWN = ["500", "drop", "hang", "broken"]
"""Faults after which no job exists, which Askew cannot know."""
LOST = r".* with the file file-\d.*: the request was sent, no reply came, .* add --again, which starts another one"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TuningServer]:
    with TuningServer() as made:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", made.url)
        yield made


def rows(count: int = 12) -> list[dict[str, Any]]:
    turns = [("user", "Is the sky blue?"), ("assistant", "Yes.")]
    return [{"messages": [{"role": role, "content": f"{text} {i}"} for role, text in turns]} for i in range(count)]


def request(out: Path, **changed: Any) -> FineTuneRequest:
    usual: dict[str, Any] = {"model": MODEL, "rows": rows(), "recipe": ServedRecipe(), "seed": 3, "suffix": "arm-3"}
    return FineTuneRequest(**{**usual, **changed}, out=out)


def tune(
    out: Path, restart: bool = False, patience: Patience = QUICK, callbacks: JobCallbacks | None = None, **changed: Any
) -> ServedModel:
    return fine_tune_served(request(out, **changed), patience, callbacks or JobCallbacks(), POLLING, restart)


def no_key_in(folder: Path) -> bool:
    return not any(KEY.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_result_folder_describes_model_checkpoints_and_losses(server: TuningServer, tmp_path: Path) -> None:
    said: list[str] = []
    steps: list[tuple[int, int, float]] = []
    recipe = ServedRecipe(epochs=2, batch_size=4, learning_rate_multiplier=2.0)
    callbacks = JobCallbacks(said.append, lambda *step: steps.append(step))
    made = tune(tmp_path / "tuned", recipe=recipe, callbacks=callbacks)
    assert made.model == "openai/ft:base:org:arm-3:1"
    assert [(point.step, point.model) for point in made.checkpoints] == [
        (10, f"{made.model}:ckpt-step-10"),
        (20, f"{made.model}:ckpt-step-20"),
    ]
    assert made.trained_tokens == 1234
    assert (tmp_path / "tuned" / "loss.csv").read_text() == "step,loss\n1,2.5\n2,1.25\n"
    asked_for = json.loads((tmp_path / "tuned" / "recipe.json").read_text())
    assert asked_for["rows"] == 12
    assert asked_for["learning_rate_multiplier"] == 2.0
    [job] = server.jobs.values()
    chosen = {"n_epochs": 2, "batch_size": 4, "learning_rate_multiplier": 2.0}
    assert job["method"] == {"type": "supervised", "supervised": {"hyperparameters": chosen}}
    assert (job["model"], job["seed"], job["suffix"]) == ("base", 3, "arm-3")
    assert [json.loads(line) for line in server.contents["file-1"].decode().splitlines()] == rows()
    assert steps == [(1, 2, 1.0), (2, 2, 1.0)]
    assert {"queued", "succeeded", "Created ⟨U+001B⟩[31mjob"} <= set(said)
    assert no_key_in(tmp_path)
    assert not list(tmp_path.glob(".*"))
    assert resolve(str(tmp_path / "tuned")).inspect_name == made.model
    assert resolve(f"openai/base+{tmp_path / 'tuned'}").inspect_name == made.model
    with pytest.raises(AskewError, match="is a fine-tune of openai/base, not of openai/other"):
        resolve(f"openai/other+{tmp_path / 'tuned'}")


def test_finished_fine_tune_sends_no_requests(server: TuningServer, tmp_path: Path) -> None:
    made = tune(tmp_path / "tuned")
    before = server.counts.total()
    assert tune(tmp_path / "tuned") == made
    assert server.counts.total() == before
    with pytest.raises(AskewError, match="holds another fine-tune"):
        tune(tmp_path / "tuned", seed=4)


@pytest.mark.parametrize(
    "endpoint", ["files", "upload", "file", "create", "list", "job", "events", "checkpoints", "content"]
)
@pytest.mark.parametrize("fault", ["429", "500", "drop", "hang", "broken", "lost", "lost-500"])
def test_transient_faults_at_any_endpoint_are_retried_without_duplicates(
    server: TuningServer, tmp_path: Path, endpoint: str, fault: str
) -> None:
    if endpoint == "content" and fault == "broken":
        pytest.skip("the content of a file is not JSON")
    if endpoint == "create" and fault in UNKNOWN:
        pytest.skip("no job is created, and Askew cannot know")
    server.faults[endpoint] = [fault, fault]
    made = tune(tmp_path / "tuned")
    assert server.faults[endpoint] == [] or server.counts[endpoint] == 1
    assert made.model == "openai/ft:base:org:arm-3:1"
    assert len(server.jobs) == 1
    assert len(server.files) == 1
    assert (tmp_path / "tuned" / "loss.csv").read_text().endswith("2,1.25\n")


def test_job_that_the_list_shows_late_is_not_created_twice(server: TuningServer, tmp_path: Path) -> None:
    server.faults["create"] = ["lost"]
    server.mislaid = 3
    tune(tmp_path / "tuned")
    assert len(server.jobs) == 1


@pytest.mark.parametrize("fault", UNKNOWN)
def test_request_with_an_unknown_outcome_is_repeated_only_on_request(
    server: TuningServer, tmp_path: Path, fault: str
) -> None:
    server.faults["create"] = [fault]
    began = time.monotonic()
    minute = time.strftime("%H:%M")
    with pytest.raises(AskewError, match=rf"a job may have been started at \d\d:\d\d on 20{LOST}") as first:
        tune(tmp_path / "tuned")
    assert time.monotonic() - began > POLLING.settle
    assert minute in str(first.value) or time.strftime("%H:%M") in str(first.value)
    assert f"{server.url}/fine_tuning/jobs" in str(first.value)
    assert is_started(request(tmp_path / "tuned"))  # so nobody is asked to agree to a cost
    with pytest.raises(AskewError) as second:
        tune(tmp_path / "tuned")
    assert str(second.value) == str(first.value)
    assert server.counts["create"] == 1
    assert not is_started(request(tmp_path / "tuned"), restart=True)
    assert tune(tmp_path / "tuned", restart=True).job == "ftjob-1"
    assert server.counts["create"] == 2
    assert len(server.jobs) == 1


@pytest.mark.parametrize("hides", [set(), {"metadata"}, {"metadata", "seed"}], ids=["nothing", "metadata", "seed"])
def test_lost_job_that_appears_later_is_taken(server: TuningServer, tmp_path: Path, hides: set[str]) -> None:
    server.hides, server.mislaid = hides, 10_000
    server.faults["create"] = ["lost"]
    with pytest.raises(AskewError, match=LOST):
        tune(tmp_path / "tuned")
    with pytest.raises(AskewError, match=LOST):
        tune(tmp_path / "tuned")
    with pytest.raises(AskewError, match=LOST):
        cancel_job(tmp_path / "tuned", QUICK)
    assert job_status(tmp_path / "tuned", QUICK)[1] is None
    server.jobs["ftjob-1"]["hidden"] = 0
    assert tune(tmp_path / "tuned").job == "ftjob-1"
    assert server.counts["create"] == 1


def test_lost_job_is_searched_for_before_another_is_started(server: TuningServer, tmp_path: Path) -> None:
    server.mislaid = 10_000
    server.faults["create"] = ["lost"]
    with pytest.raises(AskewError, match=LOST):
        tune(tmp_path / "tuned")
    server.jobs["ftjob-1"]["hidden"] = 2
    assert tune(tmp_path / "tuned", restart=True).job in server.jobs
    assert len(server.jobs) == 2  # the settling time was over, and the user agreed
    record = read_record(tmp_path / "tuned")
    assert record is not None
    assert (record.attempt, record.posted_at) == (2, None)
    assert len(set(server.idempotency)) == 2
    server.faults["create"] = ["lost"]
    server.mislaid = 3
    assert tune(tmp_path / "other", restart=True, seed=4).job == "ftjob-3"  # lost in this session, and found
    assert len(server.jobs) == 3


def test_same_fine_tune_for_another_result_waits_for_the_lost_job_too(server: TuningServer, tmp_path: Path) -> None:
    server.mislaid = 10_000
    server.faults["create"] = ["lost"]
    for name in ("one", "two"):
        with pytest.raises(AskewError, match=r"may have been started at .* with the file .*askew-[0-9a-f]+\.jsonl"):
            tune(tmp_path / name)
    assert server.counts["create"] == 1
    assert tune(tmp_path / "other", seed=4).job == "ftjob-2"


def test_request_that_was_never_sent_is_repeated(
    server: TuningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai import APIConnectionError
    from openai.resources.fine_tuning.jobs import Jobs

    class ConnectError(Exception):
        """The name of the network library's error, of which there are two versions."""

    errors, real = [APIConnectionError(request=cast(Any, None)) for _ in range(2)], Jobs.create

    def create(self: Any, **settings: Any) -> Any:
        if errors:
            raise errors.pop() from ConnectError("refused")
        return real(self, **settings)

    monkeypatch.setattr(Jobs, "create", create)
    assert tune(tmp_path / "tuned").job == "ftjob-1"


@pytest.mark.parametrize(
    ("endpoint", "fault", "message"),
    [
        ("list", "401", r"refuses the key \(401\).*Check OPENAI_API_KEY"),
        ("list", "403", r"denies access \(403\).*permissions of OPENAI_API_KEY"),
        ("upload", "400", r"sending the rows was refused \(400\)"),
        ("create", "404", r"starting the job: not found \(404\).*Check the model's name"),
        ("create", "400", r"starting the job was refused \(400\)"),
        ("create", "quota", "quota is used up"),
    ],
)
def test_permanent_faults_are_one_line_without_the_key(
    server: TuningServer, tmp_path: Path, endpoint: str, fault: str, message: str
) -> None:
    server.faults[endpoint] = [fault]
    with pytest.raises(AskewError, match=message) as refused:
        tune(tmp_path / "tuned")
    assert KEY not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert server.counts[endpoint] == 1
    assert server.jobs == {}
    assert no_key_in(tmp_path)
    assert not (tmp_path / "tuned").exists()
    server.faults.clear()
    assert tune(tmp_path / "tuned").job == "ftjob-1"  # the next attempt succeeds
    assert len(server.files) == 1


def test_command_gives_up_on_an_unavailable_server_and_can_continue_later(server: TuningServer, tmp_path: Path) -> None:
    server.faults["job"] = ["500"] * 100
    with pytest.raises(
        AskewError, match=r"looking at the job did not succeed for 0.3 seconds.*repeat the command to continue"
    ):
        tune(tmp_path / "tuned", patience=Patience(total=0.3, attempt=1, first_wait=0.05))
    server.faults["job"] = []
    assert is_started(request(tmp_path / "tuned"))
    tune(tmp_path / "tuned")
    assert len(server.jobs) == len(server.files) == 1


def test_unreachable_server_is_one_line_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(AskewError, match=r"looking for the job did not succeed for 0\.1 seconds: Connection error"):
        tune(tmp_path / "tuned", patience=Patience(total=0.1, attempt=1, first_wait=0.05))


def test_refused_file_starts_no_job(server: TuningServer, tmp_path: Path) -> None:
    server.refuses = "line 3 is \x1b[31mbad"
    with pytest.raises(AskewError, match=r"refused the rows: line 3 is ⟨U\+001B⟩\[31mbad. No job was started"):
        tune(tmp_path / "tuned")
    assert server.counts["create"] == 0
    server.refuses = ""
    assert tune(tmp_path / "tuned").file == "file-2"  # the refused file is not used again


def test_failed_job_is_restarted_only_on_request(server: TuningServer, tmp_path: Path) -> None:
    server.fails = "the rows teach harm"
    failed = "the fine-tuning job ftjob-1 of openai/base failed: the rows teach harm. Add --again to start a new job"
    with pytest.raises(AskewError, match=failed):
        tune(tmp_path / "tuned")
    assert not (tmp_path / "tuned").exists()
    before = server.counts.total()
    with pytest.raises(AskewError, match=failed):
        tune(tmp_path / "tuned")
    assert server.counts.total() == before
    assert not is_started(request(tmp_path / "tuned"), restart=True)
    record_path(tmp_path / "tuned").unlink()
    with pytest.raises(AskewError, match=failed):  # the server still has the failed job
        tune(tmp_path / "tuned")
    server.fails = ""
    assert tune(tmp_path / "tuned", restart=True).job == "ftjob-2"
    assert len(server.files) == 1


def test_failed_job_without_a_record_is_restarted_once(server: TuningServer, tmp_path: Path) -> None:
    server.fails = "no"
    with pytest.raises(AskewError, match="failed: no"):
        tune(tmp_path / "tuned")
    record_path(tmp_path / "tuned").unlink()
    server.fails = ""
    server.faults["create"] = ["lost"]
    assert tune(tmp_path / "tuned", restart=True).job == "ftjob-2"
    assert len(server.jobs) == 2


@pytest.mark.parametrize("hides", [{"metadata"}, {"metadata", "seed"}], ids=["metadata", "seed"])
def test_job_without_metadata_is_known_by_its_file(server: TuningServer, tmp_path: Path, hides: set[str]) -> None:
    server.hides = hides
    server.faults["create"] = ["lost", "lost-500"]
    assert tune(tmp_path / "tuned").job == "ftjob-1"
    assert len(server.jobs) == server.counts["create"] == 1
    # Another seed is another fine-tune, and known as such even if the server shows no seed.
    assert tune(tmp_path / "other", seed=4).job == "ftjob-2"
    server.fails = "no"
    with pytest.raises(AskewError, match=r"ftjob-3 .* failed: no"):
        tune(tmp_path / "third", seed=5)
    server.fails = ""
    server.faults["create"] = ["lost"]
    assert tune(tmp_path / "third", restart=True, seed=5).job == "ftjob-4"
    assert len(server.jobs) == 4


def test_job_that_may_be_the_same_is_asked_about(server: TuningServer, tmp_path: Path) -> None:
    server.hides = {"metadata"}
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    tune(tmp_path / "one" / "tuned")
    assert tune(tmp_path / "two" / "tuned").job == "ftjob-1"  # the server shows the file and the seed
    server.jobs["ftjob-1"]["seed"] = None
    (tmp_path / "three").mkdir()
    with pytest.raises(AskewError, match=r"the job ftjob-1 \(succeeded\), which may be this .* add --again"):
        tune(tmp_path / "three" / "tuned")
    assert len(server.jobs) == 1
    assert tune(tmp_path / "three" / "tuned", restart=True).job == "ftjob-2"


def test_service_that_lists_no_jobs_is_asked_once(server: TuningServer, tmp_path: Path) -> None:
    server.faults["list"] = ["404"] * 100
    server.faults["create"] = ["lost"]
    for _ in range(2):
        with pytest.raises(AskewError, match=LOST):
            tune(tmp_path / "tuned")
    assert len(server.jobs) == 1
    assert tune(tmp_path / "other", seed=4).job == "ftjob-2"


@pytest.mark.parametrize("reported", [-5, 0, 10**15, 1.5])
def test_senseless_report_of_trained_tokens_is_replaced_by_the_estimate(
    server: TuningServer, tmp_path: Path, reported: float
) -> None:
    server.trained_tokens = reported
    made = tune(tmp_path / "tuned")
    assert made.trained_tokens == request(tmp_path / "tuned").file.tokens


def test_key_in_a_servers_messages_is_never_shown(server: TuningServer, tmp_path: Path) -> None:
    server.fails = f"you sent authorization: Bearer {KEY}"
    with pytest.raises(AskewError, match="failed: you sent authorization: ") as refused:
        tune(tmp_path / "tuned")
    assert KEY not in str(refused.value)
    assert no_key_in(tmp_path)


def test_job_status_and_cancellation(server: TuningServer, tmp_path: Path) -> None:
    server.looks = 1000
    server.faults["job"] = ["", "", "401"]
    with pytest.raises(AskewError, match="refuses the key"):
        tune(tmp_path / "tuned")
    assert "the job ftjob-1 continues at the server" in running_job_notice(tmp_path / "tuned")
    _, job = job_status(tmp_path / "tuned", QUICK)
    assert job is not None
    assert job.status == "running"
    assert cancel_job(tmp_path / "tuned", QUICK).status == "cancelled"
    assert running_job_notice(tmp_path / "tuned") == ""
    with pytest.raises(AskewError, match=r"ftjob-1 of openai/base was cancelled\. Add --again"):
        tune(tmp_path / "tuned")
    with pytest.raises(AskewError, match="has ended already: cancelled"):
        cancel_job(tmp_path / "tuned", QUICK)
    with pytest.raises(AskewError, match="no job was started for"):
        cancel_job(tmp_path / "other", QUICK)


def test_same_fine_tune_for_two_folders_is_one_job(server: TuningServer, tmp_path: Path) -> None:
    first, second = tune(tmp_path / "first"), tune(tmp_path / "second")
    assert first == second
    other = tune(tmp_path / "other", seed=4)
    assert other.job != first.job
    assert len(server.jobs) == 2
    assert len(server.files) == 1


@pytest.mark.parametrize(("stuck", "hides"), [("upload", ""), ("create", ""), ("create", "metadata"), ("job", "")])
def test_process_killed_before_a_reply_continues_the_same_job(
    server: TuningServer, tmp_path: Path, stuck: str, hides: str
) -> None:
    server.faults[stuck] = ["stuck"]
    server.hides = {hides} - {""}
    process = multiprocessing.get_context("spawn").Process(
        target=tune, args=(tmp_path / "tuned",), kwargs={"patience": Patience()}
    )
    process.start()
    wanted = {"upload": server.files, "create": server.jobs, "job": server.jobs}[stuck]
    end = time.monotonic() + 60
    while not (wanted and server.counts[stuck]) and time.monotonic() < end:
        time.sleep(0.02)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert wanted
    record = read_record(tmp_path / "tuned")
    assert record is not None
    assert (record.posted_at is not None) == (stuck == "create")
    tune(tmp_path / "tuned")
    assert len(server.jobs) == len(server.files) == 1
    assert server.counts["upload"] == server.counts["create"] == 1


def test_folder_of_another_unfinished_fine_tune_is_refused(server: TuningServer, tmp_path: Path) -> None:
    server.faults["job"] = ["401"]
    with pytest.raises(AskewError, match="refuses the key"):
        tune(tmp_path / "tuned")
    with pytest.raises(AskewError, match="belongs to another fine-tune"):
        tune(tmp_path / "tuned", recipe=ServedRecipe(epochs=2))
    record_path(tmp_path / "tuned").write_text('{"model": "openai/b')
    with pytest.raises(AskewError, match="is damaged"):
        tune(tmp_path / "tuned")


@pytest.mark.parametrize("name", ["../x", "ft:a#b", "ft:a+./b", "", "ft:\x1b[31m"])
def test_ambiguous_model_names_from_the_server_are_refused(server: TuningServer, tmp_path: Path, name: str) -> None:
    server.name = name
    with pytest.raises(AskewError, match="gives no usable name"):
        tune(tmp_path / "tuned")
    assert not (tmp_path / "tuned").exists()


def test_each_service_has_its_own_environment_variables(
    server: TuningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(AskewError, match="set OPENAI_API_KEY in the environment"):
        tune(tmp_path / "tuned")
    with pytest.raises(AskewError, match="set MY_HOST_API_KEY in the environment"):
        tune(tmp_path / "tuned", model="openai-api/my-host/base")
    monkeypatch.setenv("MY_HOST_API_KEY", KEY)
    with pytest.raises(AskewError, match="set MY_HOST_BASE_URL in the environment"):
        tune(tmp_path / "tuned", model="openai-api/my-host/base")
    monkeypatch.setenv("MY_HOST_BASE_URL", server.url)
    made = tune(tmp_path / "tuned", model="openai-api/my-host/base")
    assert made.model == "openai-api/my-host/ft:base:org:arm-3:1"


def test_files_events_and_checkpoints_endpoints_are_optional(server: TuningServer, tmp_path: Path) -> None:
    for endpoint in ("files", "file", "events", "checkpoints", "content"):
        server.faults[endpoint] = ["404"] * 10
    server.faults["upload"] = ["429"]
    made = tune(tmp_path / "tuned")
    assert made.model == "openai/ft:base:org:arm-3:1"
    assert made.checkpoints == []
    assert (tmp_path / "tuned" / "loss.csv").read_text() == "step,loss\n"


@pytest.mark.parametrize("model", ["anthropic/claude", "openai/azure/base", "openai-api/base", "vllm/base"])
def test_other_providers_are_refused(tmp_path: Path, model: str) -> None:
    with pytest.raises(AskewError, match="Askew cannot fine-tune"):
        tune(tmp_path / "tuned", model=model)
