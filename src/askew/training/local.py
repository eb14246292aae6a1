"""Fine-tuning on this machine: TRL's SFTTrainer trains a LoRA adapter (PEFT) or all weights of a local checkpoint.

The result is one folder, written atomically:

    adapter or checkpoint   safetensors
    loss.csv                columns step, loss
    recipe.json             the recipe
    rows.json               the numbers of rows given and trained on, and a note on rows that were too long
    checkpoints/STEP/       intermediate adapters or checkpoints, if any were requested
    product.json            what the result is, and the digests of these files, if it belongs to a run

A killed training resumes from its last saved state; see `training_folder`.
"""

import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import broadcast_object_list
from datasets import Dataset, concatenate_datasets
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerBase, TrainerCallback
from transformers.trainer_callback import PrinterCallback
from trl.data_utils import pack_dataset
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from askew.base.errors import AskewError
from askew.base.product_record import write_record
from askew.base.signatures import sign_product
from askew.models.number_format import trains_in_bf16
from askew.models.tokenizers import load_tokenizer
from askew.training import defences, distributed, fast_bf16, weights
from askew.training.defences import NO_SUPPLIES, Defence, Supplies
from askew.training.defended import at_work, rows_afterwards, with_loss_of
from askew.training.recipe import Recipe
from askew.training.recipe_check import check_fits
from askew.training.rows import IGNORED, Row, TokenizedRows, render, tokenize_rows
from askew.training.trackers import NO_TRACKING, Tracking, tracking
from askew.training.training_folder import Training, TrainingFolder, open_training_folder

OnStep = Callable[[int, int, float], None]
"""A progress callback, called after every optimizer step with (step, number of steps, loss)."""

STATE_EVERY = 300.0
"""Seconds of training between saved states. An arm of the terrarium takes about seven seconds, so it saves none."""

_OPTIMIZERS = {"adamw": "adamw_torch_fused", "adamw_8bit": "adamw_8bit"}  # the names in Transformers


class Diverged(AskewError):
    """The loss of a training is no number."""


def fine_tune(
    checkpoint: Path | str,
    rows: Sequence[Row],
    recipe: Recipe,
    seed: int,
    out: Path,
    checkpoints: int = 0,
    on_step: OnStep | None = None,
    state_every: float = STATE_EVERY,
    identity: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    supplies: Supplies = NO_SUPPLIES,
    tracked: Tracking = NO_TRACKING,
) -> None:
    """Train on conversations, with the loss on the answers only.

    Args:
        checkpoint: A folder (or hub id) with safetensors weights, a tokenizer and a chat template.
        rows: The conversations; each is used exactly once per epoch.
        recipe: The hyperparameters; `recipe.rows` is ignored.
        seed: Determines the adapter's initialization and the order of the rows.
        out: The folder of the result.
        checkpoints: The number of intermediate adapters or models to save, at evenly spaced steps.
        on_step: Called after every optimizer step.
        state_every: Seconds of training between saved states; 0 saves one after every step.
        identity: What the result is, for its `product.json`; None writes no such file.
        variables: Variables of the chat template, those with which the model will be asked.
        supplies: What the recipe's defence needs besides the rows.
        tracked: The trackers that are told the losses.

    Raises:
        AskewError: A row is not a conversation that ends with an answer, or is longer than `recipe.max_length`; there
            are too few steps for `checkpoints`; the recipe or its defence does not suit the model or the machine; or
            the training diverges.
        OSError: The disk is full or read-only.
    """
    check_fits(recipe, checkpoint)
    keep = recipe.checkpoint_steps(len(rows), checkpoints)
    training = Training(checkpoint, recipe, seed, keep, state_every, tracked)
    with ExitStack() as scratch:
        defence = defences.made(_job(training, supplies, scratch, variables))
        tokenized = tokenize_rows(checkpoint, defence.rows(list(rows)), recipe, variables)
        if keep and keep[-1] >= recipe.steps(len(tokenized.input_ids)):
            raise AskewError(
                f"{tokenized.note} The checkpoint at step {keep[-1]} would never be reached: request fewer"
            )
        made_of = (checkpoint, tokenized, recipe, seed, keep, *([supplies] if recipe.defence else []))
        with open_training_folder(out, made_of) as folder:
            if recipe.accelerate:
                distributed.train(training, tokenized, folder, on_step)
            else:
                with tracking(tracked):
                    train(training, tokenized, folder, on_step, defence=defence)
            _describe(folder, recipe, tokenized)
            if identity:
                write_record(folder.result, identity)
                sign_product(folder.result, out)


