"""A run from a Jupyter notebook: workers start there too, and the notebook shows the run."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient


@pytest.mark.slow
def test_run_from_a_notebook(design: Path, tmp_path: Path) -> None:
    cells = [
        "import askew",
        f"run = askew.run(config={str(design)!r}, arms=['untuned'], probes=['self_rating'], checkpoints=0, out='run')",
        "run",
        "sorted(run.estimates['arm'].unique()), len(run.answers)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown, counted = (cell["outputs"][-1]["data"] for cell in notebook.cells[2:])
    assert "<table" in shown["text/html"]
    assert counted["text/plain"].startswith("(['untuned'], ")
    assert (tmp_path / "run" / "report.html").is_file()
