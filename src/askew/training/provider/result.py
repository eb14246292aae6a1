"""What a fine-tune at a provider leaves here: a folder with the name of the model, its losses, and how it was made.

served.json   the name by which to ask the model, those of its checkpoints, the job, the tokens trained on
loss.csv      step, loss
recipe.json   rows, hyperparameters, seed: what was asked for
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
from askew.training.provider.endpoints import Service, is_model_name
from askew.training.provider.tuning import Tuning

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob


def write_result(service: Service, tuning: Tuning, job: "FineTuningJob") -> ServedModel:
    """Collect the result of a job that succeeded into its folder, which appears whole or not at all.

    Raises:
        AskewError: The job has no name for what it made, or the server refuses or stays away.
        OSError: The disk is full or read-only.
    """
    if not is_model_name(job.fine_tuned_model):
        raise AskewError(f"the job {job.id} of {tuning.model} succeeded, but gives no usable name of what it made")
    prefix = service.at.prefix
    made = ServedModel(
        model=f"{prefix}{job.fine_tuned_model}",
        base=tuning.model,
        key=tuning.key,
        job=job.id,
        file=str(job.training_file),
        trained_tokens=job.trained_tokens if isinstance(job.trained_tokens, int) else None,
        checkpoints=_checkpoints(service, job),
    )
    recipe = {**tuning.recipe.model_dump(), "rows": tuning.file.rows, "seed": tuning.seed, "suffix": tuning.suffix}
    losses = _losses(service, job)
    with whole_folder(tuning.out) as unfinished:
        (unfinished / SERVED).write_text(made.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (unfinished / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
        lines = ["step,loss", *(f"{step},{loss:.6g}" for step, loss in losses)]
        (unfinished / "loss.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


def _checkpoints(service: Service, job: "FineTuningJob") -> list[Checkpoint]:
    def listed(client: "OpenAI") -> list[Checkpoint]:
        return [
            Checkpoint(step=found.step_number, model=f"{service.at.prefix}{found.fine_tuned_model_checkpoint}")
            for found in client.fine_tuning.jobs.checkpoints.list(job.id)
            if is_model_name(found.fine_tuned_model_checkpoint) and isinstance(found.step_number, int)
        ]

    found = service.if_offered("reading the job's checkpoints", listed) or []
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def _losses(service: Service, job: "FineTuningJob") -> list[tuple[int, float]]:
    """Return the training loss of each step, from the job's result file; what cannot be read of it is left out."""
    names = [name for name in job.result_files or [] if isinstance(name, str)]
    if not names:
        return []
    content = service.if_offered("reading the losses", lambda client: client.files.content(names[0]).content)
    found = []
    for line in csv.DictReader(io.StringIO(_text(content or b""))):
        try:
            step, loss = int(line["step"]), float(line["train_loss"])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(loss):
            found.append((step, loss))
    return found


def _text(content: bytes) -> str:
    """Return the text of a result file, which OpenAI sends in Base64 without saying so."""
    if not content.startswith(b"step"):
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            return ""
    return content.decode("utf-8", errors="replace").replace("\0", "")