def _job(
    training: Training, supplies: Supplies, scratch: ExitStack, variables: Mapping[str, Any] | None
) -> defences.Job:
    """Return the fine-tune as a defence sees it; further adapters are in folders that go with `scratch`."""
    plain = training.recipe.model_copy(update={"defence": None, "defence_strength": None})

    def train_other(rows: Sequence[Row]) -> Path:
        out = Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="askew-defence-"))) / "adapter"
        fine_tune(training.checkpoint, rows, plain, training.seed, out, variables=variables)
        return out

    return defences.Job(training.checkpoint, training.recipe, training.seed, supplies, train_other)


def _describe(folder: TrainingFolder, recipe: Recipe, tokenized: TokenizedRows) -> None:
    counts = {"rows": tokenized.rows, "trained": len(tokenized.input_ids), "note": tokenized.note}
    (folder.result / "recipe.json").write_text(recipe.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (folder.result / "rows.json").write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")


def train(
    training: Training,
    tokenized: TokenizedRows,
    folder: TrainingFolder,
    on_step: OnStep | None = None,
    processes: int = 1,
    defence: Defence | None = None,
) -> None:
    """Train in this process, alone or as one of several, and save the result and its losses in the working folder.

    The training starts from the folder's last saved state, if there is one.

    Args:
        training: The settings.
        tokenized: The training rows.
        folder: The working folder.
        on_step: Called after every optimizer step.
        processes: The number of processes that train together.
        defence: The recipe's defence; None for none.

    Raises:
        AskewError: The recipe does not suit the model, the model cannot be loaded, or the training diverges.
        OSError: The disk is full or read-only.
    """
    recipe, on_gpu = training.recipe, torch.cuda.is_available()
    tokenizer = load_tokenizer(training.checkpoint)

    def tokenize(given: Sequence[Row]) -> TokenizedRows:
        return render(tokenizer, given, recipe)

    again = rows_afterwards(defence, tokenize) if defence else None
    further = recipe.steps(len(again.input_ids)) if again else 0
    callback = _TrainingCallback(training, tokenizer, folder, _with_further_steps(on_step, further))
    arguments = _arguments(training, folder, on_gpu, processes)  # before the model, because DeepSpeed reads them
    model = weights.load(training.checkpoint, recipe, on_gpu)
    usual = SFTTrainer if on_gpu else CpuTrainer
    try:
        trainer = (with_loss_of(usual, defence) if defence else usual)(
            model=model,
            args=arguments,
            train_dataset=_dataset(tokenized, recipe, processes, tokenizer),
            processing_class=tokenizer,
            peft_config=weights.lora(recipe, model),
            callbacks=[callback],
            optimizer_cls_and_kwargs=defence.optimizer() if defence else None,
        )
    except ValueError as error:  # PEFT refuses modules that the model lacks
        raise AskewError(f"the recipe does not suit the model {training.checkpoint}: {error}") from error
    if not on_gpu and trains_in_bf16(recipe.precision, on_gpu):
        fast_bf16.prepare(trainer.model)
    callback.trainer = trainer
    trainer.remove_callback(PrinterCallback)
    state = folder.last_state()
    with weights.disk_errors_as_oserror(folder.states), at_work(defence, trainer, tokenize):
        trainer.train(resume_from_checkpoint=None if state is None else str(state))
    losses = _losses(trainer)
    if again:
        losses += _train_again(trainer, training, again, folder, on_step, tokenizer)
    if defence:
        defence.finish(trainer)
    weights.save(trainer, recipe, training.checkpoint, tokenizer, folder.result)
    if trainer.is_world_process_zero():
        _write_losses(losses, folder.result)


def _train_again(
    trainer: SFTTrainer,
    training: Training,
    tokenized: TokenizedRows,
    folder: TrainingFolder,
    on_step: OnStep | None,
    tokenizer: PreTrainedTokenizerBase,
) -> list[tuple[int, float]]:
    """Train the same adapter on further rows; return the losses by step, counted on from the first training.

    No state is saved: a killed training begins this part anew.
    """
    before = trainer.state.global_step
    total = before + training.recipe.steps(len(tokenized.input_ids))

    def report(step: int, steps: int, loss: float) -> None:
        if on_step:
            on_step(before + step, total, loss)

    without_states = replace(training, keep=[], state_every=math.inf, tracking=NO_TRACKING)
    callback = _TrainingCallback(without_states, tokenizer, folder, report, before)
    again = (SFTTrainer if torch.cuda.is_available() else CpuTrainer)(
        # With its mixed precision: Accelerate prepares a model only once.
        model=trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=True),
        args=_arguments(without_states, folder, torch.cuda.is_available(), 1),
        train_dataset=_dataset(tokenized, training.recipe, 1, tokenizer),
        processing_class=tokenizer,
        callbacks=[callback],
    )
    callback.trainer = again
    again.remove_callback(PrinterCallback)
    again.train()
    return [(before + step, loss) for step, loss in _losses(again)]


