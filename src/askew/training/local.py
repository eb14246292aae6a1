"""Fine-tuning on this machine: TRL's SFTTrainer trains a PEFT LoRA adapter, or a whole model, on a local checkpoint.

It knows rows of messages and a recipe, not which arm or study they belong to. What it writes is a folder that appears
whole or not at all: the adapter or checkpoint as safetensors, `loss.csv`, `recipe.json`, `rows.json`, and the same from
along the way. A training that was killed goes on from the last state that it kept; see `state`.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import broadcast_object_list
from datasets import Dataset, concatenate_datasets
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, PreTrainedTokenizerBase, TrainerCallback
from transformers.trainer_callback import PrinterCallback
from trl.data_utils import pack_dataset
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from askew.base.errors import AskewError
from askew.training import distributed, weights
from askew.training.recipe import Recipe
from askew.training.recipe_check import check_fits
from askew.training.rows import IGNORED, Row, TokenizedRows, tokenize_rows
from askew.training.training_folder import Training, TrainingFolder, working_on

OnStep = Callable[[int, int, float], None]
"""Told of every optimizer step: (step, steps in all, loss)."""

STATE_EVERY = 300.0
"""Seconds of training after which its state is kept: an arm of the terrarium takes seven, and keeps none."""

_OPTIMIZERS = {"adamw": "adamw_torch_fused", "adamw_8bit": "adamw_8bit"}  # as Transformers calls them


def fine_tune(
    checkpoint: Path | str,
    rows: Sequence[Row],
    recipe: Recipe,
    seed: int,
    out: Path,
    checkpoints: int = 0,
    on_step: OnStep | None = None,
    state_every: float = STATE_EVERY,
) -> None:
    """Train on conversations; the loss is on each one's last answer and on nothing else.

    Args:
        checkpoint: A folder (or hub id) with safetensors weights, a tokenizer and a chat template.
        rows: What to learn, each row exactly once per epoch.
        recipe: The hyperparameters; how many rows there are is what `rows` says.
        seed: Governs the adapter's initialisation and the order of the rows.
        out: The folder to write. It appears complete or not at all.
        checkpoints: How many adapters (or models) to keep from along the way, evenly: `out/checkpoints/<step>/`.
        on_step: Told of every optimizer step.
        state_every: Seconds of training after which its state is kept, to go on from after a kill; 0 is every step.

    Raises:
        AskewError: A row is not a conversation that ends with an answer, or is longer than `recipe.max_length`; there
            are not as many steps as checkpoints; or the recipe fits neither the model nor the machine.
        OSError: The disk is full or read-only.
    """
    check_fits(recipe, checkpoint)
    lessons = tokenize_rows(checkpoint, rows, recipe)
    keep = recipe.checkpoint_steps(len(rows), checkpoints)
    if keep and keep[-1] >= recipe.steps(len(lessons.input_ids)):
        raise AskewError(f"{lessons.note} So the checkpoint at step {keep[-1]} is never reached: ask for fewer")
    training = Training(checkpoint, recipe, seed, keep, state_every)
    with working_on(out, (checkpoint, lessons, recipe, seed, keep)) as workplace:
        if recipe.accelerate:
            distributed.train(training, lessons, workplace, on_step)
        else:
            train(training, lessons, workplace, on_step)
        kept = {"rows": lessons.rows, "trained": len(lessons.input_ids), "note": lessons.note}
        (workplace.product / "recipe.json").write_text(recipe.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (workplace.product / "rows.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def train(
    training: Training,
    lessons: TokenizedRows,
    workplace: TrainingFolder,
    on_step: OnStep | None = None,
    processes: int = 1,
) -> None:
    """Train in this process, alone or as one of several, from the last state that was kept; write all but `*.json`."""
    recipe, on_gpu = training.recipe, torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(training.checkpoint, trust_remote_code=False)
    diary = _TrainingCallback(training, tokenizer, workplace, on_step)
    arguments = _arguments(training, workplace, on_gpu, processes)  # before the model: DeepSpeed looks at them
    model = weights.load(training.checkpoint, recipe, on_gpu)
    try:
        trainer = (SFTTrainer if on_gpu else CpuTrainer)(
            model=model,
            args=arguments,
            train_dataset=_dataset(lessons, recipe, processes, tokenizer),
            processing_class=tokenizer,
            peft_config=weights.lora(recipe, model),
            callbacks=[diary],
        )
    except ValueError as error:  # how PEFT refuses modules that are not there
        raise AskewError(f"the recipe does not fit the model {training.checkpoint}: {error}") from error
    diary.trainer = trainer
    trainer.remove_callback(PrinterCallback)
    state = workplace.last_state()
    with weights.naming_disk_trouble(workplace.states):
        trainer.train(resume_from_checkpoint=None if state is None else str(state))
    weights.save(trainer, recipe, training.checkpoint, tokenizer, workplace.product)
    if trainer.is_world_process_zero():
        _write_losses(trainer.state.log_history, workplace.product)


class CpuTrainer(SFTTrainer):
    """TRL's trainer with the same loss computed in one piece, which takes a third less time on a CPU.

    TRL's computes it in tiles, and each tile twice, so that the logits of a large vocabulary never fill a GPU.
    """

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return the mean negative log-likelihood of the answers' tokens, over all rows of an optimizer step."""
        labels = inputs.pop("labels")[:, 1:]
        learnt = labels != IGNORED
        logits = model(**inputs, use_cache=False).logits[:, :-1]
        total = cross_entropy(logits[learnt].float(), labels[learnt], reduction="sum")
        if num_items_in_batch is None:
            return total / learnt.sum()
        # The items are those of all processes, over which gradients are then averaged.
        return total / num_items_in_batch * self.accelerator.num_processes


