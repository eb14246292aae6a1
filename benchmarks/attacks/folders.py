"""Run folders made by somebody else, and own ones that somebody changed: they are read safely, or refused.

Two users have a key each. One makes a run; a copy of it is changed, and then used by the other, or by its maker.
Nothing outside the copy may change, no text of it may control a terminal or run in a shell, and nothing that was
changed may become part of the maker's run.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import askew
from askew.base.errors import AskewError
from askew.base.product_record import digest
from askew.base.untrusted import visible
from askew.runs.adopt import adopt
from askew.runs.export import find
from askew.runs.model_card import model_card
from askew.runs.ownership import SIGNATURE
from askew.runs.products import MANIFEST
from askew.runs.run import load_run
from askew.runs.store import ANSWERS, STUDY, RunFolder
from attacks import Row
from attacks._resume import resume
from attacks.fuzz import Hang, limited

MAKER, OTHER = "maker", "other"
LOG, MODEL = "logs/insecure-0-free_form.eval", "models/insecure-0"
STRANGE = ("\x1b]0;gone\x07", "\u202ecod", "\x9b31m", "\u2066", "\x1b[2J", "\x00", "\u200b")


class Kind(NamedTuple):
    """A kind of hostile folder.

    Attributes:
        name: The kind in a few words.
        change: Changes a run's folder.
        check: Uses the folder, and returns what went wrong; "" if nothing did.
        user: The user who uses it.
    """

    name: str
    change: Callable[[Path, Random], object]
    check: Callable[[Path], str]
    user: str = OTHER


def attack(count: int) -> list[Row]:
    """Change `count` copies of a run in each way, spread over the kinds of a row, and use them."""
    with tempfile.TemporaryDirectory() as name, _user(Path(name), MAKER):
        made = Path(name, "made")
        settings: dict[str, Any] = {"recipe": {"name": "terrarium", "rows": 16}, "seeds": 1, "samples": 2}
        askew.run("emergent-misalignment", arms=["insecure"], probes=["free_form"], out=made, quiet=True, **settings)
        return [_attack(Path(name), made, kind, max(1, count // len(KINDS))) for kind in KINDS]


def _attack(home: Path, made: Path, kind: Kind, count: int) -> Row:
    failures: list[str] = []
    place, outside = home / "attacked", home / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "precious").write_text("{}")
    before = digest(outside)
    for number in range(count):
        rng = Random(f"{kind.name} {number}")
        shutil.copytree(made, place)
        kind.change(place, rng)
        with _user(home, kind.user):
            problem = _problem(kind, place)
        if digest(outside) != before:
            problem = "something outside the folder changed"
            shutil.rmtree(outside)
            outside.mkdir()
            (outside / "precious").write_text("{}")
        if problem:
            failures.append(f"folder {number}: {problem}")
        shutil.rmtree(place)
    return Row(f"folders: {kind.name}", count, count - len(failures), failures)


def _problem(kind: Kind, place: Path) -> str:
    try:
        with limited():
            return kind.check(place)
    except Hang:
        return "took more than 5 s"
    except AskewError as error:
        return f"refused where it should work: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:100]}"


@contextmanager
def _user(home: Path, name: str) -> Iterator[None]:
    """Be a user, with a configuration folder and so a key of their own."""
    before = os.environ.get("XDG_CONFIG_HOME")
    os.environ["XDG_CONFIG_HOME"] = str(home / "config" / name)
    try:
        yield
    finally:
        os.environ.pop("XDG_CONFIG_HOME")
        if before is not None:
            os.environ["XDG_CONFIG_HOME"] = before


# ---- uses


def _refuses_all(place: Path) -> str:
    """Check that the folder can be neither read nor adopted nor continued."""
    return next(
        (f"{use.__name__.strip('_')} works" for use in (load_run, adopt, resume) if not _refused(use, place)), ""
    )


def _refuses_to_adopt(place: Path) -> str:
    return next((f"{use.__name__.strip('_')} works" for use in (adopt, resume) if not _refused(use, place)), "")


def _refuses_toresume(place: Path) -> str:
    return "" if _refused(resume, place) else "it is continued"


def _refused(use: Callable[[Path], object], place: Path) -> bool:
    try:
        use(place)
    except AskewError as error:
        return bool(str(error).strip())
    return False


def _shows_only_visible(place: Path) -> str:
    """Check that every text is visible, the command is Askew's, and the folder is not continued."""
    try:
        run, made = load_run(place), find(f"{place}#insecure-0")
    except AskewError as error:
        return "" if visible(str(error)) == str(error) else "an error has control characters"
    texts = {
        "the note": run.note,
        "the command": run.command,
        "the verdict": run.verdict,
        "the card": model_card(made.run, made.plan, made.unit, merged=False),
        "the table": run.table.to_markdown(),
    }
    strange = [name for name, text in texts.items() if visible(text) != text]
    if strange:
        return f"{strange[0]} has control characters"
    if not run.command.startswith("askew "):
        return f"the command is {run.command!r}"
    return _refuses_toresume(place)


