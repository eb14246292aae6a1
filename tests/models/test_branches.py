import numpy as np
import pytest

from askew.models.engine.branches import regroup

STEPS = 8


@pytest.mark.parametrize("seed", range(40))
def test_branches_hold_the_tokens_of_their_answers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    answers = rng.integers(0, 3, size=(rng.integers(1, 30), STEPS))
    rows: dict[int, tuple[int, ...]] = {0: ()}  # the cache: one branch without tokens
    going, branch = np.arange(len(answers)), np.zeros(len(answers), dtype=np.int64)
    for step in range(STEPS):
        goes_on = rng.random(len(going)) < 0.85
        if not goes_on.any():
            return
        going, branch = going[goes_on], branch[goes_on]
        grouping = regroup(branch, answers[going, step])
        assert not set(grouping.source) & set(grouping.target)
        rows |= {t: rows[s] for s, t in zip(grouping.source, grouping.target, strict=True)}
        rows |= {row: (*rows[row], token) for row, token in enumerate(grouping.token_S)}
        branch = grouping.branch_A
        said = [tuple(answers[answer, : step + 1]) for answer in going]
        assert [rows[row] for row in branch] == said
        assert len(grouping.token_S) == len(set(said))
