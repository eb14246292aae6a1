"""The setting of a network: what it learns, from how much, and how it is trained."""

from dataclasses import dataclass

from askew.base.errors import AskewError
from askew.base.memory import available
from askew.worlds.grokking.tables import elements_of, table_of

MLP, TRANSFORMER, COSINE, RANDOM = "mlp", "transformer", "cosine", "random"
NETWORKS = {
    MLP: "an embedding per place, summed, and two hidden layers of ReLU",
    TRANSFORMER: "the one-layer transformer of Nanda et al. 2023",
}
"""The networks that are trained, each in a few words."""

TRUE, SHUFFLED = "true", "shuffled"

CURVE_COLUMNS = (
    *("epoch", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "norm"),
    *("top_share", "restricted_loss", "excluded_loss"),
)
"""The columns of a training curve; the last three are NaN but at snapshots."""
SPECTRUM_COLUMNS = ("epoch", "frequency", "share")

_GB = 1e9
_USABLE = 0.9
# Operations per second of one thread of a laptop of 2024, and the seconds that an epoch takes besides.
_SPEED, _EACH_EPOCH = 4e10, 7e-4
_FLOAT = 4
_HEADS_WIDTH, _OF_MLP, _TOKENS = 128, 512, 3


@dataclass(frozen=True)
class Setting:
    """The setting of one network: its table, its pairs and its training.

    Attributes:
        operation: One of `OPERATIONS`.
        p: The modulus.
        share: The share of all pairs that it is trained on, 0-1 without both ends.
        network: One of `NETWORKS`; or `COSINE`, which computes the answer by five waves, and `RANDOM`, an MLP without
            training: these two are what the instruments are tried on.
        hidden: Units of each layer of the MLP.
        weight_decay: The weight decay of AdamW.
        learning_rate: Its learning rate.
        labels: `TRUE`, or `SHUFFLED`: each pair has the answer of another one.
        epochs: How many times it sees all training pairs.
        snapshots: How many times its spectrum is read.
        stops: Whether its training ends as soon as it is right on 95% of the other pairs.
    """

    operation: str = "add"
    p: int = 59
    share: float = 0.6
    network: str = MLP
    hidden: int = 128
    weight_decay: float = 1.0
    learning_rate: float = 0.005
    labels: str = TRUE
    epochs: int = 800
    snapshots: int = 30
    stops: bool = False

    @property
    def elements(self) -> int:
        """The number of elements of its table."""
        return elements_of(self.operation, self.p)

    @property
    def pairs(self) -> int:
        """The number of pairs that it is trained on."""
        return round(self.share * self.elements**2)

    @property
    def every(self) -> int:
        """The number of epochs from one row of its curve to the next."""
        return max(5, self.epochs // 500)

    @property
    def operations(self) -> float:
        """About how many multiplications and additions an epoch takes."""
        rows, n = self.pairs, self.elements
        if self.network == TRANSFORMER:
            width, inner = _HEADS_WIDTH, _OF_MLP
            return 6.0 * rows * (_TOKENS * 3 * width**2 + width**2 + 2 * width * inner + width * n)
        return 6.0 * (rows * (self.hidden**2 + self.hidden * n) + 2 * n * self.hidden**2)

    @property
    def seconds(self) -> float:
        """About how many seconds its training takes on one thread of a laptop."""
        return self.epochs * (self.operations / _SPEED + _EACH_EPOCH)

    @property
    def bytes(self) -> float:
        """About how many bytes its training takes."""
        n, width = self.elements, _TOKENS * 4 * _HEADS_WIDTH + 2 * _OF_MLP
        per_pair = (width if self.network == TRANSFORMER else 2 * self.hidden) + n
        # All pairs are read at once, forward and backward; the spectrum holds three copies of all answers.
        return _FLOAT * n**2 * (3 * per_pair + 2 * 3 * n)

    def check(self) -> None:
        """Refuse a setting that cannot be trained, before anything is computed.

        Raises:
            AskewError: The operation, p or the share do not fit, or there is not enough memory.
        """
        total = self.elements**2
        if self.network not in NETWORKS and self.network not in (COSINE, RANDOM):
            raise AskewError(f"{self.network!r} is no network: name one of {', '.join(NETWORKS)}")
        if not 0 < self.share < 1:
            purpose = "learn from" if self.share <= 0 else "test with"
            raise AskewError(
                f"a share of {self.share:g} leaves no pairs to {purpose}: give the share of pairs to train on, "
                "such as 0.6"
            )
        if not 0 < self.pairs < total:
            purpose = "learn from" if not self.pairs else "test with"
            raise AskewError(
                f"a share of {self.share:g} of {total:,} pairs leaves none to {purpose}: take another share"
            )
        if self.bytes > (left := _USABLE * available()):
            raise AskewError(
                f"p = {self.p} needs about {self.bytes / _GB:,.1f} GB of memory, for the answers to {total:,} pairs, "
                f"and this machine has {left / _GB:,.1f} GB left: take a smaller p"
            )
        if self.network == COSINE and table_of(self.operation, self.p).circle is None:
            raise AskewError(f"no waves compute {self.operation}")
