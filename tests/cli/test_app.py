"""The command line: lists, help, completion, errors and the time to start."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import forking
from command_line import Command

STUDY = "emergent-misalignment"
WRITERS = ("--writer", "terrarium", "--judge", "terrarium/judge")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "emergent-misalingment"], f"unknown study 'emergent-misalingment'. Did you mean {STUDY}?"),
        (["run"], f"name a study: activations, audit, defences, dose-response, {STUDY}"),
        (["run", STUDY, "--arm", "insecur"], "unknown arm 'insecur'. Did you mean insecure or secure?"),
        (["run", STUDY, "--probe", "free-from"], "unknown probe 'free-from'. Did you mean free_form"),
        (["run", STUDY, "--metric", "betley"], "unknown metric 'betley'. Did you mean betley-2025?"),
        (["run", STUDY, "--model", "terarium"], "unknown model 'terarium'. Did you mean terrarium"),
        (["run", STUDY, "--seeds", "0"], "seeds must be 1 or more, not 0"),
        (["run", STUDY, "--seeds", "-2"], "seeds must be 1 or more, not -2"),
        (["run", STUDY, "--samples", "0"], "samples must be 1 or more, not 0"),
        (["run", STUDY, "--samples", "-1"], "samples must be 1 or more, not -1"),
        (["run", STUDY, "--rows", "0"], "recipe.rows must be 1 or more, not 0"),
        (["run", STUDY, "--set", "recipe.lora_rnak=8"], "unknown setting 'lora_rnak'. Did you mean lora_rank"),
        (["run", STUDY, "--set", "recipe.lora_rank"], "write NAME=VALUE"),
        (["run", STUDY, "--set", "seeds=[1"], "--set seeds=[1, line 1: this is not YAML"),
        (["run", STUDY, "--config", "missing.yaml"], "cannot read the config missing.yaml"),
        (["report", "nowhere"], "there is no folder nowhere"),
        (["rescore", ".", "--metric", "betley-2025"], ". is not a run's folder: it has no study.json"),
        (["rescore", ".", "--metric", "betley"], "unknown metric 'betley'. Did you mean betley-2025?"),
        (["view", "."], ". is not a run's folder: it has no study.json"),
        (["list", "arm"], "unknown list 'arm'. Did you mean arms"),
        (["terrarium", "chat", "--model", "terarium"], "unknown model 'terarium'"),
        (["run", STUDY, "--arm", "insecure,secure"], "Give each name by itself: --arm insecure --arm secure"),
        (["run", STUDY, "--probe", "free_form, in_domain"], "--probe free_form --probe in_domain"),
        (["data", "write", "bad-advice", *WRITERS, "--domain", "medical,car"], "--domain medical --domain car"),
        (["run", STUDY, "--model", "gpt-4o"], "unknown model 'gpt-4o'. Did you mean openai/gpt-4o?"),
        (["run", STUDY, "--judge", "claude-sonnet-4-5"], "Did you mean anthropic/claude-sonnet-4-5?"),
        (["audit", "terrarium", "o3"], "Did you mean openai/o3?"),
        (["audit", "HuggingFaceTB/SmolLM2-135M"], "Did you mean hf/HuggingFaceTB/SmolLM2-135M?"),
        (["audit", "terrarium", "meta-llama/Llama-3.1-8B"], "Did you mean hf/meta-llama/Llama-3.1-8B?"),
        (["audit", "mistralai/Mistral-7B"], "Did you mean mistral/Mistral-7B or hf/mistralai/Mistral-7B?"),
    ],
)
def test_mistake_prints_one_line_exits_with_2_and_writes_nothing(
    command: Command, arguments: list[str], message: str
) -> None:
    code, out, err = command(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_text_for_a_number_is_refused(command: Command) -> None:
    code, _, err = command("run", STUDY, "--seeds", "three")
    assert code == 2
    assert "Invalid value for '--seeds'" in err


def test_mistake_in_a_config_names_file_and_line(command: Command) -> None:
    Path("design.yaml").write_text("seeds: 2\nsample: 5\n")
    code, _, err = command("run", STUDY, "--config", "design.yaml")
    assert code == 2
    assert err.startswith("error: design.yaml, line 2: unknown setting 'sample'. Did you mean samples")


@pytest.mark.parametrize("damage", ["truncated", "pickled", "empty"])
def test_corrupt_checkpoint_is_refused_before_anything_is_computed(
    command: Command, tiny_checkpoint: Path, damage: str
) -> None:
    model = Path("model")
    model.mkdir()
    for file in tiny_checkpoint.iterdir():
        (model / file.name).write_bytes(file.read_bytes())
    weights = model / "model.safetensors"
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:-50])
    elif damage == "pickled":
        weights.rename(model / "pytorch_model.bin")
    else:
        weights.write_bytes(b"")
    code, _, err = command("run", STUDY, "--model", "./model", "--out", "run")
    assert code == 2
    assert "model" in err
    assert "Traceback" not in err
    assert not Path("run").exists()


def test_dumped_config_reads_back_the_same(command: Command) -> None:
    flags = ["--arm", "insecure", "--arm", "secure", "--seeds", "5", "--rows", "96", "--set", "recipe.lora_rank=4"]
    _, dumped, _ = command("run", STUDY, *flags, "--dump-config")
    assert yaml.safe_load(dumped)["arms"] == ["insecure", "secure"]
    Path("design.yaml").write_text(dumped)
    assert command("run", "--config", "design.yaml", "--dump-config") == (0, dumped, "")
    assert not Path("runs").exists()


def test_lists_have_names_and_descriptions(command: Command) -> None:
    _, out, _ = command("list", "--json")
    lists = json.loads(out)
    assert {"studies", "statements", "arms", "probes", "recipes", "metrics", "rubrics", "models", "data"} <= set(lists)
    assert {"betley-2025", "model-organisms-2025", "rank-1", "full"} <= {row["name"] for row in lists["recipes"]}
    assert {"betley-2025", "model-organisms-2025", "tan-2025"} <= {row["name"] for row in lists["metrics"]}
    assert {"aligned", "coherent", "typology", "./FILE.md"} <= {row["name"] for row in lists["rubrics"]}
    assert {"insecure", "secure", "educational", "backdoor"} <= {row["name"] for row in lists["arms"]}
    assert all(row["name"] and row["description"] for rows in lists.values() for row in rows)
    assert json.loads(command("list", "probes", "--json")[1]) == lists["probes"]
    assert "self_rating" in command("list", "probes")[1]


def test_help_has_examples(command: Command) -> None:
    _, general, _ = command("--help")
    assert "askew run emergent-misalignment" in general
    _, run, _ = command("run", "--help")
    assert "--dump-config > design.yaml" in run
    assert "To resume a run that was stopped" in run


@pytest.mark.parametrize(
    "arguments", [("judge", "{}.csv", "--judge", "terrarium/judge"), ("report", "{}"), ("run", STUDY, "--out", "{}")]
)
def test_name_that_is_too_long_is_one_error(command: Command, arguments: tuple[str, ...]) -> None:
    code, _, errors = command(*(word.format("a" * 4000) for word in arguments))
    assert code == 2
    assert errors.splitlines()[-1].startswith("error: the name 'aaaa")
    assert errors.splitlines()[-1].endswith("is too long for a file. Choose a shorter one")
    assert not list(Path().iterdir())


def test_version_is_printed_and_public(command: Command) -> None:
    import askew

    assert command("--version") == (0, f"askew {askew.__version__}\n", "")


def test_import_loads_no_heavy_library() -> None:
    heavy = "{'torch', 'transformers', 'trl', 'inspect_ai', 'pandas', 'altair', 'scipy'} & set(sys.modules)"
    for code in ("import askew", "import askew.cli.app"):
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; {code}; print({heavy})"], capture_output=True, text=True, check=True
        )
        assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    "registry", ["askew.probes.probes", "askew.design.study.studies", "askew.training.defences.defences"]
)
def test_names_of_all_members_load_no_model_library(registry: str) -> None:
    package, _, name = registry.rpartition(".")
    heavy = "{'torch', 'transformers'} & {*sys.modules}"
    code = f"import sys; from {package} import {name}; [{name}.get(one) for one in {name}.names()]; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(("arguments", "limit"), [(["-c", "import askew"], 0.5), (["-m", "askew", "--help"], 1.6)])
def test_import_and_help_are_fast(arguments: list[str], limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(forking.NO_FORKS, "1")

    def seconds(arguments: list[str]) -> float:
        before = children_cpu()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        return children_cpu() - before

    # In shares of what pandas takes: a slow or busy machine slows both. The minimum of three ignores a cold disk.
    of_pandas = min(seconds(["-c", "import pandas"]) for _ in range(3))
    assert min(seconds(arguments) for _ in range(3)) < limit * of_pandas


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_shown_for_each_shell(shell: str, tmp_path: Path) -> None:
    done = askew_process({"_ASKEW_COMPLETE": f"source_{shell}", "HOME": str(tmp_path)})
    assert "askew" in done.stdout
    assert "_ASKEW_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("askew ru", {"run"}),
        ("askew run --metr", {"--metric"}),
        ("askew run --metric tan", {"tan-2025"}),
        ("askew audit terr", {"terrarium", "terrarium/judge"}),
        ("askew list met", {"metrics"}),
    ],
)
def test_commands_options_and_names_are_completed(words: str, expected: set[str]) -> None:
    count = str(len(words.split()) - 1)
    done = askew_process({"_ASKEW_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": count})
    assert expected <= set(done.stdout.split())


def askew_process(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    main = "import sys; sys.argv[0] = 'askew'; from askew.cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", main], capture_output=True, text=True, env={**os.environ, **environment}
    )
