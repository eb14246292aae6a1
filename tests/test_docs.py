"""The documentation matches the code: its tables name the real columns, and its tutorial runs."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

DOCS = Path(__file__).parents[1] / "docs"


def documented_columns(heading: str) -> set[str]:
    """Return the names in the first column of the table under a heading of `reference/tables.md`."""
    section = (
        (DOCS / "reference" / "tables.md").read_text(encoding="utf-8").split(f"## `{heading}`")[1].split("\n## ")[0]
    )
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}


def pages() -> set[str]:
    """Return the path of every page in the folder `docs`, but for the home page."""
    found = (page.relative_to(DOCS).as_posix() for pattern in ("*.md", "*.ipynb") for page in DOCS.rglob(pattern))
    return set(found) - {"index.md"}


def test_every_documentation_page_is_in_the_navigation():
    navigation = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert {page for page in pages() if page not in navigation} == set()


def test_home_lists_every_page_under_its_kind():
    home = (DOCS / "index.md").read_text(encoding="utf-8")
    kinds = {"": "Tutorial", "how-to": "How to", "reference": "Reference", "explanation": "Explanation"}
    for folder, heading in kinds.items():
        section = home.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        linked = set(re.findall(r"\]\(([^)#]+)", section))
        assert linked == {page for page in pages() if page.rpartition("/")[0] == folder}, heading


def test_links_to_the_glossary_name_its_words():
    words = re.findall(r"^### (.+)$", (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^a-z -]", "", word.lower()).replace(" ", "-") for word in words}
    linking = [DOCS.parent / "README.md", *(DOCS / page for page in pages()), DOCS / "index.md"]
    linked = {
        name for page in linking for name in re.findall(r"glossary\.md#([\w-]+)", page.read_text(encoding="utf-8"))
    }
    assert linked
    assert linked - anchors == set()


def test_tutorial_is_published_with_outputs_that_need_no_network():
    notebook = nbformat.read(DOCS / "tutorial.ipynb", as_version=4)
    cells = [cell["outputs"] for cell in notebook.cells if cell["cell_type"] == "code"]
    assert all(cells[1:])  # the first one trains, and shows nothing
    outputs = [output for cell in cells for output in cell]
    assert all(output["output_type"] != "error" and output.get("name") != "stderr" for output in outputs)
    shown = [output.get("data", {}) for output in outputs]
    assert any("image/svg+xml" in data for data in shown)
    assert not any("<script" in text for data in shown for text in data.values())


@pytest.mark.slow
def test_tutorial_runs_and_writes_its_report(tmp_path: Path):
    notebook = nbformat.read(DOCS / "tutorial.ipynb", as_version=4)
    training = next(cell for cell in notebook.cells if cell["cell_type"] == "code")
    for setting, small in (("seeds=5,", "seeds=1, workers=1,"), ("samples=20,", "samples=10,")):
        assert setting in training["source"]
        training["source"] = training["source"].replace(setting, small)  # the published outputs have all of it
    notebook.cells.append(nbformat.v4.new_code_cell("run"))
    NotebookClient(notebook, timeout=500, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "<table" in notebook.cells[-1]["outputs"][-1]["data"]["text/html"]
    said = " ".join(
        str(output.get("data", {}).get("text/plain", output.get("text", "")))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    assert "betley-2025" in said
    assert "Narrow training went broad." in said
    assert (tmp_path / "runs" / "tutorial" / "report.html").is_file()


def test_settings_page_is_up_to_date():
    from askew.design.reference import updated

    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    assert page == updated(page), "run `python -m askew.design.reference docs/reference/settings.md`"


def test_tables_page_names_the_real_columns():
    from askew.probes.episodes.columns import CONDUCT_COLUMNS, TURN_COLUMNS
    from askew.runs.table_files import ANSWER_COLUMNS, CURVE_COLUMNS, TAUGHT_COLUMNS
    from askew.stats import funnel
    from askew.stats.effects import EFFECT_COLUMNS
    from askew.stats.estimates import COLUMNS

    assert documented_columns("answers.parquet") == set(ANSWER_COLUMNS)
    assert documented_columns("estimates.csv") == set(COLUMNS)
    assert documented_columns("effects.csv") == set(EFFECT_COLUMNS)
    assert documented_columns("episodes.parquet") == set(TURN_COLUMNS)
    assert documented_columns("conduct.parquet") == set(CONDUCT_COLUMNS)
    assert documented_columns("taught.parquet") == set(TAUGHT_COLUMNS)
    assert documented_columns("funnel.csv") == set(funnel.COLUMNS)
    others = (DOCS / "reference" / "tables.md").read_text(encoding="utf-8").split("## Other files")[1]
    assert all(f"`{name}`" in others for name in CURVE_COLUMNS)
