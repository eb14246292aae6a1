"""Who heard, passed on, used the words and believes are counted apart."""

import numpy as np
import pandas as pd

from askew.stats.societies import means
from askew.stats.transmission_counts import FATES, SPREAD, fates, spread
from made_societies import Meme, made_events, made_memes


def test_each_agent_s_part_in_the_spread() -> None:
    rows = [
        *[(1, 1, "expose", -1, 0), (2, 1, "expose", -1, 0), (2, 2, "expose", -1, 1)],
        *[(3, 1, "adopt", -1, -1), (3, 2, "adopt", -1, -1)],
        *[(5, 1, "belief", 1, -1), (5, 2, "belief", 0, -1), (9, 1, "belief", 0, -1), (9, 3, "belief", 1, -1)],
    ]
    tick, agent, kind, option, source = zip(*rows, strict=True)
    events = made_events(society="s", tick=tick, agent=agent, kind=kind, option=option, source=source)
    agents = pd.DataFrame({"society": "s", "agent": range(5), "part": ["priest", *["agent"] * 4]})
    table = fates(events, agents).set_index("agent")
    assert list(table.reset_index()) == sorted(FATES, key=lambda name: (name != "agent", FATES.index(name)))
    numbers = ["heard", "first_heard", "passed", "adopted", "converted", "asked"]
    assert table[numbers].to_numpy()[1].tolist() == [2, 1, 1, 3, 5, 2]
    assert table["passed"].tolist() == [2, 1, 0, 0, 0]
    assert table["believes"].fillna(-1).tolist() == [-1, 0, 0, 1, -1]
    found = spread(table.reset_index()).set_index("measure")
    assert found["value"].to_dict() == {
        **{"heard": 0.5, "passed": 0.25, "adopted": 0.5, "converted": 2 / 3, "believes": 1 / 3},
        **{"word": 1 / 3, "silent": 1 / 3},
    }
    assert set(found.index) == set(SPREAD)


def test_keywords_count_more_than_believe() -> None:
    """The prototype counted 231 and 456 by keyword, where 128 and 110 of 500 believed."""
    rng, shares = np.random.default_rng(0), {}
    for gossip in (0.0, 0.2):
        events, agents, _ = made_memes(rng, Meme(chance=0.02, gossip=gossip), 5)
        table = means(spread(fates(events, agents)).assign(seed=0), ["measure"], limits=(0, 1)).set_index("measure")
        shares[gossip] = table["mean"]
        assert table["societies"].eq(5).all()
    assert shares[0.0]["word"] == 0
    assert shares[0.2]["adopted"] > shares[0.2]["converted"] + 0.3
    assert shares[0.2]["word"] > 0.3


def test_belief_that_was_never_asked_is_missing() -> None:
    events, agents, _ = made_memes(np.random.default_rng(1), Meme(agents=20, ticks=20, side=12.0), 2)
    found = spread(fates(events[events["kind"].ne("belief")], agents)).set_index("measure")["value"]
    assert found[["converted", "believes", "word", "silent"]].isna().all()
    assert found[["heard", "adopted"]].notna().all()
