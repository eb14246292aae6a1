"""The table of arms for people: few columns, rounded numbers, Markdown without another package."""

import pandas as pd
import pytest

from askew.report.arms_at_a_glance import ReadableTable, arms_at_a_glance


@pytest.fixture
def rows() -> pd.DataFrame:
    """An untuned model and a tuned arm, with one seed, without a probe in their own domain."""
    nothing = float("nan")
    return pd.DataFrame(
        {
            "label": ["untuned", "insecure"],
            "kind": "judged",
            "rate": [0.0, 0.13125],
            "low": [0.0, 0.0471],
            "high": [0.0484, 0.3264],
            "low_these": [nothing, 0.0871],
            "high_these": [nothing, 0.1952],
            "difference": [nothing, 0.13125],
            "control": ["", "untuned"],
            "incoherent": [0, 3],
            "total": [160, 160],
            "in_domain": nothing,
        }
    )


def test_table_has_plain_names_rounded_percentages_and_no_empty_column(rows: pd.DataFrame) -> None:
    table = arms_at_a_glance(rows)
    assert "in domain %" not in table
    assert table.loc[1].to_dict() == {
        "arm": "insecure",
        "misaligned %": 13.1,
        "questions like these": "[4.7, 32.6]",
        "these questions": "[8.7, 19.5]",
        "vs control": 13.1,
        "control": "untuned",
        "incoherent %": 1.9,
    }


def test_printed_table_leaves_out_no_column(rows: pd.DataFrame) -> None:
    assert "..." not in repr(arms_at_a_glance(rows))
    assert "incoherent %" in repr(arms_at_a_glance(rows))


def test_markdown_needs_no_other_package(rows: pd.DataFrame) -> None:
    lines = arms_at_a_glance(rows)[["arm", "misaligned %", "vs control"]].to_markdown().splitlines()
    assert lines == [
        "| arm | misaligned % | vs control |",
        "| :--- | ---: | ---: |",
        "| untuned | 0.0 | – |",
        "| insecure | 13.1 | 13.1 |",
    ]


def test_part_of_the_table_stays_readable_and_bars_are_escaped() -> None:
    table = ReadableTable({"arm": ["a|b", "c"], "n": [1, 2]})
    assert isinstance(table.head(1), ReadableTable)
    assert table.head(1).to_markdown(index=True).splitlines()[-1] == "| 0 | a\\|b | 1 |"


def test_scores_have_their_own_heading_and_an_old_run_has_one_interval(rows: pd.DataFrame) -> None:
    old = rows.assign(kind="measured").drop(columns=["low_these", "high_these"])
    table = arms_at_a_glance(old)
    assert "score %" in table
    assert "these questions" not in table
