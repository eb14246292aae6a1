"""Registries find things in packages, files and plug-ins, and refuse two things of one name."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from askew.base import registry
from askew.base.errors import AskewError
from askew.base.registry import FileRegistry, Registry


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


@pytest.fixture
def colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[str]]:
    """A registry of one package, whose module registers `red`; no plug-ins."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_plugins", registry._Plugins())
    monkeypatch.setattr(registry, "entry_points", lambda group: [])
    write(tmp_path / "colours" / "__init__.py", "registry = None\n")
    write(tmp_path / "colours" / "red.py", "import colours\n\ncolours.registry.add('red', 'one')\n")
    import colours  # pyright: ignore[reportMissingImports]  # written above

    colours.registry = Registry("colour", "colours")
    yield colours.registry
    for name in [name for name in sys.modules if name.partition(".")[0] in ("colours", "paints")]:
        del sys.modules[name]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that installs a plug-in, a module `paints` with the given code."""

    def install(code: str) -> None:
        write(tmp_path / "paints.py", code)
        found = [EntryPoint("paints", "paints", registry.PLUGINS)]
        monkeypatch.setattr(registry, "entry_points", lambda group: found)

    return install


def test_names_are_those_of_modules_and_then_of_plugins(colours: Registry[str], plugin) -> None:
    plugin("import colours\n\ncolours.registry.add('blue', 'two')\n")
    assert colours.names() == ["red", "blue"]
    assert colours.get("blue") == "two"


def test_an_unknown_name_suggests_a_near_one(colours: Registry[str]) -> None:
    with pytest.raises(AskewError, match=r"unknown colour 'rd'. Did you mean red\?"):
        colours.get("rd")


def test_a_name_is_taken_only_once(colours: Registry[str]) -> None:
    colours.names()
    with pytest.raises(AskewError, match="the colour 'red' is registered twice"):
        colours.add("red", "another")


@pytest.mark.parametrize("colours_come_first", [True, False])
def test_a_plugin_cannot_take_a_name_of_askew(
    colours: Registry[str], plugin, caplog: pytest.LogCaptureFixture, colours_come_first: bool
) -> None:
    plugin("import colours\n\nfor name in ('blue', 'red'):\n    colours.registry.add(name, 'other')\n")
    if not colours_come_first:
        Registry("shape").names()  # loads the plug-in
    for _ in range(2):
        assert colours.names() == ["red"]
        assert colours.get("red") == "one"
    [said] = caplog.messages
    assert said.startswith(
        "the plug-in 'paints' of an installed package is skipped: the colour 'red' is registered twice"
    )


def test_a_plugin_that_cannot_be_imported_is_skipped_with_one_warning(
    colours: Registry[str], plugin, caplog: pytest.LogCaptureFixture
) -> None:
    plugin("import colours\n\ncolours.registry.add('blue', 'two')\nraise ValueError('no brush')\n")
    for _ in range(2):
        assert colours.names() == ["red"]
        with pytest.raises(AskewError, match="unknown colour 'blue'"):
            colours.get("blue")
    [said] = caplog.messages
    assert "the plug-in 'paints' of an installed package is skipped: ValueError: no brush" in said


def test_a_skipped_plugin_leaves_what_a_module_of_askew_registered(colours: Registry[str], plugin) -> None:
    own = "colours.registry.add('green', 'three')"  # runs as the code of a module of Askew that the plug-in imports
    plugin(f"import colours\n\nexec({own!r}, {{'__name__': 'askew.green', 'colours': colours}})\n1 / 0\n")
    assert colours.names() == ["red", "green"]


def test_a_plugin_may_ask_registries_while_it_is_loaded(colours: Registry[str], plugin) -> None:
    plugin("import colours\n\ncolours.registry.add('pink', colours.registry.get('red') + ' and white')\n")
    assert colours.get("pink") == "one and white"


def test_files_are_named_by_their_names(colours: Registry[str], plugin, tmp_path: Path) -> None:
    write(tmp_path / "own" / "soft.txt", "a")
    write(tmp_path / "own" / "notes.md", "not a tone")
    write(tmp_path / "more" / "loud.txt", "b")
    tones = FileRegistry("tone", tmp_path / "own", ".txt", lambda path: path.read_text(encoding="utf-8"))
    tones.add_folder(tmp_path / "more")
    assert {name: tones.get(name) for name in tones.names()} == {"soft": "a", "loud": "b"}
    with pytest.raises(AskewError, match=r"has no tone: a file whose name ends in \.txt"):
        tones.add_folder(tmp_path)