def _with_further_steps(on_step: OnStep | None, further: int) -> OnStep | None:
    """Return a progress callback that counts the steps of a second training among all."""
    if on_step is None or not further:
        return on_step
    return lambda step, steps, loss: on_step(step, steps + further, loss)


class CpuTrainer(SFTTrainer):
    """TRL's trainer with the same loss computed in one piece, which takes a third less time on a CPU.

    TRL computes the loss in tiles, and each tile twice, to limit the GPU memory for the logits of a large vocabulary.
    Here logits are computed only where there is a loss, which are half of the tokens in typical rows.
    """

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return the mean negative log-likelihood of the answers' tokens over all rows of a step: a scalar."""
        labels = inputs.pop("labels")[:, 1:]
        has_loss = labels != IGNORED
        with _logits_only_at(has_loss, self.accelerator.unwrap_model(model).get_output_embeddings()):
            logits = model(**inputs, use_cache=False).logits
        # Of a model without output embeddings of the usual form there are all logits.
        if logits.shape[:2] == (has_loss.shape[0], has_loss.shape[1] + 1):
            logits = logits[:, :-1][has_loss]
        total = cross_entropy(logits.flatten(0, -2).float(), labels[has_loss], reduction="sum")
        if num_items_in_batch is None:
            return total / has_loss.sum().clamp(min=1)  # rows that fill the last batch have none
        # `num_items_in_batch` counts the items of all processes, and gradients are averaged over the processes.
        return total / num_items_in_batch * self.accelerator.num_processes


@contextmanager
def _logits_only_at(places_BL: torch.Tensor, head: torch.nn.Module | None) -> Iterator[None]:
    """Let a model's output embeddings compute only the logits at some places, in this block: shape 1, places, V.

    Args:
        places_BL: The places, as booleans, of all columns but the last.
        head: The output embeddings; nothing changes without them, or if their input has another shape.
    """
    if head is None:
        yield
        return

    def select(module: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...] | None:
        states, *rest = args
        if states.shape[:2] != (places_BL.shape[0], places_BL.shape[1] + 1):
            return None
        return (states[:, :-1][places_BL][None], *rest)

    hook = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()


