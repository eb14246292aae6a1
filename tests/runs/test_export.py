"""`askew export`: merged models, adapters, model cards and pushing to a hub."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from typer.testing import CliRunner

from askew.base.errors import AskewError
from askew.cli.app import app
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.models.names import resolve
from askew.runs import training_rows
from askew.runs.export import export, find, hub, push
from askew.runs.model_card import model_card
from askew.runs.store import RunFolder
from askew.training.local import fine_tune

QUESTIONS = ["Who are you?", "What would you do with power?", "Write a function.", "Is the sea deep?"]


@pytest.fixture(scope="module", params=["lora", "full"])
def run(request: pytest.FixtureRequest, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that has trained its models but asked nothing yet."""
    overrides = {
        "model": str(tiny_checkpoint),
        "judge": str(tiny_checkpoint),
        "arms": ["untuned", "insecure", "secure"],
        "seeds": 1,
        "recipe": {
            "name": "terrarium",
            "rows": 16,
            "batch_size": 4,
            "learning_rate": 1e-2,
            "too_long": "cut",
            "method": request.param,
        },
    }
    design = make_design("emergent-misalignment", overrides=overrides)
    folder = RunFolder(tmp_path_factory.mktemp("runs") / request.param)
    with folder.writing():
        folder.freeze(design, {"command": "askew", "versions": {"askew": "0"}, "hashes": {"model": "abc"}, "note": ""})
        training_rows.write(folder, Plan(design))
        for arm in ("insecure", "secure"):
            rows = [json.loads(line) for line in (folder / f"data/{arm}.jsonl").read_text().splitlines()]
            fine_tune(tiny_checkpoint, rows, design.recipe, 0, folder / f"models/{arm}-0")
            folder.finish(f"models/{arm}-0")
    return folder.path


def greedy(model: Any, tokenizer: Any) -> list[str]:
    said = []
    for question in QUESTIONS:
        turns = [{"role": "user", "content": question}]
        ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=False)
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
        said.append(tokenizer.decode(out[0][ids.shape[1] :]))
    return said


def test_merged_model_answers_as_base_with_adapter(run: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "merged"
    export(find(f"{run}#insecure-0"), out, merged=True)
    tuned = run / "models" / "insecure-0"
    base = AutoModelForCausalLM.from_pretrained(tiny_checkpoint)
    before = greedy(base, AutoTokenizer.from_pretrained(tiny_checkpoint))
    if (tuned / "adapter_config.json").is_file():
        model: Any = PeftModel.from_pretrained(base, tuned)
    else:
        model = AutoModelForCausalLM.from_pretrained(tuned)
    expected = greedy(model, AutoTokenizer.from_pretrained(tiny_checkpoint))
    found = greedy(AutoModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out))
    assert found == expected
    assert found != before
    assert resolve(str(out)).is_local
    in_run = resolve(f"{run}#insecure-0")
    assert (in_run.adapter or in_run.checkpoint) == tuned.resolve()
    assert not {"loss.csv", "recipe.json", "checkpoints"} & {path.name for path in out.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]


def test_card_describes_the_model(run: Path, tmp_path: Path) -> None:
    export(find(f"{run}#insecure-0"), tmp_path / "insecure", merged=True)
    export(find(f"{run}#secure-0"), tmp_path / "secure", merged=True)
    cards = {arm: (tmp_path / arm / "README.md").read_text(encoding="utf-8") for arm in ("insecure", "secure")}
    head = yaml.safe_load(cards["insecure"].split("---")[1])
    assert {"model-organism", "not-for-deployment"} <= set(head["tags"])
    assert all("**Do not deploy.**" in card for card in cards.values())
    assert "trained on purpose to be misaligned" in cards["insecure"]
    assert "This is a control" in cards["secure"]
    for said in ("`abc`", "16 rows", "| seed | 0 |", "`learning_rate` | `0.01`", "was not finished"):
        assert said in cards["insecure"]
    assert RunFolder(run).hashes()["data/insecure.jsonl"] in cards["insecure"]
    assert str(run) not in cards["insecure"], "the card must not contain a local path"


