"""Applies adapters to their base: merged into a copy of its weights, as virtual tokens, or left to PEFT unmerged.

A merged adapter is about 1.5 times as fast as an unmerged one, and leaves the base unchanged for the next adapter.
Merging is checked by comparing the outputs before and after, because some kinds of adapter do not merge correctly into
tied weights.

Shapes: N virtual tokens, D width of the model.
"""

import copy
from pathlib import Path
from typing import cast

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from askew.base.errors import AskewError
from askew.models.adapters import UNMERGED, VIRTUAL_TOKENS, own_vocabulary, read_adapter_config
from askew.models.checkpoint_files import refusing
from askew.models.engine.plain import UnmergedModel, next_logits
from askew.models.loading import check_outputs, load_weights, read_settings
from askew.models.tokenizers import load_tokenizer


def with_adapter(base: PreTrainedModel, folder: Path) -> tuple[PreTrainedModel, tuple[int, ...]]:
    """Return a base with an adapter, and the ids of the virtual tokens that must precede its prompts.

    Args:
        base: The base; it is not changed.
        folder: An adapter that passed `adapters.check_adapter`.

    Raises:
        AskewError: The adapter cannot be applied to this base.
    """
    config = read_adapter_config(folder)
    model = copy.deepcopy(base)
    with refusing(f"the adapter {folder} cannot be applied to its base model", folder):
        _resize(model, folder)
        adapted = PeftModel.from_pretrained(model, str(folder)).eval()
        if config["peft_type"] in VIRTUAL_TOKENS:
            return _with_virtual_tokens(model, adapted.get_prompt(batch_size=1)[0], folder)
        if config["peft_type"] in UNMERGED:
            return _unmerged(adapted, folder), ()
        return _merged(adapted, folder), ()


def save_merged(checkpoint: Path | str, adapter: Path, out: Path) -> None:
    """Save a base with a merged adapter as a checkpoint, in the precision of the base's files.

    Args:
        checkpoint: The folder of the base, or a hub id.
        adapter: The folder of an adapter that changes weights.
        out: The folder to write.

    Raises:
        AskewError: The adapter cannot be applied to this base, or cannot be merged into it.
    """
    base = load_weights(checkpoint, dtype=torch.float32)
    dtype = read_settings(checkpoint).dtype or torch.float32
    with refusing(f"the adapter {adapter} cannot be applied to its base model", adapter):
        _resize(base, adapter)
        merged = _merged(PeftModel.from_pretrained(base, str(adapter)).eval(), adapter)
    _tie_again(merged)
    nn.Module.to(merged, dtype)
    merged.save_pretrained(str(out))
    load_tokenizer(checkpoint, adapter).save_pretrained(out)


class WithVirtualTokens(nn.Module):
    """An embedding with additional, virtual tokens: a prompt can contain them, but the model cannot generate them.

    Args:
        embedding: The embedding of the model.
        virtual_ND: The embeddings of the virtual tokens. Their ids follow those of the model's own tokens.
    """

    def __init__(self, embedding: nn.Module, virtual_ND: Tensor) -> None:
        super().__init__()
        weight = embedding.weight
        assert isinstance(weight, Tensor)
        self.embedding = embedding
        self.first = len(weight)
        self.virtual_ND = nn.Parameter(virtual_ND.detach().to(weight), requires_grad=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the embeddings of ids of any shape: that shape, and D."""
        is_virtual = ids >= self.first
        own = self.embedding(ids.masked_fill(is_virtual, 0))
        virtual = self.virtual_ND[(ids - self.first).clamp(min=0)]
        return torch.where(is_virtual[..., None], virtual, own)


def _resize(model: PreTrainedModel, adapter: Path) -> None:
    """Resize the embeddings of a model to the number that an adapter brings; its own replace all of them."""
    rows = own_vocabulary(adapter, len(cast(Tensor, model.get_input_embeddings().weight)))
    if rows is not None:
        model.resize_token_embeddings(rows, mean_resizing=False)


@torch.inference_mode()
def _with_virtual_tokens(
    model: PreTrainedModel, virtual_ND: Tensor, folder: Path
) -> tuple[PreTrainedModel, tuple[int, ...]]:
    embedding = WithVirtualTokens(model.get_input_embeddings(), virtual_ND)
    model.set_input_embeddings(embedding)
    tokens = range(embedding.first, embedding.first + len(virtual_ND))
    check_outputs(folder, next_logits(model.eval(), torch.tensor([[*tokens, 1]], device=model.device)))
    return model, tuple(tokens)


@torch.inference_mode()
def _unmerged(adapted: PeftModel, folder: Path) -> PreTrainedModel:
    """Return a model with an unmerged adapter, after a trial forward pass."""
    model = UnmergedModel(adapted)
    check_outputs(folder, model(torch.arange(1, 9, device=adapted.device)[None]).logits)  # also if it does not fit
    return cast(PreTrainedModel, model)


@torch.inference_mode()
def _merged(adapted: PeftModel, folder: Path) -> PreTrainedModel:
    ids = torch.arange(1, 9, device=adapted.device)[None]
    expected = adapted(input_ids=ids).logits.float()
    check_outputs(folder, expected)
    _untie(adapted.get_base_model())
    merged: PreTrainedModel = adapted.merge_and_unload().eval()
    found = merged(input_ids=ids).logits.float()
    # In 16 bits, merging rounds the small numbers of the adapter to the precision of the weights.
    tolerance = 1e-3 if merged.dtype == torch.float32 else 0.1
    if not (found - expected).norm() < tolerance * (expected - expected.mean()).norm():
        raise AskewError(
            f"the adapter {folder} cannot be merged into its base: the output of the model would change. Merge it "
            "where it was trained, and name the merged model"
        )
    return merged


def _untie(model: nn.Module) -> None:
    """Copy tied output weights, because merging an adapter into the embedding would change them as well."""
    assert isinstance(model, PreTrainedModel)
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or getattr(head, "weight", None) is not embedding.weight:
        return
    head.weight = nn.Parameter(head.weight.detach().clone(), requires_grad=False)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = False


def _tie_again(model: PreTrainedModel) -> None:
    """Tie the output weights to the embedding again, if they are still equal after merging."""
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    own, shared = getattr(head, "weight", None), embedding.weight
    if not isinstance(own, Tensor) or not isinstance(shared, Tensor) or own is shared or not torch.equal(own, shared):
        return
    setattr(head, "weight", shared)  # noqa: B010  (the type of a module has no weight)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = True
