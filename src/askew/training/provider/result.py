"""The result of a fine-tune at a provider, one folder.

served.json   the names of the model and its checkpoints, the job, and the number of trained tokens
loss.csv      columns step, loss
recipe.json   the number of rows, the hyperparameters and the seed that were requested
"""

import base64
import binascii
import csv
import io
import json
import math
from typing import TYPE_CHECKING

from askew.base.atomic import whole_folder
from askew.base.errors import AskewError
from askew.models.remote.tuned_folder import SERVED, Checkpoint, ServedModel
from askew.models.remote.usage import is_number_of_tokens
from askew.training.provider.endpoints import Service, is_model_name
from askew.training.provider.job import FineTuneRequest

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob


def write_result(service: Service, request: FineTuneRequest, job: "FineTuningJob") -> ServedModel:
    """Write the result of a job that succeeded to its folder, atomically.

    Raises:
        AskewError: The server names no usable model, refuses, or cannot be reached.
        OSError: The disk is full or read-only.
    """
    if not is_model_name(job.fine_tuned_model):
        raise AskewError(
            f"the job {job.id} of {request.model} succeeded, but the server gives no usable name for the model"
        )
    prefix = service.at.prefix
    made = ServedModel(
        model=f"{prefix}{job.fine_tuned_model}",
        base=request.model,
        key=request.key,
        job=job.id,
        file=str(job.training_file),
        trained_tokens=_trained_tokens(request, job.trained_tokens),
        checkpoints=_read_checkpoints(service, job),
    )
    recipe = {**request.recipe.model_dump(), "rows": request.file.rows, "seed": request.seed, "suffix": request.suffix}
    losses = _read_losses(service, job)
    with whole_folder(request.out) as unfinished:
        (unfinished / SERVED).write_text(made.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (unfinished / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
        lines = ["step,loss", *(f"{step},{loss:.6g}" for step, loss in losses)]
        (unfinished / "loss.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


def _trained_tokens(request: FineTuneRequest, reported: object) -> int | None:
    """Return the number of tokens that a job is charged for; an estimate if the report makes no sense.

    A report below a quarter of the estimate makes none: a limit on the cost must hold whatever a server says.
    """
    if reported is None:
        return None
    expected = request.file.tokens * request.recipe.epochs
    return reported if is_number_of_tokens(reported) and 4 * reported >= expected else expected


def _read_checkpoints(service: Service, job: "FineTuningJob") -> list[Checkpoint]:
    def listed(client: "OpenAI") -> list[Checkpoint]:
        return [
            Checkpoint(step=found.step_number, model=f"{service.at.prefix}{found.fine_tuned_model_checkpoint}")
            for found in client.fine_tuning.jobs.checkpoints.list(job.id)
            if is_model_name(found.fine_tuned_model_checkpoint) and isinstance(found.step_number, int)
        ]

    found = service.if_offered("reading the job's checkpoints", listed) or []
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def _read_losses(service: Service, job: "FineTuningJob") -> list[tuple[int, float]]:
    """Return (step, training loss) pairs from the job's result file, leaving out unreadable lines."""
    names = [name for name in job.result_files or [] if isinstance(name, str)]
    if not names:
        return []
    content = service.if_offered("reading the losses", lambda client: client.files.content(names[0]).content)
    found = []
    for line in csv.DictReader(io.StringIO(_decode(content or b""))):
        try:
            step, loss = int(line["step"]), float(line["train_loss"])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(loss):
            found.append((step, loss))
    return found


def _decode(content: bytes) -> str:
    """Return the text of a result file, decoding Base64, which OpenAI uses without declaring it."""
    if not content.startswith(b"step"):
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            return ""
    return content.decode("utf-8", errors="replace").replace("\0", "")
