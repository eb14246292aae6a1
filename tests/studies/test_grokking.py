"""Tests of the grokking study: its networks, its readings on made-up tables, its verdict and its section."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from askew.base.errors import AskewError
from askew.design.make import make_plan
from askew.design.tables import Tables
from askew.stats.moments import moments
from askew.studies.grokking import charts, study
from askew.studies.grokking.arms import COSINE, DECAY, MAP, NO_DECAY, RANDOM, SHUFFLED_LABELS
from askew.studies.grokking.readings import checks, forecasts, own_tables, phase_map, rises
from askew.studies.grokking.section import _check_lines, _figures, _time_rows

EPOCHS = 200


def plan(**settings: Any):
    return make_plan("grokking", overrides={"grokking": settings})


def curve(
    network: str, generalised: float, *, until: int = EPOCHS, best: float = 1.0, least: float = 0.0
) -> pd.DataFrame:
    """Return the curve of a network that knows its pairs at epoch 20 and generalises at an epoch; infinite is never."""
    epoch = np.arange(0, until + 1, 5)
    test = least + (best - least) / (1 + np.exp(-np.clip((epoch - generalised + 15) / 5, -50, 50)))
    values = {"train_accuracy": (epoch >= 20).astype(float), "test_accuracy": test}
    losses = {"train_loss": 0.1, "test_loss": 8.0, "restricted_loss": 3.0, "excluded_loss": 1.0}
    return pd.DataFrame({"network": network, "epoch": epoch, **values, **losses, "norm": 50.0, "top_share": 0.5})


def known(network: str, accuracy: float, top: float, excluded: float) -> pd.DataFrame:
    """Return the only point of a network that is not trained."""
    values = {"train_accuracy": accuracy, "test_accuracy": accuracy, "top_share": top, "excluded_loss": excluded}
    other = {"train_loss": 1.0, "test_loss": 1.0, "restricted_loss": 1.0, "norm": 1.0}
    return pd.DataFrame([{"network": network, "epoch": 0, **values, **other}])


def made(times: dict[str, list[float]] | None = None, *, accuracy: float = 1.0, noise: float = 0.36) -> Tables:
    """Return the tables of a run with made-up curves: the epoch at which each network of an arm generalises."""
    times = times or {DECAY: [120, 130, 140], NO_DECAY: [np.inf] * 3, SHUFFLED_LABELS: [np.inf] * 3}
    parts = [known(f"{COSINE}-0", accuracy, 1.0, np.log(31)), known(f"{RANDOM}-0", 0.03, noise, 3.4)]
    parts += [
        curve(f"{arm}-{seed}", time, least=1 / 31 if arm == SHUFFLED_LABELS else 0.0)
        for arm, own in times.items()
        for seed, time in enumerate(own)
    ]
    parts += [curve(f"{MAP}-1-0.6-0", 60.0, until=60), curve(f"{MAP}-1-0.4-0", np.inf, best=0.5)]
    curves = pd.concat(parts, ignore_index=True)
    found = moments(curves)
    found["arm"] = found["network"].str.replace(r"-[\d.]+(-[\d.]+)*$", "", regex=True)
    found["seed"] = found["network"].str.rpartition("-")[2].astype(int)
    found = found.assign(elements=31, share=0.6, hidden=96, weight_decay=1.0, frequencies="")
    found.loc[found["network"].eq(f"{MAP}-1-0.4-0"), "share"] = 0.4
    chosen = plan(p=31, hidden=96, epochs=EPOCHS, map_epochs=EPOCHS)
    spectra = pd.DataFrame(
        [("decay-0", epoch, frequency, 1 / 15) for epoch in (0, 100, 200) for frequency in range(1, 16)],
        columns=["network", "epoch", "frequency", "share"],
    )
    tables = Tables(chosen.design, chosen.arms, networks=found, network_curves=curves, network_spectra=spectra)
    return Tables(
        chosen.design,
        chosen.arms,
        networks=found,
        network_curves=curves,
        network_spectra=spectra,
        effects=study.effects(tables),
    )


def test_an_arm_and_its_control_differ_in_one_setting() -> None:
    own = {network.arm: network.setting for network in plan().networks if network.seed == 0}
    assert replace(own[NO_DECAY], weight_decay=1.0) == own[DECAY]
    assert replace(own[SHUFFLED_LABELS], labels="true") == own[DECAY]
    assert own[COSINE].epochs == own[RANDOM].epochs == 0


def test_every_arm_has_each_seed_and_the_map_each_cell() -> None:
    counts = pd.Series([network.arm for network in plan(map_shares=[0.5, 0.7], map_seeds=2).networks]).value_counts()
    assert counts.to_dict() == {MAP: 12, RANDOM: 3, DECAY: 3, NO_DECAY: 3, SHUFFLED_LABELS: 3, COSINE: 1}
    assert len({network.name for network in plan().networks}) == len(plan().networks)


def test_the_published_transformer_is_one_option_away() -> None:
    own = next(
        network.setting for network in plan(network="transformer", p=113, share=0.3).networks if network.arm == DECAY
    )
    assert (own.learning_rate, own.weight_decay, own.network) == (0.001, 1.0, "transformer")
    assert {network.setting.network for network in plan(network="transformer").networks if network.arm == MAP} == {
        "mlp"
    }


def test_permutations_have_no_network_of_waves() -> None:
    assert COSINE not in {network.arm for network in plan(operation="s5").networks}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"operation": "divide", "p": 15}, "p = 15 is not prime"),
        ({"operation": "divide", "map_p": 9}, "p = 9 is not prime"),
        ({"share": 1.0}, "leaves no pairs to test with"),
        ({"map_shares": [0.5, 0.0]}, "leaves no pairs to learn from"),
        ({"network": "rnn"}, "'rnn' is no network"),
        ({"share": float("nan")}, "must be a finite number"),
        ({"weight_decay": 0.0}, "must be more than 0"),
    ],
)
def test_networks_that_cannot_be_trained_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(AskewError, match=said):
        plan(**settings)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"model": "terrarium"}, "has no language model: leave --model out"),
        ({"model": "run.pth"}, "'run.pth' is a pickle, which can run any program when it is read"),
        ({"tuned": {"mine": "./curve.pkl"}}, "'./curve.pkl' is a pickle"),
        ({"probes": ["free_form"]}, "leave --probe out"),
        ({"judge": "terrarium/judge"}, "leave --judge out"),
    ],
)
def test_what_is_for_language_models_is_refused(overrides: dict[str, Any], said: str) -> None:
    with pytest.raises(AskewError, match=said):
        make_plan("grokking", overrides=overrides)


def test_checks_pass_on_what_they_must_find() -> None:
    found = checks(made().networks, made().network_curves)
    assert set(found["arm"]) == {COSINE, RANDOM, NO_DECAY, SHUFFLED_LABELS}
    assert found["passes"].all(), found
    assert len(_check_lines(found)) == len(found) == 8


@pytest.mark.parametrize(
    ("tables", "failed"),
    [
        (made(accuracy=0.99), (COSINE, "accuracy")),
        (made(noise=0.6), (RANDOM, "share of its 5 largest frequencies")),
        (made({DECAY: [120.0], SHUFFLED_LABELS: [100.0]}), (SHUFFLED_LABELS, "share that generalised")),
        (made({DECAY: [120.0], NO_DECAY: [100.0]}), (NO_DECAY, "share that generalised")),
    ],
)
def test_a_failed_check_is_named_and_nothing_is_to_be_relied_on(tables: Tables, failed: tuple[str, str]) -> None:
    found = checks(tables.networks, tables.network_curves)
    assert failed in set(found.loc[~found["passes"], ["arm", "measure"]].itertuples(index=False, name=None))
    assert study.verdict(tables).startswith("Don't rely on these numbers: a check failed")
    assert f"{failed[0]}, {failed[1]}" in study.verdict(tables)


def test_cells_that_were_stopped_are_censored() -> None:
    stopped, found = phase_map(made().networks).to_dict("records")
    assert (found["share"], found["generalised"], found["epoch"]) == (0.6, 1, 60)
    assert (stopped["share"], stopped["generalised"], stopped["until"]) == (0.4, 0, EPOCHS)
    assert np.isnan(stopped["epoch"])
    assert stopped["best_test"] == pytest.approx(0.0, abs=0.01)


def test_networks_that_never_generalised_are_censored_and_not_never() -> None:
    rows = {row["name"]: row["cells"] for row in _time_rows(own_tables(made()))}
    assert rows[NO_DECAY][1:] == ["> 200", "0 of 3", "0.0% [0.0, 70.8]"]
    assert rows[DECAY][1].startswith("130 [")
    one = made({DECAY: [120, np.inf, np.inf]})
    assert {row["name"]: row["cells"] for row in _time_rows(own_tables(one))}[DECAY][1] == "not known from one"
    assert "never" not in study.verdict(one).replace("never knew", "")


def test_the_rise_of_the_test_accuracy_is_read_with_its_nulls() -> None:
    found = rises(made()).set_index("arm")["reading"]
    assert found.to_dict() == {DECAY: "sudden", NO_DECAY: "no rise", SHUFFLED_LABELS: "no rise"}


def test_the_verdict_says_what_each_arm_did() -> None:
    said = study.verdict(made())
    assert "decay: the networks knew their pairs by heart at epoch 20, and 3 of 3 generalised, half of them by" in said
    assert (
        "no-decay: the networks knew their pairs by heart at epoch 20, and none of 3 had generalised by epoch 200"
        in said
    )
    assert "not shown to be better than the naive forecast's" in said
    sentence = study.sentence(made(), {})
    assert sentence.startswith("3 of 3 networks understood their table, half of them by epoch 130")
    assert sentence.endswith("without weight decay none had by epoch 200.")
    none = study.sentence(made({DECAY: [np.inf]}), {})
    assert none == (
        "None of 1 networks had understood their table by epoch 200, though they knew the pairs that they were shown "
        "by heart at epoch 20."
    )


def test_forecasts_use_the_first_fifth_and_leave_out_what_came_before() -> None:
    tables = made({DECAY: [30, 120, 130, 140]})
    score = forecasts(tables)
    assert set(score.forecasts["network"]) == {f"{DECAY}-{seed}" for seed in (1, 2, 3)}
    assert score.left_out == 3  # one came too early, and both cells of the map are alone


def test_comparisons_count_seeds_and_no_decay_falls_below_chance() -> None:
    effects = {row["label"]: row for row in made().effects.to_dict("records")}
    assert all(row["seeds"] == 3 for row in effects.values())
    against_none, below = effects["with weight decay, against none"], effects["without weight decay, against chance"]
    assert against_none["estimate"] > 0.9
    assert against_none["low"] > 0.8
    assert below["estimate"] == pytest.approx(-1 / 31)
    assert below["high"] < 0


def test_statements_are_settled_by_the_tables() -> None:
    tables = made()
    held = {one.id: one.holds(tables) for one in study._PREDICTIONS}
    assert held["decay-generalises"] is True
    assert held["long-after"] is True
    assert held["sudden"] is True
    assert held["foretold"] is None  # three seeds cannot say
    assert {one.id: one.holds(made({DECAY: [120, np.inf]})) for one in study._PREDICTIONS}["long-after"] is None


def test_figures_of_very_many_networks_and_epochs_have_few_marks() -> None:
    epoch = np.arange(0, 20_000, 40)
    curves = [
        pd.DataFrame({"arm": DECAY, "seed": seed, "epoch": epoch, "train_accuracy": 1.0, "test_accuracy": 0.5})
        for seed in range(100)
    ]
    points = pd.concat(curves, ignore_index=True).assign(norm=1.0, restricted_loss=1.0, excluded_loss=2.0)
    marks = pd.DataFrame({"arm": DECAY, "seed": range(100), "memorised": 40.0, "generalised": 800.0})
    waves = pd.MultiIndex.from_product([range(0, 3000, 100), range(1, 257)], names=["epoch", "frequency"])
    spectra = waves.to_frame(index=False).assign(arm=DECAY, share=1 / 256)
    for chart in (
        charts.curves(points, marks, [DECAY]),
        charts.norms(points, [DECAY]),
        charts.wave_losses(points, [DECAY]),
        charts.spectrum(spectra, [DECAY]),
    ):
        [rows] = chart.to_dict()["datasets"].values()
        assert 100 < len(rows) < 5000
        assert {row["epoch"] for row in rows} >= {max(row["epoch"] for row in rows)}


def test_figures_are_drawn_for_a_wide_page_and_a_phone() -> None:
    tables = {"grokking": own_tables(made())}
    arms = dict.fromkeys((DECAY, NO_DECAY, SHUFFLED_LABELS, MAP), "")
    content = SimpleNamespace(own_of=tables.get, arms=arms)
    figures = _figures(content)  # pyright: ignore[reportArgumentType]
    assert [*figures] == [f"grokking_{name}" for name in ("curves", "norm", "spectrum", "losses", "map")]
    for figure in figures.values():
        for narrow in (False, True):
            assert figure.draw(narrow).to_dict()
        assert len(figure.spoken) > 30
    assert "not by 200" in figures["grokking_map"].spoken