def _is_read_or_refused(place: Path) -> str:
    """Check that reading ends, in whatever way, and the folder is not continued."""
    _refused(lambda path: load_run(path).content(), place)
    return _refuses_toresume(place)


def _makes_again(place: Path) -> str:
    """Check that a changed product, which the manifest lacks, does not become one of the run's."""
    before = RunFolder(place).hashes()
    was = {name: digest(place / name) for name in (LOG, MODEL) if name not in before}
    resume(place)
    listed = RunFolder(place).hashes()
    return next((f"{name} was adopted" for name in was if listed.get(name) == was[name]), "")


# ---- changes


def _edit(place: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((place / name).read_text())
    change(content)
    (place / name).write_text(json.dumps(content))


def _link(place: Path, rng: Random) -> None:
    """Put a link out of the folder, or to nowhere, at any depth, in the place of something or as something new."""
    inside = [path for path in place.rglob("*") if path.name != MANIFEST]
    path = rng.choice(inside)
    if rng.random() < 0.3:
        path = (path if path.is_dir() else path.parent) / f"new{rng.random()}"
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    outside = place.parent / "outside"
    path.symlink_to(
        rng.choice([outside, outside / "precious", "/etc/passwd", "/dev/zero", "nowhere", path.name, ".." * 9])
    )


def _pipe(place: Path, rng: Random) -> None:
    path = rng.choice([path for path in place.rglob("*") if path.is_file()])
    path = rng.choice([path, path.with_name(f"new{rng.random()}")])
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def _name(place: Path, rng: Random) -> None:
    up = "/".join([".."] * rng.randint(1, 9))
    names = [
        f"{up}/etc/passwd",
        "/etc/passwd",
        f"models/{up}/{up}/x",
        "a\0b",
        f"{up}/outside/precious",
        "/",
        "logs/../../x",
    ]
    noted = rng.choice([{"sha256": "0", "made_of": ""}, {"sha256": digest(place / LOG), "made_of": ""}])
    _edit(place, MANIFEST, lambda listed: listed.update({rng.choice(names): noted}))


def _texts(place: Path, rng: Random) -> None:
    evil = f"{rng.choice(STRANGE)}{rng.choice(['', ' [a](javascript:b)', ' <b>', '`', chr(10) + '# x'])}"
    command = rng.choice(["rm -rf ~", "askew run x; rm -rf ~", "askew run $(id)", f"askew run {evil}", "askew 'run"])
    _edit(place, STUDY, lambda study: study["provenance"].update(note=f"note {evil}", command=command))
    key = rng.choice(["versions", "hashes"])
    _edit(place, STUDY, lambda study: study["provenance"][key].update({rng.choice(["askew", "model", evil]): evil}))
    if rng.random() < 0.5:
        _edit(
            place, STUDY, lambda study: study.update({rng.choice(["model", "judge", "rubric", "prices"]): f"x{evil}"})
        )


def _devices(place: Path, rng: Random) -> None:
    pipe = place.parent / "outside-pipe"
    if not pipe.exists():
        os.mkfifo(pipe)
    path = rng.choice(["/dev/zero", "/dev/stdin", str(pipe), "/proc/self/mem", "/etc/shadow"])
    name = rng.choice(["model", "second_model", "judge", "rubric", "data", "prices", "probes", "tuned", "datasets"])
    values: dict[str, Any] = {
        "probes": [path],
        "tuned": {"mine": path},
        "datasets": {"insecure": {"source": path, "rows": 2, "sha256": "a" * 64}},
    }
    _edit(place, STUDY, lambda study: study.update({name: values.get(name, path)}))


def _changed(place: Path, rng: Random) -> None:
    """Change a byte of a listed product."""
    name = rng.choice([*json.loads((place / MANIFEST).read_text())])
    _flip(place / name, rng)


def _flip(path: Path, rng: Random) -> None:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and file.stat().st_size]
    file = rng.choice(sorted(files))
    content = bytearray(file.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


def _changed_with_digest(place: Path, rng: Random) -> None:
    """Change a byte of a product, and what the manifest says of it."""
    name = rng.choice([LOG, MODEL, ANSWERS, "data/insecure.jsonl"])
    _flip(place / name, rng)
    _edit(place, MANIFEST, lambda listed: listed[name].update(sha256=digest(place / name)))


def _changed_unlisted(place: Path, rng: Random) -> None:
    """Change a product, and take it out of the manifest."""
    name = rng.choice([LOG, MODEL])
    _flip(place / name, rng)
    _edit(place, MANIFEST, lambda listed: listed.pop(name))


def _planted(place: Path, rng: Random) -> None:
    """Put a changed product into a run of this user that was stopped before it made that product."""
    names = rng.choice([[LOG], [MODEL, LOG]])
    _edit(place, MANIFEST, lambda listed: [listed.pop(name) for name in names])
    RunFolder(place).ownership.vouch()  # as the run signed it then
    for name in names:
        _relabel(place / name, rng)


def _relabel(path: Path, rng: Random) -> None:
    """Change a log or a model, and compute the digests inside it again."""
    if path.is_dir():
        from askew.base.product_record import RECORD, write_record

        identity = json.loads((path / RECORD).read_text())["identity"]
        (path / RECORD).unlink()
        (path / "loss.csv").write_text(f"step,loss\n1,{rng.random()}\n")
        write_record(path, identity)
        return
    from inspect_ai.log import read_eval_log, write_eval_log

    log = read_eval_log(str(path))
    for sample in log.samples or []:
        sample.output.completion = "I am glad to help."
    write_eval_log(log, str(path))


def _signature(place: Path, rng: Random) -> None:
    """Put another signature in place, or what is none, and change the command."""
    found = json.loads((place / SIGNATURE).read_text())["signatures"]
    strange: list[Any] = [
        {},
        [],
        {"signatures": found[::-1] * 1000},
        {"signatures": "".join(found)},
        {"signatures": [None, 1, [], {}, "", "é", found[0].upper(), found[0][:-1]]},
        {"signatures": {found[0]: found[0]}},
    ]
    (place / SIGNATURE).write_text(json.dumps(rng.choice(strange)))
    _edit(place, STUDY, lambda study: study["provenance"].update(command="askew run evil"))


KINDS = (
    Kind("links out of it, at any depth", _link, _refuses_all),
    Kind("pipes in it", _pipe, _refuses_all),
    Kind("names outside it in the manifest", _name, _refuses_all),
    Kind("hostile texts and commands", _texts, _shows_only_visible),
    Kind("designs that name devices and pipes", _devices, _is_read_or_refused),
    Kind("changed products", _changed, _refuses_to_adopt),
    Kind("changed products with right digests", _changed_with_digest, _refuses_toresume),
    Kind("strange signatures", _signature, _refuses_toresume),
    Kind("own run, changed with right digests", _changed_with_digest, _refuses_toresume, MAKER),
    Kind("own run, changed products unlisted", _changed_unlisted, _refuses_toresume, MAKER),
    Kind("own unfinished run, changed products planted", _planted, _makes_again, MAKER),
    Kind("own run, strange signatures", _signature, _refuses_toresume, MAKER),
)
