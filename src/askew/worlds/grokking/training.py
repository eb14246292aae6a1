"""Trains one network on one thread, and reads it along the way; the same setting and seed give the same curve."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from askew.base.errors import AskewError
from askew.worlds.grokking.networks import Network, network_of
from askew.worlds.grokking.setting import SHUFFLED, TRANSFORMER, Setting
from askew.worlds.grokking.tables import Array, Table, table_of
from askew.worlds.grokking.waves import restricted_and_excluded, spectrum, top_frequencies

RIGHT = 0.95
"""The share of right answers at which a network that `stops` is stopped."""

_BETAS = (0.9, 0.98)
_NAN = float("nan")


@dataclass(frozen=True)
class Trained:
    """The record of a training.

    Attributes:
        curve: Rows with `CURVE_COLUMNS`; losses in nats, accuracies 0-1.
        spectrum: Rows with `SPECTRUM_COLUMNS`: the share of each frequency in the embedding at each snapshot; empty for
            a table without a circle.
        frequencies: The frequencies that the network uses in the end, by which restricted and excluded loss are read.
    """

    curve: list[dict[str, float]] = field(default_factory=list)
    spectrum: list[dict[str, float]] = field(default_factory=list)
    frequencies: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Pairs:
    """Pairs with their answers, as tensors of shape (pairs,)."""

    first: Tensor
    second: Tensor
    right: Tensor


def train(setting: Setting, seed: int, on_epoch: Callable[[int], None] = lambda epoch: None) -> Trained:
    """Train a network.

    Args:
        setting: What it learns, and how.
        seed: The seed of its split and of its first weights. The same seed gives the same split in every setting with
            the same table and share.
        on_epoch: Called with the number of each epoch that is done.

    Raises:
        AskewError: The setting cannot be trained, or the loss is no number at some epoch.
    """
    setting.check()
    with _without_denormals():
        return _train(setting, seed, on_epoch)


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Take numbers near zero as zero in this block: weights that decay to nothing make every product slow otherwise."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _train(setting: Setting, seed: int, on_epoch: Callable[[int], None]) -> Trained:
    table = table_of(setting.operation, setting.p)
    train_mask, answers = split(setting, table, seed)
    known, unknown = (_pairs(answers, mask) for mask in (train_mask, ~train_mask))
    network = network_of(setting, table, torch.Generator().manual_seed(seed))
    seen, shots = Trained(), _snapshots(setting)
    states: list[tuple[int, dict[str, Tensor]]] = []
    for epoch, loss, right in _epochs(network, setting, known):
        if not math.isfinite(loss):
            raise AskewError(
                f"training stopped at epoch {epoch}: the loss is {loss}, so the weights have grown beyond all numbers. "
                "Take a smaller learning rate (--set grokking.learning_rate=0.001) or a weight decay below "
                f"{1 / setting.learning_rate:g}"
            )
        stopping = False
        if epoch % setting.every == 0 or epoch == setting.epochs:
            row = {"epoch": epoch, "train_loss": loss, "train_accuracy": right, **_tested(network, unknown)}
            seen.curve.append({**row, "norm": _norm(network)})
            stopping = setting.stops and row["test_accuracy"] >= RIGHT
            if epoch in shots or stopping:
                states.append((epoch, {name: value.clone() for name, value in network.state_dict().items()}))
        on_epoch(epoch)
        if stopping:
            break
    _read_waves(network, states, table, train_mask, seen)
    return seen


def split(setting: Setting, table: Table, seed: int) -> tuple[Array, Array]:
    """Return which pairs a network is trained on, and the answers that it is taught and tested by.

    Args:
        setting: The setting; its share and labels count.
        table: Its table.
        seed: The seed.

    Returns:
        A boolean and the number of an answer for each pair, both of shape (n, n).
    """
    chance, n = np.random.default_rng(seed), table.elements
    mask = np.zeros(n * n, dtype=bool)
    mask[chance.permutation(n * n)[: setting.pairs]] = True
    answers = table.answers
    if setting.labels == SHUFFLED:
        answers = chance.permutation(answers.ravel()).reshape(n, n)
    return mask.reshape(n, n), answers


def _epochs(network: Network, setting: Setting, known: _Pairs) -> Iterable[tuple[int, float, float]]:
    """Yield each epoch with the loss and the accuracy on the training pairs before its step; then take the step."""
    weights = list(network.parameters())
    optimizer = None
    if weights and setting.epochs:
        optimizer = torch.optim.AdamW(
            weights, setting.learning_rate, betas=_BETAS, weight_decay=setting.weight_decay, fused=True
        )
    for epoch in range(setting.epochs + 1):
        answers = network(known.first, known.second)
        loss = _loss(answers, known.right, setting)
        with torch.no_grad():
            right = float((answers.argmax(1) == known.right).double().mean()) if epoch % setting.every == 0 else _NAN
        if epoch == setting.epochs and math.isnan(right):
            right = float((answers.detach().argmax(1) == known.right).double().mean())
        yield epoch, float(loss.detach()), right
        if optimizer is not None and epoch < setting.epochs:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def _loss(answers: Tensor, right: Tensor, setting: Setting) -> Tensor:
    # As Nanda et al. do: in single precision the loss of a transformer that is right is rounded to nothing.
    return functional.cross_entropy(answers.double() if setting.network == TRANSFORMER else answers, right)


def _tested(network: Network, unknown: _Pairs) -> dict[str, float]:
    """Return the loss and the accuracy on the pairs that it was not trained on."""
    with torch.no_grad():
        answers = network(unknown.first, unknown.second)
        loss = float(functional.cross_entropy(answers, unknown.right))
        return {"test_loss": loss, "test_accuracy": float((answers.argmax(1) == unknown.right).double().mean())}


def _norm(network: Network) -> float:
    """Return the length of all weights as one vector."""
    return math.sqrt(sum(float((weight.detach() ** 2).sum()) for weight in network.parameters()))


def _snapshots(setting: Setting) -> set[int]:
    """Return the epochs at which the spectrum is read: evenly spread, with the first and the last."""
    if not setting.snapshots:
        return set()
    even = np.linspace(0, setting.epochs, max(2, setting.snapshots))
    return {round(one / setting.every) * setting.every for one in even[:-1]} | {setting.epochs}


def _read_waves(
    network: Network, states: list[tuple[int, dict[str, Tensor]]], table: Table, trained: Array, seen: Trained
) -> None:
    """Add the spectrum of each snapshot to what is seen, and the two losses by the frequencies of the last one."""
    for row in seen.curve:
        row |= {"top_share": _NAN, "restricted_loss": _NAN, "excluded_loss": _NAN}
    if table.circle is None or not states:
        return
    rows = {row["epoch"]: row for row in seen.curve}
    n = table.elements
    first, second = (torch.as_tensor(axis.ravel()) for axis in np.indices((n, n)))
    for epoch, state in reversed(states):
        network.load_state_dict(state)
        with torch.no_grad():
            shares = spectrum(network.embedding().double().numpy(), table)
            answers = network(first, second).double().numpy().reshape(n, n, n)
        if not seen.frequencies:
            seen.frequencies.extend(top_frequencies(shares))
        restricted, excluded = restricted_and_excluded(answers, table, seen.frequencies, trained)
        top = float(np.sort(shares)[-len(seen.frequencies) :].sum())
        rows[epoch] |= {"top_share": top, "restricted_loss": restricted, "excluded_loss": excluded}
        seen.spectrum[:0] = [
            {"epoch": epoch, "frequency": place + 1, "share": float(share)} for place, share in enumerate(shares)
        ]


def _pairs(answers: Array, mask: Array) -> _Pairs:
    first, second = np.nonzero(mask)
    return _Pairs(*(torch.as_tensor(one) for one in (first, second, answers[mask])))
