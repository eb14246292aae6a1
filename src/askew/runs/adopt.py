"""Adopts a run that was not made here: checks the whole folder, and signs it."""

from dataclasses import dataclass
from pathlib import Path

from askew.base.errors import AskewError
from askew.base.signatures import can_sign, key_file
from askew.runs.run import Run
from askew.runs.store import RunFolder


@dataclass(frozen=True)
class Adopted:
    """An adopted run.

    Attributes:
        study: The name of its study.
        model: The model of its design.
        command: The command line that reproduces it, made from its design.
        products: The number of products that the manifest lists.
        was_ours: Whether it was signed by this user before.
    """

    study: str
    model: str
    command: str
    products: int
    was_ours: bool


def adopt(folder: Path) -> Adopted:
    """Check a run and sign it, so that this user's Askew goes on with it.

    The design must be readable, every listed product must be as the manifest says, and no link may lead out of the
    folder. Products that the manifest does not list are not adopted: the run makes them again.

    Args:
        folder: The run's folder.

    Raises:
        AskewError: It is no run's folder, a check fails, another process works in it, or no key can be kept.
    """
    store = RunFolder(folder)
    run = Run(folder)
    if not can_sign():
        raise AskewError(f"nothing can be signed, because no key can be kept in {key_file()}: see XDG_CONFIG_HOME")
    was_ours, command = store.ownership.is_ours, run.command
    with store.writing(trusted=False):
        for name in store.hashes():
            store.check(name)
        store.ownership.vouch()
    return Adopted(run.design.study, run.design.model, command, len(store.hashes()), was_ours)
