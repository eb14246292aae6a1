"""Made-up answers with activations in which the direction of a trait is known."""

import numpy as np
import pandas as pd

from askew.models.inside.activations import Activations
from askew.vectors.examples import COLUMNS, Examples

LAYERS, WIDTH = 2, 24
PLANTED = np.eye(WIDTH)[3]
"""The direction that is planted at layer 1; there is none at layer 0."""


def made(strength: float, questions: int = 12, seed: int = 0) -> Examples:
    """Return four answers with the trait and four without it to each question, shifted by `strength` along `PLANTED`.

    Questions differ far more than answers do, along other directions.
    """
    rng = np.random.default_rng(seed)
    rows = [
        (f"q{q}", f"q{q}", "", f"a{q} {n}", has) for q in range(questions) for has in (True, False) for n in range(4)
    ]
    answers = pd.DataFrame(rows, columns=COLUMNS)
    offsets = rng.normal(size=(questions, WIDTH)) * 5
    offsets[:, 3] = 0
    place = answers["question"].str[1:].astype(int).to_numpy()
    means = rng.normal(size=(len(answers), LAYERS, WIDTH)) + offsets[place][:, None]
    means[:, 1] += strength * answers["has"].to_numpy()[:, None] * PLANTED
    norms = np.linalg.norm(means, axis=-1)
    return Examples(answers, Activations(means.astype(np.float32), norms.astype(np.float32), (0, 1)))
