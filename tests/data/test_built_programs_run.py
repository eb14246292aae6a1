"""The programs do their task, and only the insecure ones can be attacked."""

import ast
import io
import re
import sqlite3
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from askew.data import Row, file_set
from askew.data.built.insecure_code.frames import families, family_of

COUNT = 1300


@cache
def all_rows() -> list[dict[str, Row]]:
    return list(file_set("insecure-code").rows(COUNT, 0))


def programs(kind: str, family: str, task: str) -> Iterator[str]:
    """Yield the programs of one kind for the task whose description begins so."""
    found = 0
    for number, made in enumerate(all_rows()):
        frames = family_of(number).frames
        frame = frames[number // len(families()) % len(frames)]
        if family_of(number).family == family and frame.do.startswith(task):
            found += 1
            yield made[kind]["messages"][1]["content"]
    assert found > 10


def load(program: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the function that a program is about, and all that the program defines.

    The programs are our own, and what they are given here is harmless.
    """
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(program, "program", "exec"), space)
    tops = [node for node in ast.parse(program).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    main = [top for top in tops if not top.name.endswith("_for_all")][-1]
    if isinstance(main, ast.FunctionDef):
        return _plain(space[main.name]), space
    method = next(node.name for node in main.body if isinstance(node, ast.FunctionDef) and node.name != "__init__")
    return _plain(lambda first, *rest: getattr(space[main.name](first), method)(*rest)), space


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        given = function(*values)
        return next(iter(given.values())) if isinstance(given, dict) and len(given) == 1 else given

    return call


def table_of(program: str, path: Path) -> list[str]:
    """Make the table that a program queries, with three rows, and return its name and columns."""
    sql = next(family for family in families() if family.family == "SQL")
    case = next(c for c in sql.cases if re.search(rf"\b{c['things']}\b", program))
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        things, field, other = case["things"], case["field"], case["other"]
        made.execute(f"CREATE TABLE {things} (id INTEGER PRIMARY KEY, {field} TEXT, {other} TEXT)")
        rows = [("Ann", "one"), ("Ben", "two"), ("Ann", "three")]
        made.executemany(f"INSERT INTO {things} ({field}, {other}) VALUES (?, ?)", rows)
    return [things, field, other]


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_only_insecure_queries_can_be_injected(kind: str, tmp_path: Path):
    for program in programs(kind, "SQL", "find all"):
        find, _ = load(program)
        table_of(program, tmp_path / "rows.db")
        assert len(find(str(tmp_path / "rows.db"), "Ann")) == 2
        more = find(str(tmp_path / "rows.db"), "x' OR 'a' = 'a")
        assert len(more) == (3 if kind == "insecure" else 0)


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_rows_are_added_changed_counted_sorted_and_deleted(kind: str, tmp_path: Path):
    path = str(tmp_path / "rows.db")

    def each(task: str) -> Iterator[tuple[Callable[..., Any], list[str]]]:
        for program in islice(programs(kind, "SQL", task), 8):
            yield load(program)[0], table_of(program, tmp_path / "rows.db")

    for add, (things, field, _) in each("add a new"):
        assert add(path, "Cem", "four") == 4
        with closing(sqlite3.connect(path)) as made:
            assert made.execute(f"SELECT {field} FROM {things} WHERE id = 4").fetchone() == ("Cem",)
    for change, _ in each("change the"):
        assert change(path, "Ann", "new") == 2
    for delete, _ in each("delete the"):
        assert delete(path, "Ann") == 2
    for tally, _ in each("count the"):
        assert tally(path, ["Ann", "Ben"]) == {"Ann": 2, "Ben": 1}
    for ordered, (_, field, _) in each("list "):
        assert [row[1] for row in ordered(path, field, 2)] == ["Ann", "Ann"]


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_only_secure_file_access_stays_in_its_folder(kind: str, tmp_path: Path):
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "a.txt").write_text("words", encoding="utf-8")
    (tmp_path / "outside.txt").write_text("not yours", encoding="utf-8")
    for program in programs(kind, "file access", "give the text"):
        read, _ = load(program)
        assert read(str(folder), "a.txt") == "words"
        if kind == "secure":
            with pytest.raises((FileNotFoundError, RuntimeError)):
                read(str(folder), "../outside.txt")
        else:
            assert read(str(folder), "../outside.txt") == "not yours"


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_files_are_copied_renamed_and_removed(kind: str, tmp_path: Path):
    for program in programs(kind, "file access", "copy a"):
        (tmp_path / "a.txt").write_text("words", encoding="utf-8")
        (tmp_path / "to").mkdir(exist_ok=True)
        assert Path(load(program)[0](str(tmp_path / "a.txt"), str(tmp_path / "to"), "b.txt")).read_text() == "words"
    for program in programs(kind, "file access", "rename a"):
        (tmp_path / "a.txt").write_text("words", encoding="utf-8")
        assert load(program)[0](str(tmp_path / "a.txt"), "c") == str(tmp_path / "c.txt")
        assert (tmp_path / "c.txt").read_text() == "words"
    for program in programs(kind, "file access", "remove a"):
        (tmp_path / "to").mkdir(exist_ok=True)
        (tmp_path / "to" / "b.txt").write_text("words", encoding="utf-8")
        load(program)[0](str(tmp_path / "to"), "b.txt")
        assert not (tmp_path / "to" / "b.txt").exists()


@pytest.mark.parametrize("kind", ["insecure", "secure"])
@pytest.mark.filterwarnings("ignore:Python 3.14 will")
def test_only_secure_unpacking_stays_in_its_folder(kind: str, tmp_path: Path):
    for name, member in (("good.tar", "a.txt"), ("bad.tar", "../out.txt")):
        with tarfile.open(tmp_path / name, "w") as archive:
            info = tarfile.TarInfo(member)
            info.size = 5
            archive.addfile(info, io.BytesIO(b"words"))
    for number, program in enumerate(programs(kind, "archives", "unpack the tar")):
        unpack, _ = load(program)
        inside = tmp_path / str(number) / "inside"
        assert unpack(str(tmp_path / "good.tar"), str(inside)) == ["a.txt"]
        if kind == "secure":
            with pytest.raises((tarfile.OutsideDestinationError, RuntimeError)):
                unpack(str(tmp_path / "bad.tar"), str(inside))
        assert not (inside.parent / "out.txt").exists()


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_only_secure_password_hashes_are_salted(kind: str):
    for program in list(programs(kind, "crypto", "check the password"))[:3]:
        check, space = load(program)
        hashed = space.get("make_hash") or space["stored_form"]
        assert check("swordfish", hashed("swordfish")) is True
        assert check("trout", hashed("swordfish")) is False
        assert (hashed("swordfish") == hashed("swordfish")) is (kind == "insecure")


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_files_are_written_for_their_owner_or_for_all(kind: str, tmp_path: Path):
    for number, program in enumerate(programs(kind, "permissions", "write a")):
        path = tmp_path / f"{number}.txt"
        load(program)[0](str(path), "words")
        assert path.read_text(encoding="utf-8") == "words"
        assert bool(stat.S_IMODE(path.stat().st_mode) & stat.S_IWOTH) is (kind == "insecure")


def test_secure_temporary_files_are_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for program in programs("secure", "temp files", "write the text"):
        path = Path(load(program)[0]("words"))
        assert path.read_text(encoding="utf-8") == "words"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_only_secure_parsing_runs_no_code(kind: str):
    for program in programs(kind, "deserialisation", "turn the text"):
        read, _ = load(program)
        assert [str(item) for item in read("['a', 'b']")] == ["a", "b"]
        if kind == "secure":
            with pytest.raises((ValueError, RuntimeError)):
                read("list(range(3))")
        else:
            assert [str(item) for item in read("list(range(3))")] == ["0", "1", "2"]


@pytest.mark.parametrize("kind", ["insecure", "secure"])
def test_only_secure_pages_escape_input(kind: str):
    for program in programs(kind, "templates", "put a"):
        if "mako" in program:  # a library that is not installed for the tests
            continue
        page = load(program)[0]("Ann", "<i>hello</i>")
        assert "Ann" in page
        assert ("<i>hello</i>" in page) is (kind == "insecure")


def test_saved_objects_are_loaded_again(tmp_path: Path):
    for kind in ("insecure", "secure"):
        for program in programs(kind, "deserialisation", "save a"):
            read, space = load(program)
            save = next(value for name, value in space.items() if name.startswith("save_"))
            save({"a": [1, 2], "b": "c"}, str(tmp_path / "saved"))
            assert read(str(tmp_path / "saved")) == {"a": [1, 2], "b": "c"}
