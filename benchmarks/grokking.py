"""Compares the training of the default network of grokking, read along the way, with a bare PyTorch loop.

    python benchmarks/grokking.py [--epochs N] [--times N]

Both train the same MLP on one thread from the same pairs, the bare loop as it would be written without any logging: the
embeddings of each pair are summed, and nothing is tested or read on the way. They take turns, and the least time of
each counts. Askew must not take longer than the bare loop with all its readings.
"""

import argparse
import math
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from askew.worlds.grokking import Setting, table_of
from askew.worlds.grokking.training import split, train

GOAL = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=800)
    parser.add_argument("--times", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    setting = Setting(epochs=chosen.epochs)
    train(Setting(p=7, epochs=5), 0)  # loads what the optimizer needs
    seconds: dict[str, list[float]] = {"with all readings": [], "bare loop": []}
    for _ in range(chosen.times):
        seconds["with all readings"].append(timed(lambda: train(setting, 0)))
        seconds["bare loop"].append(timed(lambda: bare(setting, 0)))
    print(f"MLP, p = {setting.p}, {setting.hidden} hidden units, {setting.epochs} epochs, one thread")
    least = {name: min(own) for name, own in seconds.items()}
    for name, own in least.items():
        print(f"{name:20s} {own:8.2f} s {1000 * own / setting.epochs:8.2f} ms an epoch")
    print(f"ratio: {least['with all readings'] / least['bare loop']:.2f} (goal at most {GOAL:g})")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Bare(nn.Module):
    """The same network as people write it: embeddings of both places, summed for each pair, and three layers."""

    def __init__(self, elements: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.Embedding(elements, hidden), nn.Embedding(elements, hidden)
        self.layers = nn.Sequential(
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, elements)
        )
        for one in (self.first, self.second):
            nn.init.normal_(one.weight, std=1 / math.sqrt(hidden))

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return a number for each answer to each pair, of shape (pairs, elements)."""
        return self.layers(self.first(first) + self.second(second))


def bare(setting: Setting, seed: int) -> None:
    """Train without reading anything."""
    torch.manual_seed(seed)
    mask, answers = split(setting, table_of(setting.operation, setting.p), seed)
    first, second = (torch.as_tensor(axis) for axis in mask.nonzero())
    right = torch.as_tensor(answers[mask])
    network = Bare(setting.elements, setting.hidden)
    optimizer = torch.optim.AdamW(
        network.parameters(), setting.learning_rate, betas=(0.9, 0.98), weight_decay=setting.weight_decay
    )
    for _ in range(setting.epochs):
        loss = functional.cross_entropy(network(first, second), right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    main()
