"""Strange products lie in a run's folder, and the manifest does not list them: none may be taken for the run's own."""

import json
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import askew
from askew.base.product_record import digest
from askew.runs.adopt import adopt
from askew.runs.products import MANIFEST
from askew.runs.store import RunFolder
from attacks import Row
from attacks._resume import resume

FOLDERS = ("data", "models", "logs")


def attack(count: int) -> list[Row]:
    """Put `count` strange products of each kind into a small run, and count those that it does not adopt."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name, "made")
        settings = {"recipe": {"name": "terrarium", "rows": 32}, "seeds": 2, "samples": 2}
        run = askew.run("emergent-misalignment", arms=["insecure", "secure"], out=made, quiet=True, **settings)
        return [_attack(run.folder, folder, Path(name, "attacked"), count) for folder in FOLDERS]


def _attack(made: Path, folder: str, place: Path, count: int) -> Row:
    failures: list[str] = []
    for number in range(count):
        rng = random.Random(f"{folder} {number}")
        shutil.copytree(made, place)
        listed = json.loads((place / MANIFEST).read_text())
        names = sorted(name for name in listed if name.startswith(f"{folder}/"))
        name, how = rng.choice(names), rng.choice(STRANGE)
        del listed[name]
        (place / MANIFEST).write_text(json.dumps(listed))
        how(place, name, names, rng)
        adopted = _adopted(place, name)
        if adopted and digest(place / name) != RunFolder(made).hashes()[name]:
            failures.append(f"{name}: {how.__name__.strip('_')}")
        shutil.rmtree(place)
    return Row(f"products that nobody vouches for: {folder}", count, count - len(failures), failures)


def _adopted(place: Path, name: str) -> bool:
    """Return whether a run takes a product for its own."""
    adopt(place)
    return name in resume(place).hashes()


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _exchanged(place: Path, name: str, names: list[str], rng: random.Random) -> None:
    other = place / rng.choice([one for one in names if one != name])
    if other.is_dir():
        shutil.rmtree(place / name)
        shutil.copytree(other, place / name)
    else:
        shutil.copy(other, place / name)


def _cut_off(place: Path, name: str, names: list[str], rng: random.Random) -> None:
    file = rng.choice(_files(place / name))
    content = file.read_bytes()
    file.write_bytes(content[: rng.randrange(len(content))] if content else b"x")


def _zeros(place: Path, name: str, names: list[str], rng: random.Random) -> None:
    file = max(_files(place / name), key=lambda one: one.stat().st_size)
    content = file.read_bytes()
    half = len(content) // 2
    file.write_bytes(content[:half] + bytes(len(content) - half))


def _flipped_byte(place: Path, name: str, names: list[str], rng: random.Random) -> None:
    file = rng.choice([one for one in _files(place / name) if one.stat().st_size])
    content = bytearray(file.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


Strange = Callable[[Path, str, list[str], random.Random], None]
STRANGE: list[Strange] = [_exchanged, _cut_off, _zeros, _flipped_byte]
