"""Every example runs, and the page on examples includes each of them."""

import runpy
import sys
from pathlib import Path

import pytest

from in_process import workers_in_process

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PAGE = ROOT / "docs" / "how-to" / "examples.md"


def run(name: str, out: Path) -> None:
    """Run an example in this process, with a folder as its argument."""
    with pytest.MonkeyPatch.context() as patch, workers_in_process():
        patch.setattr(sys, "argv", [name, str(out)])
        runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run that several examples read."""
    folder = tmp_path_factory.mktemp("examples")
    run("small_run.py", folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.name for path in EXAMPLES])
def test_example_runs(name: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(name, out)
    assert capsys.readouterr().out or list(out.glob(f"{Path(name).stem}.svg"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_page_includes_the_example(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert f'```python title="examples/{path.name}"\n{text}```\n' in PAGE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
