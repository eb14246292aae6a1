import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from askew.stats.corrections import holm


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_matches_statsmodels(p: list[float]) -> None:
    theirs = np.asarray(multipletests(p, method="holm")[1], dtype=float)
    np.testing.assert_allclose(holm(pd.Series(p)), theirs)


def test_missing_p_values_do_not_count_as_tests() -> None:
    found = holm(pd.Series([0.01, np.nan, 0.04], index=["a", "b", "c"]))
    np.testing.assert_allclose(found.loc[["a", "c"]], [0.02, 0.04])
    assert np.isnan(found["b"])
    assert holm(pd.Series([np.nan, np.nan])).isna().all()
