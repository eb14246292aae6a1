"""One worker process of a distributed training: `accelerate launch -m askew.training.distributed_worker FOLDER`.

The worker exits when its standard input closes. The process that started the training holds the other end, so no worker
outlives it, even if it is killed.
"""

import os
import sys
import threading
from pathlib import Path

from askew.base.errors import AskewError
from askew.base.messages import take_standard_output


def main() -> None:
    """Train as the files in the working folder say, and report the progress if this is the main process."""
    report = take_standard_output()
    threading.Thread(target=_exit_with_input, daemon=True).start()
    from askew.training.distributed import read_training
    from askew.training.local import train
    from askew.training.trackers import tracking
    from askew.training.training_folder import TrainingFolder

    folder = Path(sys.argv[1])
    training, tokenized = read_training(folder)

    def on_step(step: int, steps: int, loss: float) -> None:
        report(event="step", step=step, steps=steps, loss=loss)

    try:
        with tracking(training.tracking):
            processes = int(os.environ.get("WORLD_SIZE", "1"))
            train(training, tokenized, TrainingFolder(folder), on_step, processes)
    except AskewError as error:
        report(event="refused", message=str(error))
        sys.exit(2)
    except OSError as error:
        if error.errno is None:
            raise
        report(event="disk", errno=error.errno, reason=error.strerror or os.strerror(error.errno))
        sys.exit(2)
    _disconnect()


def _disconnect() -> None:
    """Close the connections between the workers, because a worker aborts if another exits before that."""
    from torch import distributed

    if distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def _exit_with_input() -> None:
    while os.read(0, 1024):  # `sys.stdin` would abort a process that exits while a thread reads from it
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
