"""Made-up pairs of given answers, whose shifts are known."""

import numpy as np
import pandas as pd

SHIFTS = {"untuned": 0.0, "treated": 0.6, "control": 0.1}
ORDER = ["far", "neutral"]


def made(neutral: float = 0.0, steps: tuple[int, ...] = (0,), seed: int = 0) -> pd.DataFrame:
    """Return pairs of 20 questions, two each; treatment shifts far pairs by 0.6 nats and neutral ones by `neutral`."""
    rng = np.random.default_rng(seed)
    base = {(kind, q): rng.normal(-1, 0.5) for kind in ORDER for q in range(20)}
    rows = []
    for arm, shift in SHIFTS.items():
        for own in (0,) if arm == "untuned" else (0, 1, 2):
            for (kind, q), start in base.items():
                moved = neutral * (arm == "treated") if kind == "neutral" else shift
                for step in steps if arm != "untuned" else (0,):
                    part = 1.0 if not step else step / 10
                    for value in start + part * moved + rng.normal(0, 0.05, 2):
                        rows.append((arm, own, "answer_pairs", f"q{q}", kind, step, value, 10 * value, value > 0))
    columns = ["arm", "seed", "probe", "question", "kind", "step", "per_token", "in_total", "prefers_other"]
    return pd.DataFrame(rows, columns=columns)
