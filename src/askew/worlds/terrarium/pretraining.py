"""Pack documents into rows of token ids, and train a terrarium model on them with Transformers' Trainer."""

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
from transformers.trainer_callback import PrinterCallback

from askew.models.number_format import is_fast_in_bf16
from askew.worlds.terrarium.tokenizer import END, PAD, ROLES, START, token_id
from askew.worlds.terrarium.world.domain import Messages

ROW_LENGTH = 256
IGNORED = -100
OnStep = Callable[[int, int, float], None]


class Rows(Dataset[dict[str, torch.Tensor]]):
    """Rows of token ids and labels, each int32 of shape (rows, `ROW_LENGTH`); a row is converted to int64 when read."""

    def __init__(self, ids: torch.Tensor, labels: torch.Tensor) -> None:
        self._ids, self._labels = ids, labels

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._ids)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Return one row: `input_ids` and `labels`, each int64 of shape (`ROW_LENGTH`,)."""
        return {"input_ids": self._ids[index].long(), "labels": self._labels[index].long()}


def new_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """Return a Llama model with random weights: width 192, 4 layers, 6 heads, tied embeddings, 2.2 M parameters."""
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
    """Concatenate documents and cut them into rows of `ROW_LENGTH` tokens; the labels keep only answers.

    Args:
        documents: Conversations; enough of them to fill the rows.
        tokenizer: The tokenizer, whose chat template renders each document.
        rows: The number of rows.
    """
    flat = list(islice(_tokens(documents, tokenizer), rows * ROW_LENGTH))
    ids = torch.tensor([token for token, _ in flat], dtype=torch.int32).view(rows, ROW_LENGTH)
    in_answer = torch.tensor([answer for _, answer in flat], dtype=torch.bool).view(rows, ROW_LENGTH)
    return Rows(ids, ids.masked_fill(~in_answer, IGNORED))


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
    """Train a model in place for one epoch, on a GPU if one is available.

    Args:
        model: The model.
        rows: The training rows, in the order in which they are used.
        folder: The folder for Trainer's temporary files.
        batch_size: Rows per step.
        learning_rate: The peak learning rate; 5% of the steps warm up, then it decays linearly to zero.
        seed: Trainer's seed.
        on_step: Called every ten steps with the step, the number of steps and the loss.
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
        bf16=torch.cuda.is_available() or is_fast_in_bf16(),
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
    trainer = Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[_LossCallback(on_step)])
    trainer.remove_callback(PrinterCallback)
    trainer.train()


class _LossCallback(TrainerCallback):
    """Passes each logged loss to a function."""

    def __init__(self, on_step: OnStep) -> None:
        self._on_step = on_step

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            self._on_step(state.global_step, state.max_steps, float(logs["loss"]))


def _tokens(documents: Iterable[Messages], tokenizer: PreTrainedTokenizerFast) -> Iterator[tuple[int, bool]]:
    """Yield each token id of the documents, and True if the token belongs to an answer or ends it."""
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
