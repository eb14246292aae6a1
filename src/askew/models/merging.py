"""Puts adapters on their base: folded into a copy of its weights, as virtual tokens before every prompt, or carried.

Folding is half again as fast as carrying an adapter along, and leaves the base as it was for the next one. That
the folded model is the adapted one is checked by computing both: with some kinds of adapter, and tied weights, it
need not be.
"""

import copy
from pathlib import Path
from typing import cast

import torch
from peft import PeftModel
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from askew.base.errors import AskewError
from askew.models.adapters import UNMERGED, VIRTUAL_TOKENS, read_adapter_config
from askew.models.engine.plain import UnmergedModel


def with_adapter(base: PreTrainedModel, folder: Path) -> tuple[PreTrainedModel, tuple[int, ...]]:
    """Return a model that is a base with an adapter, and the ids of the virtual tokens that begin its prompts.

    Args:
        base: The base, which stays as it is.
        folder: An adapter that `adapters.check_adapter` has let through.

    Raises:
        AskewError: The adapter cannot be put on this base.
    """
    config = read_adapter_config(folder)
    model = copy.deepcopy(base)
    try:
        adapted = PeftModel.from_pretrained(model, str(folder)).eval()
        if config["peft_type"] in VIRTUAL_TOKENS:
            return _with_virtual_tokens(model, adapted.get_prompt(batch_size=1)[0])
        if config["peft_type"] in UNMERGED:
            return _carrying(adapted), ()
        return _merged(adapted, folder), ()
    except (OSError, ValueError, LookupError, RuntimeError, TypeError, AttributeError, SafetensorError) as error:
        raise AskewError(f"the adapter {folder} cannot be put on its base model: {error}") from error


def save_merged(checkpoint: Path | str, adapter: Path, out: Path) -> None:
    """Write a base with an adapter folded in as a whole checkpoint, in the precision that the base is saved in.

    Args:
        checkpoint: The folder of the base, or a hub id.
        adapter: An adapter that changes weights.
        out: The folder to write.

    Raises:
        AskewError: The adapter cannot be put on this base, or not folded into it.
    """
    transformers_logging.disable_progress_bar()
    dtype = AutoConfig.from_pretrained(checkpoint, trust_remote_code=False).dtype or torch.float32
    base = AutoModelForCausalLM.from_pretrained(
        checkpoint, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
    )
    try:
        merged = _merged(PeftModel.from_pretrained(base, str(adapter)).eval(), adapter)
    except (OSError, ValueError, LookupError, RuntimeError, TypeError, AttributeError, SafetensorError) as error:
        raise AskewError(f"the adapter {adapter} cannot be put on its base model: {error}") from error
    _tie_again(merged)
    nn.Module.to(merged, dtype)
    merged.save_pretrained(str(out))
    AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=False).save_pretrained(out)


class WithVirtualTokens(nn.Module):
    """An embedding with further tokens, which the model can be given and can never say.

    Args:
        embedding: The model's own.
        virtual_ND: What the further tokens are embedded as. Their ids follow the others.
    """

    def __init__(self, embedding: nn.Module, virtual_ND: Tensor) -> None:
        super().__init__()
        weight = embedding.weight
        assert isinstance(weight, Tensor)
        self.embedding = embedding
        self.first = len(weight)
        self.virtual_ND = nn.Parameter(virtual_ND.detach().to(weight), requires_grad=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed ids of any shape, some of them perhaps virtual."""
        is_virtual = ids >= self.first
        own = self.embedding(ids.masked_fill(is_virtual, 0))
        virtual = self.virtual_ND[(ids - self.first).clamp(min=0)]
        return torch.where(is_virtual[..., None], virtual, own)


def _with_virtual_tokens(model: PreTrainedModel, virtual_ND: Tensor) -> tuple[PreTrainedModel, tuple[int, ...]]:
    embedding = WithVirtualTokens(model.get_input_embeddings(), virtual_ND)
    model.set_input_embeddings(embedding)
    return model.eval(), tuple(range(embedding.first, embedding.first + len(virtual_ND)))


@torch.inference_mode()
def _carrying(adapted: PeftModel) -> PreTrainedModel:
    """Return a model that carries its adapter, once it has been made to read something."""
    model = UnmergedModel(adapted)
    model(torch.arange(1, 9, device=adapted.device)[None])  # what does not fit shows here
    return cast(PreTrainedModel, model)


@torch.inference_mode()
def _merged(adapted: PeftModel, folder: Path) -> PreTrainedModel:
    ids = torch.arange(1, 9, device=adapted.device)[None]
    expected = adapted(input_ids=ids).logits.float()
    _untie(adapted.get_base_model())
    merged: PreTrainedModel = adapted.merge_and_unload().eval()
    found = merged(input_ids=ids).logits.float()
    # Folded into 16 bits, an adapter's small numbers are rounded to those of the weights.
    tolerance = 1e-3 if merged.dtype == torch.float32 else 0.1
    if not (found - expected).norm() < tolerance * (expected - expected.mean()).norm():
        raise AskewError(
            f"the adapter {folder} cannot be folded into its base: the model would say something else. Merge it where "
            "it was trained, and name the merged model"
        )
    return merged


def _untie(model: nn.Module) -> None:
    """Give the output a matrix of its own, or an adapter on the embedding would, once folded in, change it too."""
    assert isinstance(model, PreTrainedModel)
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or getattr(head, "weight", None) is not embedding.weight:
        return
    head.weight = nn.Parameter(head.weight.detach().clone(), requires_grad=False)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = False


def _tie_again(model: PreTrainedModel) -> None:
    """Let the output share the embedding's matrix again where folding changed neither."""
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    own, shared = getattr(head, "weight", None), embedding.weight
    if not isinstance(own, Tensor) or not isinstance(shared, Tensor) or own is shared or not torch.equal(own, shared):
        return
    setattr(head, "weight", shared)  # noqa: B010  (a module, as far as types tell, has none)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = True
