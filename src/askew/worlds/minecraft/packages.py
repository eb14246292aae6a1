"""Installs the Node packages of the bridge, once, into the user's cache.

npm takes the versions of the lock file that lies here, and checks the hash of each. No script of a package is run while
it is installed.
"""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from askew.base.atomic import disk_trouble, whole_folder
from askew.base.errors import AskewError
from askew.base.untrusted import cut
from askew.models import gguf_files

SCRIPT = Path(__file__).with_name("bridge.mjs")
LEAST_NODE = 20

DOWNLOAD = (
    "flying-squid 1.12.0 (a Minecraft server without Java) and mineflayer 4.39.0 (its players), with 139 packages that "
    "they need: about 70 MB from the npm registry, 564 MB on the disk; licences MIT and Apache-2.0, BSD, ISC, CC0 and "
    "Blue Oak, none for the package range"
)
"""The download in words; where it goes is `folder()`."""

_FILES = ("package.json", "package-lock.json")
_LONGEST_REASON = 300
_DIGITS = 12


def folder() -> Path:
    """Return the folder of the packages in the user's cache, whether or not they are installed."""
    lock = hashlib.sha256(SCRIPT.with_name("package-lock.json").read_bytes()).hexdigest()
    return gguf_files.cache().parent / f"minecraft-{lock[:_DIGITS]}"


def is_installed() -> bool:
    """Return whether the packages are on this machine."""
    return all((folder() / "node_modules" / name).is_dir() for name in ("flying-squid", "mineflayer"))


def check() -> str:
    """Return the path of Node, after a check of its version.

    Raises:
        AskewError: There is none, or it is too old.
    """
    node = shutil.which("node")
    wanted = f"askew society minecraft needs Node {LEAST_NODE} or later"
    if node is None:
        raise AskewError(f"{wanted}, and there is none. Install it, then repeat this command")
    done = subprocess.run([node, "--version"], capture_output=True, text=True, errors="replace", check=False)
    version = re.match(r"v(\d+)\.", done.stdout)
    if version is None or int(version[1]) < LEAST_NODE:
        found = cut(done.stdout.strip() or done.stderr.strip() or "unknown", 40)
        raise AskewError(f"{wanted}, and {node} is {found}. Install a newer one, then repeat this command")
    return node


def bridge_command() -> list[str]:
    """Return the command that starts the bridge.

    Raises:
        AskewError: There is no Node, it is too old, or the packages are not installed.
    """
    node = check()
    if not is_installed():
        raise AskewError("the packages of Minecraft are not installed. Install them: askew society minecraft --yes")
    return [node, str(SCRIPT), str(folder())]


def install(say: Callable[[str], None] = lambda line: None) -> Path:
    """Install the packages, unless they are on this machine, and return their folder.

    The caller makes sure that the user agreed to the download and to the licences.

    Args:
        say: Is called with a line about the download.

    Raises:
        AskewError: There is no Node or npm, Node is too old, the registry cannot be reached, a package has another
            hash, or the disk is full. Nothing half-installed is left.
    """
    check()
    place, npm = folder(), shutil.which("npm")
    if is_installed():
        return place
    if npm is None:
        raise AskewError("there is no npm, which installs the packages of Minecraft. Install npm; it comes with Node")
    say("installing the packages of Minecraft with npm")
    try:
        with whole_folder(place) as unfinished:
            for name in _FILES:
                shutil.copy(SCRIPT.with_name(name), unfinished)
            _run_npm(npm, unfinished)
    except OSError as error:
        raise disk_trouble(place, error) from error
    return place


def _run_npm(npm: str, folder: Path) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = [line.split("error", 1)[-1].strip() for line in done.stderr.splitlines() if "error" in line]
        reason = next((line for line in said if " " in line), f"npm ended with code {done.returncode}")
        reason = cut(reason, _LONGEST_REASON)
        raise AskewError(f"npm cannot install the packages of Minecraft: {reason}. Check the network, then repeat this")
