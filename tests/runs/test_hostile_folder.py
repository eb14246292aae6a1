"""A run folder from somebody else: it can be read, and nothing is written outside it or run in a shell.

`benchmarks/attack.py folders` tries thousands of such folders.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import askew
from askew.base.errors import AskewError
from askew.base.product_record import digest
from askew.base.signatures import key_file
from askew.base.untrusted import shown_command, visible
from askew.judging.job import alignment, prepare
from askew.runs.adopt import adopt
from askew.runs.export import find
from askew.runs.model_card import model_card
from askew.runs.ownership import SIGNATURE
from askew.runs.products import MANIFEST
from askew.runs.rewrite import report, rescore
from askew.runs.run import Run, load_run
from askew.runs.second_judge import second_opinion
from askew.runs.store import REPORT, STUDY, RunFolder
from command_line import Command

LOG, OTHER_LOG = "logs/secure-0-in_domain.eval", "logs/insecure-0-in_domain.eval"
Change = Callable[[Path], object]


@pytest.fixture
def mine(organisms: Path, tmp_path: Path) -> Path:
    """A copy of a run that this user made."""
    return Path(shutil.copytree(organisms, tmp_path / "run"))


@pytest.fixture
def theirs(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that another user made."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return mine


def edit(run: Path, name: str, change: Callable[[dict], object]) -> None:
    content = json.loads((run / name).read_text())
    change(content)
    (run / name).write_text(json.dumps(content))


def again(run: Path) -> None:
    """Give the command that made the run again."""
    askew.run(config=_config(run), out=run, quiet=True)


def _config(run: Path) -> Path:
    config = run.with_name("config.yaml")
    config.write_text(Run(run).design.to_yaml())
    return config


def test_moved_run_of_this_user_goes_on(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again(mine)
    load_run(mine)
    assert "not made here" not in capsys.readouterr().err
    assert key_file().stat().st_mode & 0o777 == 0o600


def test_run_of_another_user_is_only_read(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (theirs / MANIFEST).read_bytes()
    for refused in (
        lambda: again(theirs),
        lambda: rescore(theirs, "model-organisms-2025"),
        lambda: second_opinion(theirs, prepare("terrarium/judge", alignment([]))),
    ):
        with pytest.raises(AskewError, match=f"not made here, so it can only be read.*`askew adopt {theirs}`"):
            refused()
    assert (theirs / MANIFEST).read_bytes() == before
    capsys.readouterr()
    (theirs / REPORT).unlink()
    assert report(theirs).report.is_file()
    [said] = capsys.readouterr().err.splitlines()
    assert said.endswith(f"was not made here: opened read-only (`askew adopt {theirs}` changes that)")
    copy = rescore(theirs, "model-organisms-2025", theirs.with_name("copy"))
    assert not RunFolder(copy.folder).ownership.is_ours


def test_adopted_run_goes_on(theirs: Path, command: Command) -> None:
    code, out, _ = command("adopt", theirs)
    assert code == 0
    assert "Signed: its design and " in out
    again(theirs)
    assert "is signed already" in command("adopt", theirs)[1]


def test_run_that_was_edited_elsewhere_must_be_adopted(mine: Path) -> None:
    shutil.copy(mine / OTHER_LOG, mine / LOG)
    edit(mine, MANIFEST, lambda listed: listed[LOG].update(sha256=digest(mine / LOG)))
    with pytest.raises(AskewError, match="not made here"):
        again(mine)


def test_changed_product_is_not_adopted(theirs: Path) -> None:
    (theirs / LOG).write_bytes(b"changed")
    with pytest.raises(AskewError, match="was changed or damaged"):
        adopt(theirs)
    assert not RunFolder(theirs).ownership.is_ours


def test_unlisted_log_that_this_user_did_not_write_is_set_aside(theirs: Path) -> None:
    edit(theirs, MANIFEST, lambda listed: listed.pop(LOG))
    adopt(theirs)
    again(theirs)
    assert (theirs / "set-aside" / LOG).is_file()


def test_without_a_key_runs_go_on_unsigned(
    organisms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    run = Path(shutil.copytree(organisms, tmp_path / "run"))
    again(run)
    again(run)
    assert capsys.readouterr().err.count("no key can be kept in") == 1
    with pytest.raises(AskewError, match="nothing can be signed"):
        adopt(run)


def link(name: str) -> Change:
    def put(run: Path) -> None:
        path = run / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(run.parent / "outside")

    return put


def listed(name: str) -> Change:
    return lambda run: edit(run, MANIFEST, lambda found: found.update({name: {"sha256": "0", "made_of": ""}}))


HOSTILE: dict[str, Change] = {
    "link for figures": link("figures"),
    "link in a folder of weights": link("models/secure-0/loss.csv"),
    "link for the lock": link(".lock"),
    "link to nowhere": lambda run: (run / "notes").symlink_to("nowhere"),
    "link to itself": lambda run: (run / "logs/loop").symlink_to("loop"),
    "listed file above the folder": listed("../../etc/passwd"),
    "listed file by its whole path": listed("/etc/passwd"),
    "listed name with NUL": listed("a\0b"),
    "pipe for the signature": lambda run: [(run / SIGNATURE).unlink(), os.mkfifo(run / SIGNATURE)],
    "changed answers": lambda run: (run / "answers.parquet").write_bytes(b"changed"),
    "copy that names no run": lambda run: edit(run, STUDY, lambda it: it["provenance"].update(rescored={"run": "x"})),
    "deep design": lambda run: (run / STUDY).write_text("[" * 100_000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_ten_hostile_folders_ten_refusals(kind: str, theirs: Path) -> None:
    outside = theirs.parent / "outside"
    outside.write_text("{}")
    HOSTILE[kind](theirs)
    for use in (load_run, adopt, again):
        with pytest.raises(AskewError):
            use(theirs)
    assert outside.read_text() == "{}"


def test_texts_of_a_folder_are_made_visible(theirs: Path, command: Command) -> None:
    escape, override = "\x1b]0;gone\x07", "\u202ereversed"
    edit(theirs, STUDY, lambda study: study["provenance"].update(note=f"{escape} [a](b) {override}", command="rm x"))
    run, made = load_run(theirs), find(f"{theirs}#secure-0")
    assert run.command.startswith("askew run emergent-misalignment ")
    card = model_card(made.run, made.plan, made.unit, merged=True)
    assert "⟨U+001B⟩\\]0;gone⟨U+0007⟩ \\[a\\](b) ⟨U+202E⟩reversed" in card
    _, shown, _ = command("rescore", theirs, "--metric", "model-organisms-2025", "--out", theirs.parent / "out")
    _, as_json, _ = command("rescore", theirs, "--metric", "betley-2025", "--out", theirs.parent / "json", "--json")
    for text in (card, shown, as_json, run.note):
        assert visible(text) == text


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
