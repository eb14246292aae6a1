"""Saved directions: what is written is read back, and what does not fit is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_examples import LAYERS, WIDTH, made
from safetensors.numpy import load_file, save_file

from askew.base.errors import AskewError
from askew.models.inside.directions import MEANS
from askew.models.inside.opened import Opened, open_model
from askew.vectors import saved
from askew.vectors.fitting import fit
from askew.vectors.saved import CARD, VECTORS, Card, Figure, check_fits, read, write

NONE = Figure(value=None, low=None, high=None, p=None, null_low=None, null_high=None)


def card(**changes: Any) -> Card:
    known: dict[str, Any] = {
        **{"trait": "t", "description": "", "source": "s", "model": "m", "base_hash": "b", "adapter_hash": ""},
        **{"layers": LAYERS, "width": WIDTH, "layer": 1, "method": MEANS, "hook_point": "output of model.layers.1"},
        **{"answers_with": 48, "answers_without": 48, "questions": 12, "norms": [5.0, 6.0], "gaps": [0.1, 4.0]},
        **{"separation": NONE, "steering": NONE, "dose": 0.25, "seed": 0, "pairs": [], "shown": []},
        "nulls": ["random"] * 20 + ["shuffled labels"] * 20 + ["orthogonal"],
    }
    return Card(**{**known, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    examples = made(4.0)
    centre = examples.activations.means.mean(0)
    write(tmp_path, card(), fit(examples, MEANS, 0), centre)
    return tmp_path


def test_what_is_written_is_read_back(folder: Path) -> None:
    found, examples = read(folder), made(4.0)
    directions = fit(examples, MEANS, 0)
    assert found.card == card()
    vector = found.vector(1)
    assert np.array_equal(vector.unit, directions.own[MEANS][1])
    assert vector.norm == 6.0
    assert vector.mean == pytest.approx(directions.mean_projections[1])
    nulls = found.nulls(1)
    assert len(nulls) == 41
    assert np.array_equal(nulls[7].unit, directions.nulls[7, 1])
    projections = examples.activations.means[:, 1] @ directions.nulls[7, 1]
    assert nulls[7].mean == pytest.approx(projections.mean(), abs=1e-3)


def test_vectors_with_nan_or_infinity_are_refused(folder: Path) -> None:
    tensors = load_file(folder / VECTORS)
    for number in (np.nan, np.inf):
        damaged = {**tensors, "means": tensors["means"].copy()}
        damaged["means"][1, 3] = number
        save_file(damaged, folder / VECTORS)
        with pytest.raises(AskewError, match="'means' has numbers that are NaN or infinite"):
            read(folder)


def test_vectors_that_do_not_fit_their_card_are_refused(folder: Path) -> None:
    tensors = load_file(folder / VECTORS)
    save_file({**tensors, "nulls": tensors["nulls"][:5].copy()}, folder / VECTORS)
    with pytest.raises(AskewError, match=r"'nulls' of the shape \(41, 2, 24\)"):
        read(folder)
    (folder / VECTORS).write_bytes(b"no tensors")
    with pytest.raises(AskewError, match="cannot be read as safetensors"):
        read(folder)


def test_a_card_with_a_layer_that_is_not_there_is_refused(folder: Path) -> None:
    content = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**content, "layer": 2}))
    with pytest.raises(AskewError, match="its layer 2 or its norms"):
        read(folder)
    (folder / CARD).write_text(json.dumps({**content, "layer": "first"}))
    with pytest.raises(AskewError, match="damaged at layer"):
        read(folder)


def test_a_folder_without_a_direction_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"has no card\.json: name a folder that `askew vectors extract` wrote"):
        read(tmp_path)


def test_directions_fit_their_base_with_any_adapter_and_no_other_model(
    folder: Path, tiny_checkpoint: Path, tiny_adapter: Path, tiny_judge: Path
) -> None:
    def of(opened: Opened, **changes: Any) -> saved.Saved:
        own = {"layers": opened.layers, "width": opened.width, "base_hash": opened.base_hash}
        found = read(folder)
        found.card = card(**{**own, **changes})
        return found

    base, adapted = open_model(str(tiny_checkpoint)), open_model(f"{tiny_checkpoint}+{tiny_adapter}")
    assert base.base_hash == adapted.base_hash
    assert base.adapter_hash == "" != adapted.adapter_hash
    check_fits(of(base), base)
    check_fits(of(base), adapted)
    other = open_model(str(tiny_judge))
    with pytest.raises(AskewError, match="has other base weights: a direction of one model means nothing in another"):
        check_fits(of(base), other)
    with pytest.raises(AskewError, match=r"has 3 layers of width 32; .* has 2 of width 32"):
        check_fits(of(base, layers=3), base)


def test_a_model_behind_an_api_is_refused() -> None:
    with pytest.raises(AskewError, match="behind an API, which shows no activations"):
        open_model("openai/gpt-4o")
