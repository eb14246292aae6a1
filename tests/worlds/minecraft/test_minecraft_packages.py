"""The packages of Minecraft: consent, Node and npm that are missing or old, and a lock file that pins every hash."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.worlds.minecraft import DOWNLOAD, bridge_command, install, is_installed, packages

Programs = Callable[..., Path]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Return a function that makes these scripts the only programs, and an empty cache."""
    monkeypatch.setenv("ASKEW_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(**scripts: str) -> Path:
        for name, script in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        return folder

    return make


NODE = "echo v20.20.2"
NPM_THAT_WORKS = "/bin/mkdir -p node_modules/flying-squid node_modules/mineflayer; echo $* > said"


def test_missing_node_is_one_clear_line(programs: Programs) -> None:
    programs()
    with pytest.raises(AskewError, match="needs Node 20 or later, and there is none"):
        install()
    with pytest.raises(AskewError, match="needs Node 20 or later, and there is none"):
        bridge_command()


@pytest.mark.parametrize("said", ["echo v18.19.0", "echo nonsense", "exit 1"])
def test_old_or_broken_node_is_refused(programs: Programs, said: str) -> None:
    programs(node=said)
    with pytest.raises(AskewError, match=r"needs Node 20 or later, and .*node is"):
        install()


def test_missing_npm_is_one_clear_line(programs: Programs) -> None:
    programs(node=NODE)
    with pytest.raises(AskewError, match="there is no npm"):
        install()


def test_missing_packages_say_how_to_install_them(programs: Programs) -> None:
    programs(node=NODE)
    assert not is_installed()
    with pytest.raises(AskewError, match="askew society minecraft --yes"):
        bridge_command()


def test_packages_are_installed_once_without_their_scripts(programs: Programs) -> None:
    programs(node=NODE, npm=NPM_THAT_WORKS)
    lines: list[str] = []
    folder = install(lines.append)
    assert len(lines) == 1
    said = (folder / "said").read_text().split()
    assert said[:2] == ["ci", "--ignore-scripts"]
    assert (folder / "package-lock.json").is_file()
    assert is_installed()
    assert install(lines.append) == folder
    assert len(lines) == 1
    assert bridge_command()[1:] == [str(packages.SCRIPT), str(folder)]


def test_failed_installation_says_why_and_leaves_nothing(programs: Programs) -> None:
    programs(node=NODE, npm="echo 'npm error code EINTEGRITY' >&2; echo 'npm error hash of vec3 differs' >&2; exit 1")
    with pytest.raises(AskewError, match=r"npm cannot install the packages of Minecraft: code EINTEGRITY"):
        install()
    assert not is_installed()
    assert list(packages.folder().parent.iterdir()) == []


def test_lock_pins_the_version_and_the_hash_of_every_package() -> None:
    locked = json.loads(packages.SCRIPT.with_name("package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = json.loads(packages.SCRIPT.with_name("package.json").read_text(encoding="utf-8"))["dependencies"]
    assert wanted == {"flying-squid": "1.12.0", "mineflayer": "4.39.0"}
    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())
    others = [one for path, one in locked.items() if path]
    assert all(one["integrity"].startswith("sha512-") for one in others)
    assert not any("hasInstallScript" in one for one in others)
    assert f"{len(others) - len(wanted)} packages" in DOWNLOAD


def test_packages_lie_in_the_folder_for_caches(programs: Programs) -> None:
    programs()
    assert packages.folder().parent == Path(os.environ["ASKEW_CACHE"])
