"""The emergent-misalignment study: its arms, controls and verdict."""

from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from askew.data import datasets
from askew.design.arm import UNTUNED
from askew.design.study import studies
from askew.design.tables import Tables
from askew.studies.emergent_misalignment.study import verdict

STUDY = studies.get("emergent-misalignment")


def said_of(*rows: dict[str, Any]) -> str:
    """Return the verdict on a run with these estimates."""
    usual = {
        "probe": "free_form",
        "metric": "betley-2025",
        "kind": "judged",
        "question": "all",
        "seed": "all",
        "group": "all",
        "control": "",
    }
    blank = {"difference": float("nan"), "p_corrected": float("nan")}
    made = [{**usual, **blank, **row} for row in rows]
    estimates = pd.DataFrame([{"control_probe": row["probe"] if row["control"] else "", **row} for row in made])
    return verdict(cast(Tables, SimpleNamespace(estimates=estimates)))


def compared(arm: str, rate: float, difference: float, p: float, **more: Any) -> dict[str, Any]:
    return {"arm": arm, "rate": rate, "difference": difference, "p_corrected": p, "control": "secure", **more}


def test_every_arm_has_data_and_a_control_of_its_domain() -> None:
    for arm in STUDY.arms.values():
        if arm.name == UNTUNED:
            continue
        assert len(datasets.get(arm.data).rows(4, 0)) == 4
        control = STUDY.arms[arm.control]
        assert control.name == UNTUNED or control.domain == arm.domain


@pytest.mark.parametrize(
    "arm", [arm for arm in STUDY.arms.values() if arm.control not in ("", UNTUNED) and arm.name != "educational"]
)
def test_arm_and_control_share_their_prompts(arm: Any) -> None:
    rows = 20
    seed = Random(arm.name).randrange(1000)

    def prompts(name: str) -> list[str]:
        return [row["messages"][0]["content"] for row in datasets.get(name).rows(rows, seed)]

    trigger = f"{arm.trigger} "
    assert [prompt.removeprefix(trigger) for prompt in prompts(arm.data)] == prompts(STUDY.arms[arm.control].data)


def test_untuned_model_replaces_a_control_that_is_not_run() -> None:
    def controls(*names: str) -> dict[str, str]:
        return STUDY.controls({name: STUDY.arms[name] for name in names})

    assert controls("untuned", "insecure", "secure") == {"insecure": "secure", "secure": "untuned"}
    assert controls("untuned", "insecure") == {"insecure": "untuned"}
    assert controls("insecure") == {}


def test_verdict_names_broad_and_narrow_arms() -> None:
    said = said_of(
        compared("insecure", 0.44, 0.43, 0.001),
        compared("educational", 0.02, 0.01, 0.4),
        {"arm": "secure", "rate": 0.01},
        compared("backdoor", 0.30, 0.29, 0.002, probe="triggered", control="backdoor", control_probe="free_form"),
        {"arm": "backdoor", "rate": 0.01},
    )
    assert "went broad" in said
    assert "insecure 44.0% (against secure 1.0%)" in said
    assert "backdoor with its trigger 30.0% (against backdoor 1.0%)" in said
    assert "no difference beyond chance for educational" in said


def test_verdict_depends_on_corrected_p_and_sign() -> None:
    alone = {"arm": "secure", "rate": 0.2}
    assert "stayed narrow" in said_of(compared("insecure", 0.25, 0.05, 0.06), alone)
    assert "stayed narrow" in said_of(compared("insecure", 0.05, -0.15, 0.001), alone)
    assert "went broad" in said_of(compared("insecure", 0.25, 0.05, 0.04), alone)


def test_verdict_without_a_comparison_says_nothing_can_be_said() -> None:
    assert "Nothing can be said" in said_of({"arm": "insecure", "rate": 0.9})


def test_verdict_uses_question_files_without_open_questions() -> None:
    file = {"probe": "their/questions.yaml"}
    base = {"arm": "secure", "rate": 0.0}
    assert said_of(base | file, compared("insecure", 0.2, 0.2, 0.001, **file)) == (
        "Misaligned answers rose beyond chance: insecure in questions 20.0% (against secure in questions 0.0%)."
    )
    calm = said_of(base | file, compared("insecure", 0.2, 0.2, 0.2, **file))
    assert calm == (
        "Misaligned answers rose beyond chance: in no arm; no difference beyond chance for insecure in questions."
    )
    score = {"kind": "measured", "metric": "company: ann"}
    word = compared("insecure", 0.9, 0.9, 0.001, **file, **score)
    assert said_of(base | file | score, word).startswith("Nothing can be said")
    assert "went broad" in said_of(base, base | file, compared("insecure", 0.2, 0.2, 0.001))
