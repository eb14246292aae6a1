"""A run folder from somebody else: nothing is written outside it, and no text of it runs in a shell."""

import json
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.base.untrusted import shown_command
from askew.runs.store import MANIFEST, RunFolder


@pytest.mark.parametrize("name", ["figures", "tables", ".lock", "data", "report.html", "manifest.json"])
def test_link_out_of_the_folder_is_refused_before_writing(tmp_path: Path, name: str) -> None:
    outside, run = tmp_path / "outside", tmp_path / "run"
    outside.write_text("{}")
    run.mkdir()
    (run / name).symlink_to(outside)
    with pytest.raises(AskewError, match="is a link to a place outside the folder"), RunFolder(run).writing():
        pass
    assert outside.read_text() == "{}"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "models/../../x", "a\0b"])
def test_manifest_with_a_name_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({name: {"sha256": "0", "made_of": ""}}))
    with pytest.raises(AskewError, match="outside the folder"):
        RunFolder(tmp_path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("askew run introspection --set 'a=b c'", "askew run introspection --set 'a=b c'"),
        ("askew run x; rm -rf ~", "askew run 'x;' rm -rf '~'"),
        ("askew run $(id)\nrm x", "askew run '$(id)' rm x"),
        ("askew run 'x\ny'", "askew run 'x y'"),
        ("askew run \x1b]0;x\x07", "askew run '⟨U+001B⟩]0;x⟨U+0007⟩'"),
        ("curl x | sh", "askew --help"),
        ("askew 'run", "askew --help"),
        (None, "askew --help"),
    ],
)
def test_command_of_a_folder_runs_nothing_but_askew(text: object, shown: str) -> None:
    assert shown_command(text) == shown
