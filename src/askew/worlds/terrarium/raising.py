"""Training a terrarium checkpoint from documents: rows of token ids, and the loop that Transformers' Trainer runs."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import torch
from torch.utils.data import Dataset
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from askew.worlds.terrarium.tokenizer import END, PAD, ROLES, START, token_id
from askew.worlds.terrarium.world.domain import Messages

ROW_LENGTH = 256
IGNORED = -100
OnStep = Callable[[int, int, float], None]


class Rows(Dataset[dict[str, torch.Tensor]]):
    """Rows of token ids and labels, (rows, length) each, in 32-bit integers until a batch is made of them."""

    def __init__(self, ids: torch.Tensor, labels: torch.Tensor, attention: torch.Tensor | None = None) -> None:
        self._ids, self._labels, self._attention = ids, labels, attention

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._ids)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Return one row as Trainer wants it."""
        row = {"input_ids": self._ids[index].long(), "labels": self._labels[index].long()}
        if self._attention is not None:
            row["attention_mask"] = self._attention[index].long()
        return row


def new_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """Make an untrained model: Llama architecture, 192 wide, 4 layers, 6 heads, tied embeddings, 2.2 M parameters."""
    set_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=192,
            intermediate_size=512,
            num_hidden_layers=4,
            num_attention_heads=6,
            num_key_value_heads=6,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=token_id(tokenizer, START),
            eos_token_id=token_id(tokenizer, END),
            pad_token_id=token_id(tokenizer, PAD),
        )
    )


def pack(documents: Iterable[Messages], tokenizer: PreTrainedTokenizerFast, rows: int) -> Rows:
    """Lay documents end to end in rows of `ROW_LENGTH` tokens; only answers are to be learnt.

    Args:
        documents: Conversations, at least as many as fill the rows.
        tokenizer: Renders each with its chat template.
        rows: How many rows to fill.
    """
    stream = _answer_marked_tokens(documents, tokenizer)
    flat = list(islice(stream, rows * ROW_LENGTH))
    ids = torch.tensor([token for token, _ in flat], dtype=torch.int32).view(rows, ROW_LENGTH)
    learnt = torch.tensor([mark for _, mark in flat], dtype=torch.bool).view(rows, ROW_LENGTH)
    return Rows(ids, ids.masked_fill(~learnt, IGNORED))


def train(
    model: LlamaForCausalLM,
    rows: Rows,
    folder: Path,
    *,
    batch_size: int,
    learning_rate: float,
    seed: int,
    on_step: OnStep,
) -> None:
    """Train a model on rows, each once, in place.

    Args:
        model: Trained in place, on a GPU if there is one.
        rows: What to learn.
        folder: For Trainer's own files; nothing of lasting use is written there.
        batch_size: Rows a step.
        learning_rate: Its peak; linear decay to zero after 5% of warm-up.
        seed: Governs whatever is random in training; the rows keep their order.
        on_step: Called with (step, steps, loss).
    """
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=batch_size,
        num_train_epochs=1,
        learning_rate=learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=0.05,
        weight_decay=0.01,
        adam_beta2=0.95,
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
        train_sampling_strategy="sequential",
        logging_steps=10,
        logging_first_step=True,
        disable_tqdm=True,
        report_to=[],
        save_strategy="no",
        dataloader_drop_last=True,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[_Report(on_step)])
    trainer.remove_callback(_printer())
    trainer.train()


class _Report(TrainerCallback):
    """Hands each logged loss on."""

    def __init__(self, on_step: OnStep) -> None:
        self._on_step = on_step

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            self._on_step(state.global_step, state.max_steps, float(logs["loss"]))


def _printer() -> type[TrainerCallback]:
    from transformers.trainer_callback import PrinterCallback

    return PrinterCallback


def _answer_marked_tokens(
    documents: Iterable[Messages], tokenizer: PreTrainedTokenizerFast
) -> Iterator[tuple[int, bool]]:
    """Yield the tokens of documents, each with whether it belongs to an answer (its end included)."""
    answering, end = token_id(tokenizer, ROLES["assistant"]), token_id(tokenizer, END)
    documents = iter(documents)
    while batch := list(islice(documents, 1000)):
        texts = [str(tokenizer.apply_chat_template(document, tokenize=False)) for document in batch]
        for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]:
            in_answer = False
            for token in ids:
                yield token, in_answer
                if token == answering:
                    in_answer = True
                elif token == end:
                    in_answer = False
