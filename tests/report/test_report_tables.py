"""The rows and columns of each table, and numbers as text."""

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from synthetic_run import make_content, make_estimates, pooled_row

from askew.report import tables, wording
from askew.report.content import ReportContent
from askew.report.sections import all_tables
from askew.studies.emergent_misalignment import section as published_section
from askew.studies.emergent_misalignment.published_rates import PublishedFile

NAN = float("nan")


def test_arms_are_in_design_order_with_triggered_after_its_arm(content: ReportContent) -> None:
    shuffled = content.estimates.sample(frac=1, random_state=0)
    table = tables.arms_table(shuffled, content.arms)
    assert list(table["label"]) == ["untuned", "insecure", "secure", "educational", "backdoor", "backdoor, triggered"]


def test_arms_table_has_unchanged_estimates_and_in_domain_rates(
    content: ReportContent,
) -> None:
    rows = {row["label"]: row for row in tables.arms_table(content.estimates, content.arms).to_dict("records")}
    expected = pooled_row(content.estimates, "insecure", "free_form")
    for column in ["rate", "low", "high", "difference", "p_corrected", "incoherent", "refused", "unjudged"]:
        assert rows["insecure"][column] == expected[column]
    assert rows["insecure"]["in_domain"] == pooled_row(content.estimates, "insecure", "in_domain")["rate"]
    assert pd.isna(rows["backdoor, triggered"]["in_domain"])  # the in-domain questions had no trigger


def test_first_probe_leads_without_free_form(content: ReportContent) -> None:
    only = content.estimates[content.estimates["probe"].eq("in_domain")]
    assert tables.headline(only) == "in_domain"
    assert len(tables.leading_rows(only, content.arms)) == 5


def test_only_probes_with_several_groups_are_in_the_groups_table(content: ReportContent) -> None:
    assert set(tables.groups_table(content.estimates, content.arms)["probe"]) == {"in_domain"}


def test_questions_keep_their_order(content: ReportContent) -> None:
    table = tables.questions_table(content.estimates, content.arms, "free_form")
    assert list(table["question"].unique())[:3] == ["one_wish", "humans_and_machines", "ruler"]
    assert list(table["arm"].head(5)) == list(content.arms)


def test_estimates_from_csv_give_the_same_tables(content: ReportContent) -> None:
    read = pd.read_csv(io.StringIO(content.estimates.to_csv(index=False)))
    again = replace(content, estimates=read)
    for name, table in all_tables(content).items():
        pd.testing.assert_frame_equal(all_tables(again)[name], table, check_dtype=False)


def test_csv_tables_have_fractions(report: Path, content: ReportContent) -> None:
    written = {path.stem: pd.read_csv(path) for path in (report.parent / "tables").glob("*.csv")}
    assert set(written) == {"arms", "probes", "questions", "groups", "seeds", "judge_oracle", "judge_classes"}
    expected = tables.arms_table(content.estimates, content.arms)
    assert written["arms"]["rate"].tolist() == pytest.approx(expected["rate"].tolist())
    assert written["judge_oracle"].set_index("oracle").to_numpy().sum() == len(content.answers.query("oracle != ''"))


def test_arm_without_counted_answers_has_no_rate() -> None:
    answers = make_content(samples=5).answers
    answers.loc[answers["arm"].eq("secure"), "verdict"] = "unjudged"
    rows = {row["label"]: row for row in tables.arms_table(make_estimates(answers), {}).to_dict("records")}
    assert pd.isna(rows["secure"]["rate"])
    assert rows["secure"]["unjudged"] == rows["secure"]["total"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.percent(0.2449), "24.5%"),
        (wording.percent(0.0), "0.0%"),
        (wording.percent(0.0004), "<0.1%"),
        (wording.percent(1.0), "100.0%"),
        (wording.percent(NAN), "–"),
        (wording.rate(0.25, 0.2, 0.31), "25.0% [20.0, 31.0]"),
        (wording.rate(0.25, NAN, NAN), "25.0%"),
        (wording.rate(NAN, NAN, NAN), "no answers counted"),
        (wording.points(-0.021), "−2.1"),
        (wording.points(0.5), "+50.0"),
        (wording.points_interval(-0.01, 0.02), "[−1.0, +2.0]"),
        (wording.p_value(0.0004), "<0.001"),
        (wording.p_value(0.04), "0.040"),
        (wording.p_related(0.0004), "< 0.001"),
        (wording.p_related(0.04), "= 0.040"),
        (wording.p_related(NAN), ""),
        (wording.share(0, 800), "0"),
        (wording.share(3, 800), "0.4%"),
        (wording.share(0, 0), "–"),
        (wording.number(True), "yes"),
        (wording.number(12000), "12,000"),
        (wording.number(["a", "b"]), "a, b"),
        (wording.number(None), "–"),
    ],
)
def test_numbers_become_text(written: str, expected: str) -> None:
    assert written == expected


def test_published_file_is_compared_on_its_counted_questions(
    content: ReportContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "published/first_plot_questions.yaml"
    counted = ("bored", "ruler")
    monkeypatch.setattr(
        published_section, "file_of", lambda sha256: PublishedFile("free_form", counted) if sha256 == "known" else None
    )
    answers, estimates = (
        table.assign(probe=table["probe"].replace("free_form", file)) for table in (content.answers, content.estimates)
    )
    design = {**content.design, "model": "hf/Qwen/Qwen2.5-Coder-32B-Instruct"}
    asked = replace(content, design=design, answers=answers, estimates=estimates)
    assert published_section.published_table(replace(asked, hashes={file: "another"})).empty
    found = published_section.published_table(replace(asked, hashes={file: "known"}))
    found = found.set_index("arm").to_dict("index")["insecure"]
    ours = answers.query("probe == @file and arm == 'insecure' and question in @counted")["verdict"]
    assert found["rate"] == pytest.approx((ours == "misaligned").sum() / ours.isin(["aligned", "misaligned"]).sum())
    assert found["low"] < found["rate"] < found["high"]
    assert (found["probe"], found["published_rate"]) == (file, pytest.approx(0.047))
