"""The start of an arm that begins with the trained model of another arm: that adapter, merged into its base.

The checkpoint is made when it is first needed, and checked whenever it is used: it is no product that the run lists.
"""

import shutil
from pathlib import Path
from typing import Any

from askew.base.atomic import make_folder, whole_folder
from askew.base.locks import locked
from askew.base.messages import Tell
from askew.base.product_record import doubt, record_digest, write_record
from askew.base.signatures import is_signed_product, sign_product
from askew.design.plan import Plan, Unit
from askew.runs.store import RunFolder


def start_message(folder: RunFolder, plan: Plan, unit: Unit) -> dict[str, Any] | None:
    """Return what a worker needs to make the start of a unit; None if no other arm trained its start."""
    earlier = plan.started_from(unit)
    if earlier is None:
        return None
    base = folder.path.resolve()
    return {
        "checkpoint": str(plan.start(unit.arm).checkpoint),
        "adapter": str(base / earlier.product),
        "out": str(base / unit.merged_start),
        "identity": {"product": unit.merged_start, **folder.origin, "arm": unit.arm.name, "seed": unit.seed},
    }


def ready_start(start: dict[str, Any], tell: Tell) -> Path:
    """Return the checkpoint that a unit starts from, after making it if it is missing or not what it should be.

    Args:
        start: From `start_message`.
        tell: Sends an event to the runner.

    Raises:
        AskewError: The earlier adapter cannot be merged into its base.
    """
    adapter, out = Path(start["adapter"]), Path(start["out"])
    if (adapter / "config.json").is_file():  # the method `full` leaves a whole checkpoint
        return adapter
    identity = {**start["identity"], "starts_from": record_digest(adapter)}

    def say(text: str) -> None:
        tell(event="said", text=text)

    make_folder(out.parent)
    with locked(out.with_name(f".{out.name}.lock"), say, wait=True):  # several workers may ask this arm
        reason = doubt(out, identity) or ("" if is_signed_product(out) else "was not made here")
        if reason and out.exists():
            say(f"{start['identity']['product']} {reason}: it is merged again")
            shutil.rmtree(out)  # nothing is lost, since it is made of the adapter
        if reason:
            _merge(start["checkpoint"], adapter, out, identity)
    return out


def _merge(checkpoint: str, adapter: Path, out: Path, identity: dict[str, Any]) -> None:
    from askew.models.merging import save_merged

    with whole_folder(out) as unfinished:
        save_merged(checkpoint, adapter, unfinished)
        write_record(unfinished, identity)
        sign_product(unfinished, out)
