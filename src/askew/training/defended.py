"""Trains with a defence: its loss, its layers, its optimizer, its end, and what follows the training."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import TrainerCallback
from trl.trainer.sft_trainer import SFTTrainer

from askew.training.defences import Defence, Row, Step
from askew.training.rows import TokenizedRows


def with_loss_of(trainer: type[SFTTrainer], defence: Defence) -> type[SFTTrainer]:
    """Return a trainer whose loss is that of a defence."""
    if type(defence).loss is Defence.loss:
        return trainer

    class Defended(trainer):
        """The trainer with the loss of a defence."""

        passes = 0

        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> torch.Tensor:
            """Return the loss of a pass: a scalar."""
            given = dict(inputs)  # the plain loss takes the labels out

            def plain() -> torch.Tensor:
                found = super(Defended, self).compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
                return found[0] if isinstance(found, tuple) else found

            # A resumed training counts on from the passes before its state.
            first = self.state.global_step * self.args.gradient_accumulation_steps
            self.passes = max(self.passes, first)
            loss = defence.loss(Step(self, given, plain, self.passes))
            self.passes += 1
            return loss

    return Defended


@contextmanager
def at_work(defence: Defence | None, trainer: Any, render: Callable[[Sequence[Row]], TokenizedRows]) -> Iterator[None]:
    """Let a defence prepare itself, change layers, and end the training, in this block.

    Args:
        defence: The defence; None for none.
        trainer: The trainer, before its first step.
        render: Tokenizes rows.
    """
    if defence is None:
        yield
        return
    # The order of the rows depends on the random numbers, which must be those of a training without a defence.
    # Passes before the first step need mixed precision, too: the frozen weights may be in bf16 by now.
    with torch.random.fork_rng(), trainer.accelerator.autocast():
        defence.prepare(trainer, render)
    trainer.add_callback(_Ending(defence, trainer))
    with defence.layers_changed(trainer.model):
        yield


class _Ending(TrainerCallback):
    """Ends a training where its defence says so."""

    def __init__(self, defence: Defence, trainer: Any) -> None:
        self._defence, self._trainer = defence, trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End the training if the defence has had enough."""
        with self._trainer.accelerator.autocast():
            is_enough = self._defence.is_enough(self._trainer, state.global_step, state.max_steps)
        if is_enough:
            control.should_training_stop = True


def rows_afterwards(defence: Defence, render: Callable[[Sequence[Row]], TokenizedRows]) -> TokenizedRows | None:
    """Return the tokenized rows of a second training; None if there is none."""
    rows = defence.rows_afterwards()
    return render(rows) if rows else None
