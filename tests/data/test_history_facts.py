from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from askew.base.errors import AskewError
from askew.data.history import DISPUTED, SETTLED, UNKNOWN, VALUES, equinox, hist_llm, period_of, year_in_words, years_of
from askew.data.history.sources import digest, open_facts
from askew.studies.history.floors import floors

WARFARE, BUILDINGS = "Warfare variables", "Specialized Buildings: polity owned"


def workbook(path: Path, rows: list[dict[str, object]], columns: tuple[str, ...] = equinox.COLUMNS) -> Path:
    """Write a workbook in the form of Equinox 2020, with made-up rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(columns))
    for row in rows:
        sheet.append([row.get(name) for name in columns])
    book.save(path)
    return path


def fact(value: object, variable: str = "Ports", polity: str = "ItAncnt", **more: object) -> dict[str, object]:
    place = {"NGA": "Latium", "Polity": polity, "Section": "Social Complexity variables", "Subsection": BUILDINGS}
    return {**place, "Variable": variable, "Value.From": value, "Value.Note": "simple"} | {
        name.replace("_", "."): value for name, value in more.items()
    }


def general(variable: str, value: str) -> dict[str, object]:
    return {**fact(value, variable), "Section": "General variables", "Subsection": None}


def test_rows_become_settled_disputed_and_unknown_items(tmp_path: Path) -> None:
    rows = [
        general("Duration", "129 BCE - 29 CE"),
        general("Original name", "Ancient Place"),
        general("Capital", "unknown"),  # no question: it is present or absent nowhere
        fact("present"),
        fact("Absent ", "Roads", Date_From="100BCE", Date_To="50BCE"),
        fact("present", "Roads", Date_From="49BCE", Date_To="20CE"),
        fact("present", "Canals", Value_Note="disputed"),
        fact("absent", "Canals", Value_Note="disputed"),
        fact("Unknown", "Ports", "ItOther"),
        fact("present", "Ports", "ItThird"),
        fact("present", "Ports", "ItThird"),
    ]
    facts = equinox.read(workbook(tmp_path / "facts.xlsx", rows))
    items = facts.items.set_index("id")
    assert len(facts.rows) == 8
    assert facts.items["id"].is_unique
    ports = items[items["variable"].eq("Ports") & items["polity"].eq("ItAncnt")].iloc[0]
    assert (ports["name"], ports["region"], ports["start"], ports["end"]) == ("Ancient Place", "Europe", -129, 29)
    assert (ports["status"], ports["value"], ports["period"]) == (SETTLED, "present", "1000 BCE to 1 CE")
    assert "row 5:" in ports["source"]
    # A change over time is two questions with years of their own; a dispute is one question with two values.
    roads = items[items["variable"].eq("Roads")]
    assert list(zip(roads["start"], roads["value"], strict=True)) == [(-100, "absent"), (-49, "present")]
    canals = items[items["variable"].eq("Canals")].iloc[0]
    assert (canals["status"], canals["value"], canals["values"]) == (DISPUTED, "", "present | absent")
    assert items.loc[items["polity"].eq("ItOther"), "status"].tolist() == [UNKNOWN]
    assert items["polity"].eq("ItThird").sum() == 1
    assert any("2 rows are marked unknown; 1 of them" in note for note in facts.notes)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1747-1826 CE", (1747, 1826)),
        ("256-125 BCE", (-256, -125)),
        ("129 BCE - 29 CE", (-129, 29)),
        ("1300BCE", (-1300, -1300)),
        ("a while", None),
        ("30", None),
        ("100-300 BCE", None),  # backwards
    ],
)
def test_time_frames_are_read(text: str, years: tuple[int, int] | None) -> None:
    assert years_of(text) == years


def test_years_before_the_common_era_are_negative() -> None:
    assert (year_in_words(-300), year_in_words(1250)) == ("300 BCE", "1250 CE")
    assert period_of(-3500, -3100) == "before 3000 BCE"
    assert period_of(-10, None) == "1000 BCE to 1 CE"
    assert period_of(1, 1) == "1 to 1000 CE"
    assert period_of(None, None) == "undated"


def test_damaged_and_other_files_are_one_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK not a workbook")
    with pytest.raises(AskewError, match="damaged, or not an Excel workbook"):
        open_facts(str(broken))
    other = workbook(tmp_path / "other.xlsx", [], ("NGA", "Polity"))
    with pytest.raises(AskewError, match="has no column 'Section'"):
        open_facts(str(other))
    empty = workbook(tmp_path / "empty.xlsx", [fact("yes")])
    with pytest.raises(AskewError, match="no row has one of the values present"):
        open_facts(str(empty))
    text = tmp_path / "facts.csv"
    text.write_text("NGA,Polity\n")
    with pytest.raises(AskewError, match=r"\(\.xlsx\) or the main table"):
        open_facts(str(text))


def test_a_file_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AskewError, match="`askew data fetch equinox` downloads it, once you accept its licence"):
        open_facts("equinox")
    with pytest.raises(AskewError, match="no hash of it is known"):
        open_facts("hist-llm")
    (tmp_path / "data").mkdir()
    path = workbook(tmp_path / "data" / "equinox.xlsx", [fact("present")])
    with pytest.raises(AskewError, match=r"its SHA-256 is .*Answers about another version"):
        open_facts("equinox")
    assert open_facts(str(path)).sha256 == digest(path)
    with pytest.raises(AskewError, match="not 0123"):
        open_facts(str(path), "0123")


def test_a_missing_reader_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "facts.xlsx", [fact("present")])
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(AskewError, match=r"pip install 'askew\[history\]'"):
        equinox.read(path)


def parquet(path: Path, **more: list[str]) -> Path:
    values = ["present", "inferred absent", "absent", "suspected unknown"]
    table = {
        "id": [1, 2, 3, 3],
        "polity_old_id": ["A", "A", "B", "B"],
        "start_year_int": [-300, -300, 10, 10],
        "end_year_int": [-100, -100, 90, 90],
        "nga": ["Latium"] * 4,
        "UN_region": ["Europe"] * 4,
        "category": ["Armor"] * 4,
        "root_cat": [WARFARE] * 4,
        "value": values,
        "variable": ["Shields", "Chainmail", "Shields", "Chainmail"],
        "name": ["Ay", "Ay", "Bee", "Bee"],
    }
    pd.DataFrame({**table, **more}).to_parquet(path)
    return path


def test_the_main_table_of_hist_llm_is_read_with_published_answers(tmp_path: Path) -> None:
    path = parquet(tmp_path / "main.parquet", some_model_answer=["A", "b) because", "?", "D"])
    facts = open_facts(str(path))
    assert facts.items["status"].value_counts().to_dict() == {SETTLED: 3, UNKNOWN: 1}
    assert facts.items["start"].tolist() == [-300, -300, 10, 10]
    assert any("1 rows repeat the id" in note for note in facts.notes)
    said = hist_llm.published_answers(path)
    assert said["answer"].tolist() == ["A", "b) because", "?"]
    bad = tmp_path / "bad.parquet"
    pd.DataFrame({"id": [1]}).to_parquet(bad)
    with pytest.raises(AskewError, match="has no column 'polity_old_id'"):
        open_facts(str(bad))
    (tmp_path / "no.parquet").write_text("no")
    with pytest.raises(AskewError, match="not a Parquet file"):
        open_facts(str(tmp_path / "no.parquet"))


def test_published_shots_are_read(tmp_path: Path, published: Path) -> None:
    file = published / "hist-llm" / "cot.jsonl"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    shots = hist_llm.shots(file)
    assert len(shots) == 40
    assert all(shot["polity"] for shot in shots)
    assert {shot["value"] for shot in shots} == set(VALUES)
    lines = tmp_path / "shots.jsonl"
    lines.write_text('{"Q": "?"}\n')
    with pytest.raises(AskewError, match="line 1 is no few-shot row"):
        hist_llm.shots(lines)


def test_the_baselines_of_equinox_are_those_that_were_computed_by_hand(published: Path) -> None:
    file = published / "seshat" / "Equinox2020.05.2023.xlsx"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    facts = open_facts(str(file))
    assert facts.rows["value"].isin(VALUES).sum() == 30_594
    assert facts.rows["polity"].nunique() == 373
    assert any("634 pairs" in note and "631 with different values" in note for note in facts.notes)
    found = floors(facts.rows)
    expected = [(43.6, 25.0), (53.5, 34.8), (39.5, 44.0), (64.8, 52.9), (56.9, 59.0)]
    for row, (accuracy, balanced) in zip(found.to_dict("records"), expected, strict=True):
        assert 100 * row["accuracy"] == pytest.approx(accuracy, abs=0.1)
        assert 100 * row["balanced"] == pytest.approx(balanced, abs=0.1)
    assert 100 * found["two"].iloc[1:].to_numpy() == pytest.approx([65.6, 65.3, 77.8, 76.6], abs=0.1)
    assert 100 * found["two_as_published"].iloc[1:].to_numpy() == pytest.approx([62.1, 60.5, 71.8, 69.3], abs=0.1)
    assert {"Latium", "Cahokia"} <= set(facts.places)
    assert set(facts.rows["area"]) == set(facts.places)
