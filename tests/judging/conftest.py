"""Local judges with random weights and room for whole rubrics."""

import json
import re
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def local_judge(tiny_judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random tiny Llama that mostly says numbers, with a token for each up to 100."""
    return Path(shutil.copytree(tiny_judge, tmp_path_factory.mktemp("judges") / "whole"))


@pytest.fixture(scope="session")
def digit_judge(tiny_judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but its tokenizer spells numbers digit by digit, as those of Qwen and Gemma do."""
    folder = Path(shutil.copytree(tiny_judge, tmp_path_factory.mktemp("judges") / "digits"))
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    for token in tokenizer["added_tokens"]:
        if re.fullmatch(r"\d{2,3}", token["content"]):
            token["content"] = f"<unused{token['content']}>"
    path.write_text(json.dumps(tokenizer))
    return folder


@pytest.fixture(scope="session")
def word_judge(local_judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but it mostly says the first letters of the typology's words."""
    from safetensors.torch import load_file, save_file
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("judges") / "words"
    shutil.copytree(local_judge, folder)
    vocabulary = AutoTokenizer.from_pretrained(folder).get_vocab()
    weights = load_file(folder / "model.safetensors")
    numbers = [vocabulary[str(number)] for number in range(14)]
    letters = [vocabulary[letter] for letter in "phdceinPHDCEIN"]
    said = weights["lm_head.weight"]
    said[letters] = 2 * said[numbers]
    said[[vocabulary[str(number)] for number in range(101)]] = 0.0
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
