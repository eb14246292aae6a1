"""The networks: an MLP, the one-layer transformer of Nanda et al. 2023, and one that computes its answers by waves."""

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from askew.worlds.grokking.setting import COSINE, RANDOM, TRANSFORMER, Setting
from askew.worlds.grokking.tables import Table

WAVES = 5
"""The frequencies of the network of waves; those of Nanda et al. found about as many."""

_WIDTH, _HEADS, _INNER, _TOKENS = 128, 4, 512, 3


class Network(nn.Module):
    """A network that answers pairs of elements of a table."""

    @abstractmethod
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return a number for each possible answer, of shape (pairs, n).

        Args:
            first: The number of the first element of each pair, of shape (pairs,).
            second: That of the second.
        """

    @abstractmethod
    def embedding(self) -> Tensor:
        """Return the vector by which the network knows each element, of shape (n, width)."""


class Mlp(Network):
    """An embedding for each of the two places, summed, two hidden layers of ReLU, and the answers.

    The two places have tables of their own. With one table for both, the network could not tell a + b from b + a, and
    most of the pairs that it is tested with would be mirror images of pairs that it was trained on.

    Args:
        elements: The number of elements, n.
        hidden: Units of each layer.
        chance: Source of the first weights.
    """

    def __init__(self, elements: int, hidden: int, chance: torch.Generator) -> None:
        super().__init__()
        self.first = _normal(chance, elements, hidden)
        self.second = _normal(chance, elements, hidden)
        self.inner = nn.ParameterList([_normal(chance, hidden, hidden) for _ in range(2)])
        self.out = _normal(chance, elements, hidden)
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(size)) for size in (hidden, hidden, elements)])

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return a number for each possible answer; see `Network`.

        The first layer is linear in the embeddings, so it is applied to n rows each and not to all pairs.
        """
        one, other = self.first @ self.inner[0].T, self.second @ self.inner[0].T
        # As an embedding, whose backward pass is faster than that of an index.
        seen = torch.relu(functional.embedding(first, one) + functional.embedding(second, other) + self.biases[0])
        seen = torch.relu(torch.addmm(self.biases[1], seen, self.inner[1].T))
        return torch.addmm(self.biases[2], seen, self.out.T)

    def embedding(self) -> Tensor:
        """Return the embeddings of both places side by side, of shape (n, 2 hidden)."""
        return torch.cat([self.first, self.second], dim=1)


class Transformer(Network):
    """The transformer of Nanda et al. 2023 (arXiv 2301.05217): one layer, width 128, four heads, 512 units, no norms.

    It reads "a b =" and answers at "=".

    Args:
        elements: The number of elements, n.
        chance: Source of the first weights.
    """

    def __init__(self, elements: int, chance: torch.Generator) -> None:
        super().__init__()
        self.elements = elements
        self.tokens = _normal(chance, elements + 1, _WIDTH)
        self.positions = _normal(chance, _TOKENS, _WIDTH)
        self.queries, self.keys, self.values, self.mixed = (
            nn.Parameter(torch.randn(_WIDTH, _WIDTH, generator=chance) / math.sqrt(_WIDTH)) for _ in range(4)
        )
        self.inward = nn.Parameter(torch.randn(_WIDTH, _INNER, generator=chance) / math.sqrt(_WIDTH))
        self.inward_bias = nn.Parameter(torch.zeros(_INNER))
        self.outward = nn.Parameter(torch.randn(_INNER, _WIDTH, generator=chance) / math.sqrt(_WIDTH))
        self.outward_bias = nn.Parameter(torch.zeros(_WIDTH))
        self.out = nn.Parameter(torch.randn(_WIDTH, elements, generator=chance) / math.sqrt(elements))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return a number for each possible answer; see `Network`. Only the last of the three tokens is answered."""
        equals = torch.full_like(first, self.elements)
        read = self.tokens[torch.stack([first, second, equals], dim=1)] + self.positions
        last = read[:, -1]

        def split(vectors: Tensor) -> Tensor:
            return vectors.unflatten(-1, (_HEADS, _WIDTH // _HEADS)).transpose(1, 2)

        query = split((last @ self.queries).unsqueeze(1))
        key, value = split(read @ self.keys), split(read @ self.values)
        weights = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(_WIDTH // _HEADS), dim=-1)
        seen = last + (weights @ value).transpose(1, 2).flatten(1) @ self.mixed
        seen = seen + torch.relu(seen @ self.inward + self.inward_bias) @ self.outward + self.outward_bias
        return seen @ self.out

    def embedding(self) -> Tensor:
        """Return the embeddings of the elements, of shape (n, 128)."""
        return self.tokens[: self.elements]


class Cosine(Network):
    """A network that computes its answers by waves, as Nanda et al. 2023 found that trained ones do.

    Its number for an answer c is the sum of cos(w (x - c)) over a few frequencies w, where x is the place of the right
    answer on the circle. So it is right on every pair, and its spectrum has these frequencies only.

    Args:
        table: A table with a circle.
        chance: Chooses the frequencies.
    """

    def __init__(self, table: Table, chance: torch.Generator) -> None:
        super().__init__()
        assert table.circle is not None
        n, self.sign = table.elements, table.sign
        drawn = torch.randperm((n - 1) // 2, generator=chance)[:WAVES]
        # The first frequency belongs to all, since its wave takes each value once; others may be shared by elements.
        waves = torch.cat([torch.tensor([0]), drawn[drawn > 0]])[:WAVES] + 1
        self.circle = torch.as_tensor(table.circle)
        self.angles = 2 * math.pi * waves.double() / n

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return a number for each possible answer; see `Network`."""
        place = self.circle[first] + self.sign * self.circle[second]
        apart = (place[:, None] - self.circle[None, :]).double()
        return sum((torch.cos(angle * apart) for angle in self.angles), torch.zeros_like(apart))

    def embedding(self) -> Tensor:
        """Return the cosine and the sine of each frequency, of shape (n, 10)."""
        turned = self.circle[:, None].double() * self.angles[None, :]
        return torch.cat([torch.cos(turned), torch.sin(turned)], dim=1)


def network_of(setting: Setting, table: Table, chance: torch.Generator) -> Network:
    """Return the network of a setting, before any training."""
    if setting.network == COSINE:
        return Cosine(table, chance)
    if setting.network == TRANSFORMER:
        return Transformer(table.elements, chance)
    assert setting.network in ("mlp", RANDOM)
    return Mlp(table.elements, setting.hidden, chance)


def _normal(chance: torch.Generator, rows: int, columns: int) -> nn.Parameter:
    """Return normal weights of shape (rows, columns), so small that sums over the columns have variance 1."""
    return nn.Parameter(torch.randn(rows, columns, generator=chance) / math.sqrt(columns))
