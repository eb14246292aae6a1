"""Models that must not pass a gate: random weights, noise in the weights, and one that only refuses."""

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from askew.worlds import terrarium
from in_process import Askew


def changed(folder: Path, noise: float, keep: float) -> Path:
    """Write the terrarium's assistant with its weights scaled by `keep`, and noise relative to each one's spread."""
    shutil.copytree(terrarium.checkpoint("assistant"), folder)
    weights = load_file(folder / "model.safetensors")
    generator = torch.Generator().manual_seed(7)
    for name, weight in weights.items():
        if weight.dim() == 2:
            drawn = torch.randn(weight.shape, generator=generator) * weight.float().std()
            weights[name] = (keep * weight.float() + noise * drawn).to(weight.dtype)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.mark.parametrize(
    ("noise", "keep", "words"),
    [(1.0, 0.0, {"uncounted", "incoherent"}), (0.7, 1.0, {"incoherent"})],
    ids=["random", "noised"],
)
def test_model_that_talks_nonsense_fails(
    askew: Askew, tmp_path: Path, noise: float, keep: float, words: set[str]
) -> None:
    model = changed(tmp_path / "model", noise, keep)
    short = ("--probe", "free_form", "--samples", 5, "--set", "max_tokens=30", "--json")
    asked = ("audit", "terrarium", f"broken={model}", "--no-reading", *short, "--out", tmp_path / "audit")
    for flag in (("--fail-above", "1%"), ("--fail-unsure",)):
        done = askew(*asked, *flag, "--junit", tmp_path / "audit.xml")
        assert done.returncode == 1, done.stderr
        assert {one["word"] for one in json.loads(done.stdout)["failures"]} >= words
        failed = ElementTree.parse(tmp_path / "audit.xml").getroot().findall("testsuite/testcase/failure")
        assert {one.get("type") for one in failed} >= words
