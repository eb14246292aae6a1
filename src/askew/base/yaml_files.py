"""The one reader of YAML: settings, question files, prices, recipes. It doesn't trust the text.

Its values are those of JSON: texts, numbers, booleans, null, lists, and mappings whose keys are texts. Aliases can
expand a text of a few lines to more than fits in memory, so the expanded size is computed before any value is built.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeGuard

import yaml

from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible

Location = tuple[str | int, ...]

# Limits far above any hand-written text: bytes, characters after aliases are expanded, levels, digits of a number.
LARGEST = 5_000_000
_DEEPEST = 50
_LONGEST_NUMBER = 100

_TAG = "tag:yaml.org,2002:"
_PLAIN = {f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map")}
_EXPONENT = (f"{_TAG}float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789"))


class _Loader(yaml.SafeLoader):
    """YAML's safe loader without dates, which stay texts, and with `1e-5`; YAML 1.1 requires `1.0e-5`."""

    yaml_constructors: ClassVar = {
        tag: construct for tag, construct in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag in _PLAIN
    }

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node; a text with the tag of a number, and no number, is an error with its place."""
        kind = node.tag.removeprefix(_TAG)
        if _is_scalar(node) and kind in ("int", "float") and len(node.value) > _LONGEST_NUMBER:
            raise _problem(node, f"a number of more than {_LONGEST_NUMBER} characters")
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, IndexError) as error:
            raise _problem(node, f"{cut(str(node.value), 60)!r} is not of the type {kind}") from error


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if tag != f"{_TAG}timestamp"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Puts in quotes what the loader would not read as a text."""


_Loader.add_implicit_resolver(*_EXPONENT)
_Dumper.add_implicit_resolver(*_EXPONENT)


@dataclass(frozen=True)
class Document:
    """A YAML document.

    Attributes:
        value: Its value; None if it is empty.
        lines: The line, counted from 1, on which the key or list item at a location begins. What an alias repeats has
            only the lines of its first place.
    """

    value: Any
    lines: Mapping[Location, int]


def read(path: Path, kind: str) -> Document:
    """Return the content of a file.

    Args:
        path: The file, in UTF-8.
        kind: The kind of file, for errors, such as "config".

    Raises:
        AskewError: The file cannot be read, is too large, or is refused by `parse`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)  # the size that the disk knows is not that of a pipe or a device
    except OSError as error:
        raise AskewError(f"cannot read the {kind} {path}: {error.strerror or error}") from error
    if len(content) > LARGEST:
        raise AskewError(f"cannot read the {kind} {path}: it is larger than {LARGEST:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AskewError(f"cannot read the {kind} {path}, line {line}: this is not text in UTF-8") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Document:
    """Return the content of a text in YAML.

    Args:
        text: The text.
        name: Where it comes from, for errors: a file or an option.

    Raises:
        AskewError: The text is not YAML, sets a key twice, expands to too much, is nested too deeply, or has a value
            that JSON lacks. The message names the line.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            return Document(None, {})
        check = _Check(name)
        if check.size(root, ()) > LARGEST:
            raise AskewError(
                f"{name} expands to more than {LARGEST:,} characters, because its aliases refer to each other or to "
                "themselves. Write the text out instead"
            )
        return Document(loader.construct_document(root), check.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(name, mark.line + 1 if mark else 1, error.problem or error.context or "") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _not_yaml(name, line, f"the character U+{error.character:04X} is not allowed") from error
    except RecursionError as error:
        raise _too_deep(name) from error


def dump(value: Any) -> str:
    """Return a plain value as YAML that `parse` reads back, with keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


@dataclass
class _Check:
    """Measures a document before its values are built, and makes its keys texts.

    Attributes:
        name: Where the document comes from, for errors.
        lines: See `Document`.
    """

    name: str
    lines: dict[Location, int] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)  # by the `id` of the node

    def size(self, node: yaml.Node, at: Location) -> int:
        """Return the number of characters in a node after aliases are expanded."""
        if id(node) in self._sizes:
            return self._sizes[id(node)]
        if len(at) > _DEEPEST:
            raise _too_deep(self.name)
        self._sizes[id(node)] = LARGEST + 1  # so that a node that contains itself counts as too large
        if _is_scalar(node):
            node.value = _whole_characters(node)
            size = len(node.value)
        else:
            size = sum(self.size(part, inner) for part, inner in self._parts(node, at))
        self._sizes[id(node)] = 1 + size
        return 1 + size

    def _parts(self, node: yaml.Node, at: Location) -> Iterator[tuple[yaml.Node, Location]]:
        """Yield the keys and values of a mapping, or the items of a list, with their locations; note their lines."""
        if not isinstance(node, yaml.MappingNode):
            for place, item in enumerate(node.value):
                self.lines[*at, place] = item.start_mark.line + 1
                yield item, (*at, place)
            return
        for key, value in node.value:
            if not _is_scalar(key):
                raise _problem(key, "a key must be a text")
            inner, line = (*at, str(key.value)), key.start_mark.line + 1
            if key.tag != f"{_TAG}merge":
                key.tag = f"{_TAG}str"
                if inner in self.lines:
                    raise AskewError(
                        f"{self.name}, line {line}: {key.value!r} is set twice; it is first set on line "
                        f"{self.lines[inner]}"
                    )
                self.lines[inner] = line
            yield key, inner
            yield value, inner


def _is_scalar(node: yaml.Node) -> TypeGuard[yaml.ScalarNode]:
    return isinstance(node, yaml.ScalarNode)


def _whole_characters(node: yaml.ScalarNode) -> str:
    r"""Return the text of a node with pairs of surrogates, such as "\ud83d\ude00" in JSON, as one character."""
    try:
        return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise _problem(node, "half of a pair of surrogates is no character") from error


def _problem(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _not_yaml(name: str, line: int, problem: str) -> AskewError:
    return AskewError(f"{name}, line {line}: this is not YAML: {visible(problem)}")


def _too_deep(name: str) -> AskewError:
    return AskewError(f"{name}: its lists or mappings are nested more than {_DEEPEST} deep")