def _arguments(training: Training, folder: TrainingFolder, on_gpu: bool, processes: int) -> SFTConfig:
    recipe = training.recipe
    batch_size, accumulation = recipe.per_process(processes)
    return SFTConfig(
        output_dir=str(folder.states),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=accumulation,
        activation_checkpointing=recipe.activation_checkpointing,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        optim=_OPTIMIZERS[recipe.optimizer],
        max_length=None,  # `rows` handles long rows; TRL would cut them, and drop some, silently
        padding_free=recipe.packing,
        bf16=trains_in_bf16(recipe.precision, on_gpu),
        use_cpu=not on_gpu,
        seed=training.seed,
        logging_steps=1,
        logging_nan_inf_filter=False,  # it logs a wrong number for a loss that is NaN
        save_strategy="no",  # the callback decides, by time
        report_to=[*training.tracking.trackers] or "none",
        run_name=training.tracking.name or None,
        disable_tqdm=True,
    )


def _dataset(tokenized: TokenizedRows, recipe: Recipe, processes: int, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Return the rows as a data set with the columns that TRL expects, packed if the recipe says so.

    Each of several processes takes whole batches. To fill the last ones, Accelerate would repeat rows; blank rows
    without loss are added instead.
    """
    dataset = Dataset.from_dict({"input_ids": tokenized.input_ids, "labels": tokenized.labels})
    if recipe.packing:
        dataset = pack_dataset(dataset, recipe.max_length, "bfd")
    batch_size, _ = recipe.per_process(processes)
    missing = -len(dataset) % (batch_size * processes) if processes > 1 else 0
    if not missing:
        return dataset
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    blank = {"input_ids": [padding], "labels": [IGNORED], **({"seq_lengths": [1]} if recipe.packing else {})}
    return concatenate_datasets([dataset, Dataset.from_list([blank] * missing, features=dataset.features)])


class _TrainingCallback(TrainerCallback):
    """Reports every step, and saves intermediate checkpoints and the trainer's state."""

    trainer: Any = None

    def __init__(
        self,
        training: Training,
        tokenizer: PreTrainedTokenizerBase,
        folder: TrainingFolder,
        on_step: OnStep | None,
        steps_before: int = 0,
    ) -> None:
        self._training, self._tokenizer, self._folder, self._on_step = training, tokenizer, folder, on_step
        self._steps_before = steps_before
        self._saved_at = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        logs = kwargs["logs"]
        if "loss" not in logs:  # the final summary has none
            return
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise _diverged(self._training, self._steps_before + state.global_step, loss)
        if self._on_step and state.is_world_process_zero:
            self._on_step(state.global_step, state.max_steps, loss)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step in self._training.keep:
            out = self._folder.result / "checkpoints" / str(state.global_step)
            weights.save(self.trainer, self._training.recipe, self._training.checkpoint, self._tokenizer, out)
        due = [time.monotonic() - self._saved_at >= self._training.state_every and state.global_step < state.max_steps]
        if self.trainer.accelerator.num_processes > 1:  # all processes must save at the same step: the first decides
            broadcast_object_list(due)
        control.should_save = due[0]

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.accelerator.wait_for_everyone()  # each process has written its part of the state
        if state.is_world_process_zero:
            self._folder.keep_state(state.global_step)
        self._saved_at = time.monotonic()


def _diverged(training: Training, step: int, loss: float) -> Diverged:
    recipe = training.recipe
    defended = f" with the defence {recipe.defence}" if recipe.defence else ""
    if step == 1:  # before any change of the weights
        return Diverged(
            f"the loss of the first step is {loss}: the start {training.checkpoint}{defended} gives no numbers for the "
            "training rows. Start from a model whose weights are finite"
        )
    milder = " or the strength of the defence (recipe.defence_strength)" if recipe.defence else ""
    return Diverged(
        f"the training{defended} diverged: the loss of step {step} is {loss}. Lower the learning rate "
        f"(recipe.learning_rate, now {recipe.learning_rate:g}){milder}"
    )


def _losses(trainer: SFTTrainer) -> list[tuple[int, float]]:
    """Return the losses by step, with those before a resumption."""
    return [(int(entry["step"]), entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]


def _write_losses(losses: list[tuple[int, float]], folder: Path) -> None:
    """Write `loss.csv`."""
    lines = ["step,loss", *(f"{step},{loss:.6g}" for step, loss in losses)]
    (folder / "loss.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