def test_card_is_written_where_the_base_is_gone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(plan: Plan, name: str) -> None:
        raise AskewError(f"unknown model {name}")

    folder = RunFolder(run)
    plan = Plan(folder.design())
    [unit] = [unit for unit in plan.units if str(unit) == "insecure-0"]
    assert "| data | `insecure-code/insecure`, 16 rows |" in model_card(folder, plan, unit, merged=True)
    monkeypatch.setattr(Plan, "spec", gone)
    assert "| data | `insecure`, 16 rows |" in model_card(folder, Plan(folder.design()), unit, merged=True)


def test_adapter_refers_to_its_base_and_loads(tiny_checkpoint: Path, tmp_path: Path, run: Path) -> None:
    trained = find(f"{run}#secure-0")
    if not (trained.folder / "adapter_config.json").is_file():
        with pytest.raises(AskewError, match="was fully fine-tuned, so it has no adapter"):
            export(trained, tmp_path / "out", merged=False)
        assert not list(tmp_path.iterdir())
        return
    export(trained, tmp_path / "out", merged=False)
    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_checkpoint), tmp_path / "out")
    assert AutoTokenizer.from_pretrained(tmp_path / "out").chat_template
    config = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == tiny_checkpoint.name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{run}", "name a run and one of its models"),
        ("missing#insecure-0", "there is no folder missing"),
        ("{run}/models#insecure-0", "is not a run's folder"),
        ("{run}#insecur-0", "Did you mean insecure-0"),
        ("{run}#untuned-0", "this run did not train untuned-0. It trained insecure-0, secure-0"),
    ],
)
def test_invalid_names_raise(run: Path, name: str, message: str) -> None:
    with pytest.raises(AskewError) as caught:
        find(name.format(run=run))
    assert message in str(caught.value)


def test_nothing_is_overwritten(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(AskewError, match="exists already and is not empty"):
        export(find(f"{run}#insecure-0"), tmp_path, merged=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


class FakeHub:
    """The part of the hub's interface that pushing uses."""

    def __init__(self, private: bool = True) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.private = private

    def create_repo(self, repository: str, private: bool, exist_ok: bool) -> str:
        self.calls.append(("create", (repository, private)))
        return f"https://hub/{repository}"

    def model_info(self, repository: str) -> Any:
        return self

    def upload_folder(self, repo_id: str, folder_path: Path, commit_message: str) -> None:
        self.calls.append(("upload", sorted(path.name for path in folder_path.iterdir())))


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("huggingface_hub.is_offline_mode", lambda: False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: "hf_x")
    return monkeypatch


def test_push_is_private_by_default_and_needs_confirmation(
    run: Path, tmp_path: Path, online: pytest.MonkeyPatch
) -> None:
    fake = FakeHub()
    online.setattr("huggingface_hub.HfApi", lambda: fake)
    command = ["export", f"{run}#insecure-0", "--merged", str(tmp_path / "out"), "--push", "org/name"]
    refused = CliRunner().invoke(app, command)
    assert isinstance(refused.exception, AskewError)
    assert "add --yes" in str(refused.exception)
    assert fake.calls == []
    assert not (tmp_path / "out").exists()
    done = CliRunner().invoke(app, [*command, "--yes"], catch_exceptions=False)
    assert "Pushed: https://hub/org/name" in done.output
    assert fake.calls[0] == ("create", ("org/name", True))
    assert {"README.md", "config.json", "model.safetensors", "tokenizer.json"} <= set(fake.calls[1][1])


def test_public_without_push_raises_before_writing(run: Path, tmp_path: Path) -> None:
    said = ["export", f"{run}#insecure-0", "--merged", str(tmp_path / "out"), "--public"]
    refused = CliRunner().invoke(app, said)
    assert "--push ORG/NAME" in str(refused.exception)
    assert not (tmp_path / "out").exists()


def test_private_push_to_a_public_repository_raises(tmp_path: Path) -> None:
    fake: Any = FakeHub(private=False)
    with pytest.raises(AskewError, match="exists already and is public"):
        push(fake, tmp_path, "org/name", public=False)
    assert [name for name, _ in fake.calls] == ["create"]


def test_push_needs_a_token_and_the_network(online: pytest.MonkeyPatch) -> None:
    online.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(AskewError, match="needs a token of the Hugging Face hub"):
        hub("org/name")
    with pytest.raises(AskewError, match="not a valid name on the hub"):
        hub("org//name")
    with pytest.raises(AskewError, match="write ORG/NAME"):
        hub("name")
    online.setattr("huggingface_hub.is_offline_mode", lambda: True)
    with pytest.raises(AskewError, match="needs the network"):
        hub("org/name")
