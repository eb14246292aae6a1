import pandas as pd

from askew.stats.history_baselines import (
    ALWAYS,
    AREA,
    AREA_REWEIGHTED,
    VARIABLE,
    VARIABLE_REWEIGHTED,
    baselines,
)

VALUES = ("yes", "maybe", "no")


def rows(*facts: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=["polity", "area", "variable", "value"])


def test_a_polity_never_predicts_itself() -> None:
    known = rows(("a", "north", "ports", "no"), ("a", "north", "ports", "no"), ("b", "north", "ports", "maybe"))
    said = baselines(known, known, VALUES)
    assert said[VARIABLE].tolist() == ["maybe", "maybe", "no"]
    assert said[AREA].tolist() == ["maybe", "maybe", "no"]
    assert set(said[ALWAYS]) == {"yes"}


def test_an_area_goes_before_the_world_and_falls_back_to_it() -> None:
    world = [(f"w{i}", "south", "ports", "yes") for i in range(9)]
    known = rows(*world, ("n1", "north", "ports", "no"), ("n2", "north", "ports", "no"))
    asked = rows(("n3", "north", "ports", ""), ("e1", "east", "ports", ""))
    said = baselines(known, asked, VALUES)
    assert said[VARIABLE].tolist() == ["yes", "yes"]
    assert said[AREA].tolist() == ["no", "yes"]


def test_reweighting_prefers_rare_values() -> None:
    known = rows(
        *[(f"a{i}", "north", "roads", "yes") for i in range(40)],
        *[(f"b{i}", "north", "ports", "yes") for i in range(6)],
        *[(f"c{i}", "north", "ports", "no") for i in range(4)],
    )
    asked = rows(("x", "north", "ports", ""))
    said = baselines(known, asked, VALUES)
    assert (said[VARIABLE].item(), said[VARIABLE_REWEIGHTED].item()) == ("yes", "no")
    assert said[AREA_REWEIGHTED].item() == "no"


def test_an_unseen_variable_is_guessed_from_how_common_the_values_are_and_other_values_are_left_out() -> None:
    known = rows(("a", "north", "ports", "unknown"), ("b", "north", "ports", "no"))
    said = baselines(known, rows(("c", "north", "ships", "")), VALUES)
    assert said.notna().all(axis=None)
    assert baselines(known, rows(("c", "north", "ports", "")), VALUES)[VARIABLE].item() == "no"
