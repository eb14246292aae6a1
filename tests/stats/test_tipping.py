"""The mean field tips where theory says, not at all where it says so, and its intervals cover."""

import numpy as np
import pytest
from scipy import optimize, special

from askew.stats.conformity import Conformity, conformity
from askew.stats.tipping import ALREADY, GOES_BACK, SMOOTH, STAYS, branch, response, tipping
from made_societies import made_probes


def known(beta: float, bias: float) -> Conformity:
    """Return agents whose conformity is known exactly."""
    return Conformity(beta, bias, np.tile([beta, bias], (20, 1)), 1000, 1000)


def fold(beta: float, bias: float) -> float:
    """Return the tipping share by the condition that the response touches the line, solved by other means."""

    def gap(share: float) -> float:
        low = (1 - np.sqrt(1 - 2 / (beta * (1 - share)))) / 2
        return float(special.logit(low) - beta * (2 * ((1 - share) * low + share) - 1) - bias)

    return float(optimize.root_scalar(gap, bracket=(0, 1 - 2 / beta - 1e-9)).root)


@pytest.mark.parametrize(("beta", "bias"), [(3, -0.5), (3, -0.2), (2.5, -0.3), (4, -1.0)])
def test_the_tipping_share_is_where_the_response_touches_the_line(beta: float, bias: float) -> None:
    assert branch(np.array([[beta, bias]])).share[0] == pytest.approx(fold(beta, bias), abs=1e-5)


def test_the_prototype_s_settings() -> None:
    """The shares .205, .135 and .135 of the prototype were found in steps of .005; 1.5 has no tipping point."""
    readings = {}
    for beta, bias, share in [(3, -0.5, 0.203), (3, -0.2, 0.134), (2.5, -0.3, 0.133), (1.5, -0.5, np.inf)]:
        found = tipping(known(beta, bias))
        assert found.share == pytest.approx(share, abs=0.001)
        readings[beta, bias] = found.reading
    assert list(readings.values()) == [GOES_BACK, STAYS, GOES_BACK, SMOOTH]
    assert tipping(known(3, -0.5)).start == pytest.approx(0.036, abs=0.001)


def test_a_society_that_adopts_by_itself_has_nothing_to_tip() -> None:
    found = tipping(known(3, 1.0))
    assert found.reading == ALREADY
    assert found.start > 0.9
    assert found.share == np.inf


def test_few_voices_make_a_society_tip_earlier_or_smoothly() -> None:
    all_voices, some, few = (tipping(known(3, -0.5), voices=voices) for voices in (None, 8, 2))
    assert some.share < all_voices.share
    assert few.reading == SMOOTH
    grid = np.linspace(0, 1, 5)
    assert response(np.array(3.0), np.array(-0.5), grid, 500) == pytest.approx(
        response(np.array(3.0), np.array(-0.5), grid), abs=0.01
    )


def test_bent_agents_who_can_be_moved_push_less() -> None:
    good = known(3, -0.3)
    stubborn, movable, alike = (tipping(good, bent) for bent in (None, known(1, 1.5), good))
    assert stubborn.share < movable.share < 0.5
    assert alike.reading == SMOOTH


@pytest.mark.parametrize(("beta", "bias"), [(3, -0.5), (3, -0.2), (1.5, -0.5)])
def test_the_tipping_share_is_covered(beta: float, bias: float) -> None:
    rng, truth = np.random.default_rng(7), branch(np.array([[beta, bias]])).share[0]
    found = [tipping(conformity(made_probes(rng, beta, bias, 396), draws=200)) for _ in range(40)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.875
    wrong = {SMOOTH: np.isfinite(truth), GOES_BACK: bias == -0.2, STAYS: bias == -0.5}
    assert np.mean([wrong.get(one.reading, False) for one in found]) <= 0.1
    if beta == 1.5:
        assert np.mean([one.reading == SMOOTH for one in found]) > 0.8
