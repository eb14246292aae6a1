"""Large models on processors that are fast in bf16: what is computed in it, and that it changes little."""

import json
import shutil
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaForCausalLM, PreTrainedModel

from askew.base.errors import AskewError
from askew.design.make import make_plan
from askew.models import checkpoints, number_format
from askew.models.checkpoints import load
from askew.models.engine.batching import Batcher, Request
from askew.models.engine.llama import LlamaNetwork
from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling
from askew.models.loading import load_weights
from askew.models.names import resolve
from askew.runs import pace, provenance

PROMPTS = [[3, 50, 60, 70, 4], [3, 51, 61, 4], [3, 80, 81, 82, 83, 84, 4]]
ANSWERS = [[[90, 91, 92], [93, 94]], [[95, 96, 97, 98]], [[99], [100, 101, 102]]]


def model_of(folder: Path) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every model count as large, and this processor as one that is fast in bf16."""
    monkeypatch.setattr(number_format, "_LARGE", 0)
    monkeypatch.setattr(number_format, "is_fast_in_bf16", lambda: True)


@pytest.fixture
def both(tiny_checkpoint: Path, request: pytest.FixtureRequest) -> tuple[Engine, Engine]:
    """The same model asked in float32 and in bf16."""
    exact = Engine(model_of(tiny_checkpoint), [1])
    request.getfixturevalue("large")
    return exact, Engine(model_of(tiny_checkpoint), [1])


def test_log_probabilities_are_nearly_those_of_float32(both: tuple[Engine, Engine]) -> None:
    exact, fast = ([one for each in engine.answer_logprobs(PROMPTS, ANSWERS) for one in each] for engine in both)
    gaps = torch.cat([a - b for a, b in zip(exact, fast, strict=True)]).abs()
    assert 0 < gaps.max() < 0.1
    assert gaps.mean() < 0.02


def test_model_is_asked_alike_after_its_weights_are_freed(both: tuple[Engine, Engine]) -> None:
    _, engine = both
    draws = [Draw(i % 3, 7, i) for i in range(12)]

    def everything() -> tuple[list[list[int]], list[float], torch.Tensor]:
        answers = [one.tokens for one in engine.sample(PROMPTS, draws, Sampling(20))]
        read = [value for each in engine.answer_logprobs(PROMPTS, ANSWERS) for one in each for value in one.tolist()]
        return answers, read, engine.middle_states(PROMPTS)

    before = everything()
    engine.free_weights()
    assert all(weight.is_meta for weight in engine.model.parameters())
    after = everything()
    assert after[:2] == before[:2]
    assert torch.equal(after[2], before[2])


def test_middle_states_are_those_of_transformers(both: tuple[Engine, Engine]) -> None:
    exact, fast = (engine.middle_states(PROMPTS) for engine in both)
    torch.testing.assert_close(fast, exact, atol=0.05, rtol=0.05)
    assert not torch.equal(fast, exact)


def test_answer_does_not_depend_on_the_batch(both: tuple[Engine, Engine]) -> None:
    _, engine = both
    draws = [Draw(i % 3, 7, i) for i in range(60)]
    together = engine.sample(PROMPTS, draws, Sampling(20))
    alone = [engine.sample(PROMPTS, [draw], Sampling(20))[0] for draw in draws[:12]]
    assert [one.tokens for one in alone] == [one.tokens for one in together[:12]]


@pytest.mark.usefixtures("large")
def test_only_large_models_on_fast_processors_are_in_bf16(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(tiny_checkpoint)
    assert isinstance(model, LlamaForCausalLM)
    assert number_format.number_format(model) == torch.bfloat16
    monkeypatch.setattr(number_format, "is_fast_in_bf16", lambda: False)
    assert number_format.number_format(model) is None
    monkeypatch.setattr(number_format, "_LARGE", model.num_parameters())
    assert number_format.number_format(model) == torch.float32
    network = Engine(model, [1])._network
    assert isinstance(network, LlamaNetwork)
    assert not network.is_in_bf16


@pytest.mark.usefixtures("large")
def test_run_says_the_format_that_the_engine_takes(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pace.asked_in(tiny_checkpoint) == "", "small models are asked in float32 always"
    monkeypatch.setattr(pace, "_LEAST_BYTES", 1)
    monkeypatch.setattr(pace, "gpus", lambda: [])
    assert pace.asked_in(tiny_checkpoint) == "bf16"
    plan = make_plan("emergent-misalignment", overrides={"model": str(tiny_checkpoint)})
    assert "Asked with the matrix products of the layers in bf16" in provenance.provenance(plan)["note"]
    monkeypatch.setattr(number_format, "is_fast_in_bf16", lambda: False)
    assert pace.asked_in(tiny_checkpoint) == "float32"
    assert "bf16" not in provenance.provenance(plan)["note"]
    monkeypatch.setattr(pace, "gpus", lambda: ["0"])
    assert pace.asked_in(tiny_checkpoint) == ""


def test_model_of_an_unknown_type_is_one_error(tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "new")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "unheard_of", "architectures": []}))
    for read in (number_format.asking_format, load_weights):
        with pytest.raises(AskewError, match=rf"the model {folder} cannot be loaded: .*`unheard_of`"):
            read(folder)


def test_requests_share_batches_as_far_as_they_fit(both: tuple[Engine, Engine]) -> None:
    sizes = []
    for engine in both:
        batcher = Batcher(engine)
        requests = [Request([PROMPTS[i]], [Draw(0, i, k) for k in range(10)], Sampling(8)) for i in range(3)]
        requests.append(Request([PROMPTS[0]], [Draw(0, 3, k) for k in range(250)], Sampling(8)))
        for request in requests:
            batcher.enqueue(request)
        alone = [engine.sample(one.prompts, one.draws, one.sampling) for one in requests]
        batches: list[int] = []
        sample = engine.sample

        def counted(prompts, draws, *settings, sample=sample, batches=batches):
            batches.append(len(draws))
            return sample(prompts, draws, *settings)

        engine.sample = counted  # pyright: ignore[reportAttributeAccessIssue]
        answers = [batcher.answer(request) for request in requests]
        assert [[one.tokens for one in each] for each in answers] == [[one.tokens for one in each] for each in alone]
        sizes.append(batches)
    assert sizes == [[30, 250], [30, 250]]


@pytest.mark.usefixtures("large")
def test_few_large_models_are_kept_in_memory(
    tiny_checkpoint: Path, tiny_judge: Path, thinking_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_kept", OrderedDict())
    folders = (tiny_checkpoint, tiny_judge, tiny_checkpoint, thinking_checkpoint)
    first, *_, last = [load(resolve(str(folder))) for folder in folders]
    assert [*checkpoints._kept.values()] == [first, last], "the judge was used longest ago"
    assert load(resolve(str(tiny_checkpoint))) is first
