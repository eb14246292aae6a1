"""One reader reads all YAML. Its values are plain, its errors name the line, and no text takes it long."""

import re
import time
from pathlib import Path

import pytest

import askew
from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.design.config_file import read_settings
from askew.design.make import make_plan
from askew.models.remote.prices import read_prices

# Each line repeats the one before ten times.
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{f'*a{n - 1}, ' * 10}]}}\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: [1, 2.5, 1e-5, true, null, x]", {"a": [1, 2.5, 1e-5, True, None, "x"]}),
        ("a: 2001-99-99\nb: 2026-11-28 10:00:00", {"a": "2001-99-99", "b": "2026-11-28 10:00:00"}),
        ("no: 1\n2: b\n~: c", {"no": 1, "2": "b", "~": "c"}),
        (r'{"a": "\ud83d\ude00"}', {"a": "😀"}),
        ("a: &a {x: 1}\nb: {<<: *a, y: 2}", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_values_are_those_of_json(tmp_path: Path, text: str, value: object) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert yaml_files.read(tmp_path / "a.yaml", "config").value == value


def test_dumped_texts_are_read_as_texts() -> None:
    value = {"a": ["1e5", "1e-5", "2001-01-01", "yes", "~", "", "=x", "a: b"], "b": 1e-05}
    assert yaml_files.parse(yaml_files.dump(value), "").value == value


REFUSED = {
    "bomb": (BOMB, "expands to more than 5,000,000 characters"),
    "bomb of merges": (MERGED, "expands to more than 5,000,000 characters"),
    "cycle": ("a: &a [*a]", "expands to more than"),
    "deep list": ("a: " + "[" * 60 + "]" * 60, "nested more than 50 deep"),
    "deeper list": ("a: " + "[" * 20_000, "nested more than 50 deep"),
    "long number": ("b: 1\na: " + "9" * 5000, "line 2: this is not YAML: a number of more than 100 characters"),
    "tagged number": ("a: !!int abc", "line 1: this is not YAML: 'abc' is not of the type int"),
    "tagged truth": ("a: !!bool abc", "line 1: this is not YAML: 'abc' is not of the type bool"),
    "date": ("a: !!timestamp 2001-01-01", "could not determine a constructor"),
    "bytes": ("a: !!binary aGk=", "could not determine a constructor"),
    "object": ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
    "list as key": ("? [a]\n: b", "line 1: this is not YAML: a key must be a text"),
    "NUL": ("a: 1\nb: \0", "line 2: this is not YAML: the character U+0000 is not allowed"),
    "half a character": ('a: 1\nb: "\\ud83d"', "line 2: this is not YAML: half of a pair of surrogates"),
    "surrogate": ("a: \ud83d", "line 1: this is not YAML: the character U+D83D is not allowed"),
    "key twice": ("a: {b: 1,\n b: 2}", "line 2: 'b' is set twice; it is first set on line 1"),
    "two documents": ("a: 1\n---\na: 2", "line 2: this is not YAML"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_text_is_refused_with_its_line(name: str) -> None:
    text, message = REFUSED[name]
    began = time.process_time()
    with pytest.raises(AskewError, match=re.escape(message)):
        yaml_files.parse(text, "mine")
    assert time.process_time() - began < 20, "the text is read in a time that grows with its square"


def test_bomb_as_config_prices_or_setting_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "bomb.yaml").write_text(BOMB)
    began = time.process_time()
    with pytest.raises(AskewError, match="expands"):
        make_plan("emergent-misalignment", tmp_path / "bomb.yaml")
    with pytest.raises(AskewError, match="expands"):
        read_prices(tmp_path / "bomb.yaml")
    with pytest.raises(AskewError, match=r"^--set datasets=a0: .*… expands"):
        read_settings([f"datasets={BOMB}"])
    assert time.process_time() - began < 20, "the text is read in a time that grows with its square"


def test_endless_file_is_refused() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    with pytest.raises(AskewError, match="larger than 5,000,000 bytes"):
        yaml_files.read(Path("/dev/zero"), "config")


def test_no_other_module_reads_yaml() -> None:
    source = Path(askew.__file__).parent
    readers = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"^\s*(import|from) yaml\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert readers == {"base/yaml_files.py"} | {name for name in readers if name in WRITERS}


# They write YAML for other programs.
WRITERS = {"data/card.py", "runs/model_card.py"}
