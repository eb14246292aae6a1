"""The arms of the grokking study: networks with weight decay, their controls, and two whose reading is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from askew.design.arm import NOTHING, Arm
from askew.design.networks import GrokkingSettings, PlannedNetwork
from askew.worlds.grokking import COSINE as WAVES
from askew.worlds.grokking import MLP, SHUFFLED, TRANSFORMER, Setting, table_of
from askew.worlds.grokking import RANDOM as UNTRAINED

if TYPE_CHECKING:
    from askew.design.design import Design

COSINE, RANDOM, DECAY, NO_DECAY, SHUFFLED_LABELS, MAP = "cosine", "random", "decay", "no-decay", "shuffled", "map"
TRAINED = (DECAY, NO_DECAY, SHUFFLED_LABELS)

ARMS = (
    Arm(COSINE, "computes the answers by five waves; must read as perfect and sparse", control=RANDOM, start=NOTHING),
    Arm(RANDOM, "a network without training; must read as chance and flat", start=NOTHING),
    Arm(DECAY, "trained with weight decay", control=NO_DECAY, start=NOTHING),
    Arm(NO_DECAY, "the same training without weight decay", start=NOTHING),
    Arm(SHUFFLED_LABELS, "the same training on answers in a random order", control=DECAY, start=NOTHING),
    Arm(MAP, "small networks with other weight decays and shares of pairs", start=NOTHING),
)

_EPOCHS = {MLP: 800, TRANSFORMER: 15_000}
_RATES = {MLP: 0.005, TRANSFORMER: 0.001}


def networks(design: "Design", arms: Mapping[str, Arm]) -> Sequence[PlannedNetwork]:
    """Return the networks of a run, in the order in which they are shown.

    Networks with the same seed have the same pairs to learn from and the same first weights, so that an arm and its
    control differ in one thing only.

    Args:
        design: The design.
        arms: Its arms by name.

    Raises:
        AskewError: The operation does not exist, or the modulus does not fit it.
    """
    chosen = design.grokking
    seeds = range(design.seed, design.seed + design.seeds)
    base = _base(chosen)
    of_arm = {
        COSINE: replace(base, network=WAVES, epochs=0),
        RANDOM: replace(base, network=UNTRAINED, epochs=0),
        DECAY: base,
        NO_DECAY: replace(base, weight_decay=0.0),
        SHUFFLED_LABELS: replace(base, labels=SHUFFLED),
    }
    if COSINE in arms and table_of(chosen.operation, chosen.p).circle is None:
        of_arm.pop(COSINE)  # no waves compute it, and the other check is left
    found = [
        PlannedNetwork(f"{arm}-{seed}", arm, seed, of_arm[arm])
        for arm in arms
        if arm in of_arm
        for seed in (list(seeds)[:1] if arm == COSINE else seeds)
    ]
    return [*found, *(_map(chosen, design.seed) if MAP in arms else ())]


def _base(chosen: GrokkingSettings) -> Setting:
    """Return the setting of the arm with weight decay."""
    network = chosen.network
    return Setting(
        operation=chosen.operation,
        p=chosen.p,
        share=chosen.share,
        network=network,
        hidden=chosen.hidden,
        weight_decay=chosen.weight_decay,
        learning_rate=chosen.learning_rate or _RATES.get(network, _RATES[MLP]),
        epochs=chosen.epochs or _EPOCHS.get(network, _EPOCHS[MLP]),
    )


def _map(chosen: GrokkingSettings, first: int) -> list[PlannedNetwork]:
    """Return the networks of the map: MLPs that stop as soon as they have generalised."""
    return [
        PlannedNetwork(
            f"{MAP}-{decay:g}-{share:g}-{seed}",
            MAP,
            seed,
            Setting(
                operation=chosen.operation,
                p=chosen.map_p,
                share=share,
                hidden=chosen.map_hidden,
                weight_decay=decay,
                learning_rate=chosen.learning_rate or _RATES[MLP],
                epochs=chosen.map_epochs,
                snapshots=0,
                stops=True,
            ),
        )
        for decay in dict.fromkeys(chosen.map_weight_decays)
        for share in dict.fromkeys(chosen.map_shares)
        for seed in range(first, first + chosen.map_seeds)
    ]
