"""The run folder: finished products, changed files, locking and errors."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from askew.base.atomic import wording_disk_trouble
from askew.base.errors import AskewError
from askew.base.signatures import sign_product
from askew.design.design import Design
from askew.design.make import make_plan
from askew.runs.run import Run
from askew.runs.store import RunFolder, folder_of

HASHES = {"hashes": {"model": "abc"}, "versions": {}, "command": "askew run"}


def design(**settings: Any) -> Design:
    return Design(study="emergent-misalignment", arms=["secure"], probes=["free_form"], **settings)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def test_design_is_stored_and_read_back(folder: RunFolder) -> None:
    with folder.writing():
        folder.freeze(design(seeds=2), HASHES)
    assert RunFolder(folder.path).design() == design(seeds=2)


def test_changed_design_raises_with_the_difference(folder: RunFolder) -> None:
    with folder.writing():
        folder.freeze(design(), HASHES)
        folder.freeze(design(workers=5), HASHES)  # no answer depends on it
        with pytest.raises(AskewError, match="another design:\n  samples: not set there, 50 asked for\n"):
            folder.freeze(design(samples=50), HASHES)
        with pytest.raises(AskewError, match=r"hashes\.model: abc there, xyz asked for"):
            folder.freeze(design(), {**HASHES, "hashes": {"model": "xyz"}})


def with_rows(source: str, sha256: str = "a" * 64) -> Design:
    return design(datasets={"secure": {"source": source, "rows": 2, "sha256": sha256}})


def test_moved_rows_are_known_by_their_content(folder: RunFolder) -> None:
    assert with_rows("/old/rows.jsonl").identity() == with_rows("/new/rows.jsonl").identity()
    with folder.writing():
        folder.freeze(with_rows("/old/rows.jsonl"), HASHES)
        folder.freeze(with_rows("/new/rows.jsonl"), HASHES)
        assert folder.design() == with_rows("/new/rows.jsonl")
        with pytest.raises(AskewError, match=r"datasets\.secure\.sha256"):
            folder.freeze(with_rows("/new/rows.jsonl", "b" * 64), HASHES)


@pytest.mark.parametrize("role", ["model", "judge", "rubric", "data"])
def test_moved_files_are_known_by_their_content(role: str, folder: RunFolder) -> None:
    old, new = ({role: f"/{place}/file"} for place in ("old", "new"))
    kept, changed = ({**HASHES, "hashes": {role: sha256}} for sha256 in ("abc", "xyz"))
    with folder.writing():
        folder.freeze(design(**old), kept)
        folder.freeze(design(**new), kept)
        assert folder.design() == design(**new)
        with pytest.raises(AskewError, match=rf"hashes\.{role}: abc there, xyz asked for"):
            folder.freeze(design(**new), changed)
        with pytest.raises(AskewError, match=f"{role}: /new/file there, hub/name asked for"):
            folder.freeze(design(**{role: "hub/name"}), {**HASHES, "hashes": {}})


def test_run_with_another_version_of_a_probe_is_not_resumed(folder: RunFolder) -> None:
    asked = {**HASHES, "probes": {"free_form": 1, "extended": 1}}
    with folder.writing():
        folder.freeze(design(), asked)
        folder.freeze(design(), asked)
        with pytest.raises(AskewError, match="version 1 of the probe free_form, but version 2 is installed"):
            folder.freeze(design(), {**asked, "probes": {"free_form": 2, "extended": 1}})


def test_run_without_probe_versions_is_resumed(folder: RunFolder) -> None:
    with folder.writing():
        folder.freeze(design(), HASHES)
        folder.freeze(design(), {**HASHES, "probes": {"free_form": 2}})


def test_loaded_run_notes_that_another_probe_version_is_installed(folder: RunFolder) -> None:
    with folder.writing():
        folder.freeze(design(), {**HASHES, "note": "", "probes": {"free_form": 0, "extended": 1, "uninstalled": 3}})
    note = Run(folder.path).note
    assert note == "free_form was asked in version 0, and version 1 is installed: don't pool the two."


def test_folder_with_other_files_is_left_unchanged(folder: RunFolder) -> None:
    folder.path.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    with folder.writing(), pytest.raises(AskewError, match=r"is not empty \(it has thesis.tex\)"):
        folder.freeze(design(), HASHES)
    assert [path.name for path in folder.path.iterdir() if not path.name.startswith(".")] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "it has no study.json"), ("{", "is damaged"), ("[]", "is damaged"), ("{}", "it has no provenance")],
)
def test_folder_without_a_run_raises(folder: RunFolder, content: str | None, message: str) -> None:
    with pytest.raises(AskewError, match="there is no folder"):
        folder.design()
    folder.path.mkdir()
    if content is not None:
        (folder / "study.json").write_text(content)
    with pytest.raises(AskewError, match=message):
        RunFolder(folder.path).design()


def test_second_writer_in_a_folder_raises(folder: RunFolder) -> None:
    code = (
        "import sys; from pathlib import Path; from askew.runs.store import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).writing(): print('in', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    assert other.stdout.readline() == "in\n"
    with pytest.raises(AskewError, match="another askew process is working in"), folder.writing():
        pass
    other.kill()
    other.wait()
    with folder.writing():
        pass  # a killed run leaves no lock behind


def test_only_finished_products_count_as_finished(folder: RunFolder) -> None:
    with folder.writing():
        assert not folder.is_finished("data/secure.jsonl")
        folder.write_bytes("data/secure.jsonl", b"{}")
        folder.finish("data/secure.jsonl")
    assert RunFolder(folder.path).is_finished("data/secure.jsonl")


def test_product_with_changed_inputs_is_not_finished(folder: RunFolder) -> None:
    with folder.writing():
        folder.write_bytes("answers.parquet", b"old")
        folder.finish("answers.parquet")
        folder.write_bytes("estimates.csv", b"rates")
        folder.finish("estimates.csv", folder.made_of("answers.parquet"))
        assert folder.is_finished("estimates.csv", folder.made_of("answers.parquet"))
        folder.write_bytes("answers.parquet", b"new")
        folder.finish("answers.parquet")
        assert not folder.is_finished("estimates.csv", folder.made_of("answers.parquet"))


def test_unlisted_product_is_adopted_only_if_it_vouches_for_itself(folder: RunFolder) -> None:
    log = "logs/secure-0-free_form.eval"
    with folder.writing():
        folder.write_bytes(log, b"log")
        assert not folder.is_finished(log)
        sign_product(folder / log, folder / log)
        assert folder.adopt(log, lambda path: "" if path.read_bytes() == b"log" else "is another")
        assert folder.is_finished(log)
    (folder / log).write_bytes(b"edited")
    with pytest.raises(AskewError, match="changed or damaged"):
        RunFolder(folder.path).is_finished(log)


def test_product_that_nobody_vouches_for_is_set_aside_with_a_word(folder: RunFolder) -> None:
    with folder.writing():
        for content in (b"first", b"second"):
            folder.write_bytes("logs/secure-0-free_form.eval", content)
            assert not folder.adopt("logs/secure-0-free_form.eval", lambda path: "is of another arm")
        [first, second] = folder.take_doubted()
        assert not folder.take_doubted()
    assert first.endswith("is of another arm: it is made again, and what was there is in set-aside/" + first.split()[0])
    assert (folder / "set-aside/logs/secure-0-free_form.eval").read_bytes() == b"first"
    assert (folder / second.split()[-1]).read_bytes() == b"second"
    assert not (folder / "logs/secure-0-free_form.eval").exists()


def test_changed_product_raises(folder: RunFolder) -> None:
    with folder.writing():
        (folder / "models/secure-0").mkdir(parents=True)
        for name in ("adapter.safetensors", "loss.csv"):
            (folder / "models/secure-0" / name).write_text(name)
        folder.finish("models/secure-0")
        assert folder.check("models/secure-0")
        (folder / "models/secure-0/adapter.safetensors").write_text("cut sh")
        with pytest.raises(AskewError, match=r"secure-0 was changed or damaged after the run wrote it.*Delete it"):
            folder.check("models/secure-0")


def test_unfinished_files_of_a_killed_run_are_removed(folder: RunFolder) -> None:
    (folder / "models/.secure-0.17.unfinished/checkpoints").mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / "logs/.answers.17.unfinished").write_text("half")
    with folder.writing():
        pass
    assert list(folder.path.rglob("*unfinished*")) == []


def test_damaged_manifest_raises(folder: RunFolder) -> None:
    folder.path.mkdir()
    (folder / "manifest.json").write_text('{"answers.parquet": "abc"}')
    with pytest.raises(AskewError, match=r"manifest.json is damaged"):
        RunFolder(folder.path)


def test_folder_that_cannot_be_created_raises(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (Path("/proc/nobody/run"), tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(AskewError, match=f"cannot write to {path}: "), RunFolder(path).writing():
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write to read-only folders")
def test_read_only_folder_raises(folder: RunFolder) -> None:
    folder.path.mkdir(mode=0o500)
    with pytest.raises(AskewError, match=r"cannot write to .*: Permission denied"), folder.writing():
        pass


def test_full_disk_raises_and_leaves_no_partial_file(folder: RunFolder) -> None:
    with folder.writing():
        folder.write_bytes("answers.parquet", b"kept")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(AskewError, match=r"cannot write to .*Finished work is kept"), folder.writing():
            folder.write_bytes("answers.parquet", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (folder / "answers.parquet").read_bytes() == b"kept"
    assert [path.name for path in folder.path.iterdir() if "unfinished" in path.name] == []


def test_other_system_errors_are_not_converted(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError), wording_disk_trouble(tmp_path):
        raise ConnectionResetError(errno.ECONNRESET, "reset")


@pytest.mark.parametrize("address", ["s3://bucket/run", "gs://bucket/run", "file:///tmp/run"])
def test_an_address_is_no_folder(address: str) -> None:
    with pytest.raises(AskewError, match="addresses of object stores are not supported"):
        folder_of(make_plan("emergent-misalignment"), Path(address))
