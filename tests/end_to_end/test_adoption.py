"""A run adopts only products that are its own; what nobody vouches for is set aside with a word, and made again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

import askew
from askew.base.product_record import RECORD, write_record
from askew.design.plan import Plan
from askew.runs import training_rows
from askew.runs.adopt import adopt
from askew.runs.store import RunFolder
from askew.runs.work import planned
from in_process import workers_in_process

LOG, OTHER_LOG = "logs/secure-0-free_form.eval", "logs/backdoor-0-free_form.eval"
MODEL, OTHER_MODEL = "models/secure-0", "models/backdoor-0"
ROWS = "data/secure.jsonl"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished run."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def forget(run: Path, *names: str) -> None:
    """Take products out of the manifest; all of them if none is named."""
    manifest = json.loads((run / "manifest.json").read_text())
    kept = {name: noted for name, noted in manifest.items() if names and name not in names}
    (run / "manifest.json").write_text(json.dumps(kept))


def left(run: Path) -> tuple[list[str], list[str]]:
    """Return the names of the work that is left to do, and what was said about products that were set aside."""
    adopt(run)
    folder = RunFolder(run)
    with folder.writing():
        plan = Plan(folder.design())
        training_rows.write(folder, plan)
        return [work.name for work in planned(plan) if work.left(folder)], folder.take_doubted()


def zero(model: Path) -> None:
    """Make all weights of an adapter zero."""
    file = model / "adapter_model.safetensors"
    save_file({name: np.zeros_like(weight) for name, weight in load_file(file).items()}, file)


def replaced_log(run: Path) -> None:
    shutil.copy(run / OTHER_LOG, run / LOG)


def log_of_another_probe(run: Path) -> None:
    shutil.copy(run / "logs/secure-0-self_rating.eval", run / LOG)


def half_a_log(run: Path) -> None:
    (run / LOG).write_bytes((run / LOG).read_bytes()[:-200])


def zero_adapter(run: Path) -> None:
    zero(run / MODEL)


def zero_adapter_with_a_fitting_record(run: Path) -> None:
    identity = json.loads((run / MODEL / RECORD).read_text())["identity"]
    zero(run / MODEL)
    (run / MODEL / RECORD).unlink()
    write_record(run / MODEL, identity)


def adapter_of_another_arm(run: Path) -> None:
    shutil.rmtree(run / MODEL)
    shutil.copytree(run / OTHER_MODEL, run / MODEL)


def adapter_without_a_record(run: Path) -> None:
    (run / MODEL / RECORD).unlink()


def other_rows(run: Path) -> None:
    shutil.copy(run / "data/backdoor.jsonl", run / ROWS)


def test_lost_manifest_costs_nothing(run: Path) -> None:
    forget(run)
    assert left(run) == ([], [])


@pytest.mark.parametrize(
    ("put", "product", "reason"),
    [
        (replaced_log, LOG, "is of another product"),
        (log_of_another_probe, LOG, "is of another product"),
        (half_a_log, LOG, "cannot be read"),
        (zero_adapter, MODEL, "has other files than its product.json lists"),
        (zero_adapter_with_a_fitting_record, MODEL, "has weights that are all zero"),
        (adapter_of_another_arm, MODEL, "is of another product"),
        (adapter_without_a_record, MODEL, "has no product.json"),
        (other_rows, ROWS, "has other rows than the design gives"),
    ],
)
def test_product_that_nobody_vouches_for_is_made_again(
    run: Path, put: Callable[[Path], None], product: str, reason: str
) -> None:
    put(run)
    forget(run, product)
    works, said = left(run)
    assert len(said) == 1
    assert said[0].startswith(f"{product} is not in the manifest and {reason}")
    assert (run / "set-aside" / product).exists()
    assert works == {LOG: ["ask secure-0"], MODEL: ["train secure-0"], ROWS: []}[product]


def test_log_of_another_adapter_is_asked_again(run: Path) -> None:
    record = json.loads((run / MODEL / RECORD).read_text())
    (run / MODEL / RECORD).unlink()
    write_record(run / MODEL, {**record["identity"], "seed": 7})
    forget(run, LOG, MODEL)
    works, said = left(run)
    assert works == ["train secure-0", "ask secure-0"]
    assert "is of another seed" in said[0]
    assert "is of another trained" in said[1]


def test_run_with_strangers_among_its_products_ends_like_an_undisturbed_one(
    run: Path, finished: Path, design: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced_log(run)
    zero_adapter(run)
    forget(run)
    adopt(run)
    with workers_in_process():
        again = askew.run(config=design, out=run)
    said = " ".join(capsys.readouterr().err.split())
    assert f"{MODEL} is not in the manifest and has other files" in said
    assert f"{LOG} is not in the manifest and is of another product" in said
    pd.testing.assert_frame_equal(again.answers, askew.load_run(finished).answers)