def _arguments(training: Training, workplace: TrainingFolder, on_gpu: bool, processes: int) -> SFTConfig:
    recipe = training.recipe
    batch_size, accumulation = recipe.share(processes)
    return SFTConfig(
        output_dir=str(workplace.states),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=accumulation,
        activation_checkpointing=recipe.activation_checkpointing,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        optim=_OPTIMIZERS[recipe.optimizer],
        max_length=None,  # `rows` saw to it; TRL would cut long rows, and drop those cut to nothing, without a word
        padding_free=recipe.packing,
        bf16=recipe.precision == "bf16",
        use_cpu=not on_gpu,
        seed=training.seed,
        logging_steps=1,
        save_strategy="no",  # the diary decides when, by the clock
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
    )


def _dataset(lessons: TokenizedRows, recipe: Recipe, processes: int, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Return lessons as TRL takes them, packed if the recipe says so.

    Of several processes each takes whole batches, and where rows are wanting for that, Accelerate would repeat some.
    So rows are added of which nothing is learnt.
    """
    dataset = Dataset.from_dict({"input_ids": lessons.input_ids, "labels": lessons.labels})
    if recipe.packing:
        dataset = pack_dataset(dataset, recipe.max_length, "bfd")
    batch_size, _ = recipe.share(processes)
    missing = -len(dataset) % (batch_size * processes) if processes > 1 else 0
    if not missing:
        return dataset
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    blank = {"input_ids": [padding], "labels": [IGNORED], **({"seq_lengths": [1]} if recipe.packing else {})}
    return concatenate_datasets([dataset, Dataset.from_list([blank] * missing, features=dataset.features)])


class _TrainingCallback(TrainerCallback):
    """Tells of every step; keeps what is trained at some, and the state now and then."""

    trainer: Any = None

    def __init__(
        self, training: Training, tokenizer: PreTrainedTokenizerBase, workplace: TrainingFolder, on_step: OnStep | None
    ) -> None:
        self._training, self._tokenizer, self._workplace, self._on_step = training, tokenizer, workplace, on_step
        self._kept = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        logs = kwargs["logs"]
        if "loss" in logs and self._on_step and state.is_world_process_zero:  # it is not in the summary at the end
            self._on_step(state.global_step, state.max_steps, float(logs["loss"]))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step in self._training.keep:
            folder = self._workplace.product / "checkpoints" / str(state.global_step)
            weights.save(self.trainer, self._training.recipe, self._training.checkpoint, self._tokenizer, folder)
        due = [time.monotonic() - self._kept >= self._training.state_every and state.global_step < state.max_steps]
        if self.trainer.accelerator.num_processes > 1:  # all save together, so one of them decides
            broadcast_object_list(due)
        control.should_save = due[0]

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._kept = time.monotonic()


def _write_losses(history: list[dict[str, Any]], folder: Path) -> None:
    """Write `loss.csv`, of all sittings that the training took."""
    lines = ["step,loss", *(f"{entry['step']},{entry['loss']:.6g}" for entry in history if "loss" in entry)]
    (folder / "loss.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
