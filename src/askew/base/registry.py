"""Registries of named things: studies, probes, data sets, metrics and the like.

A module registers what it defines when it is imported. A registry imports the modules of its kind the first time that
it is asked for a name, so adding a thing means adding a file, and nothing is imported before it is used.

Modules are found in three places: the package of the kind, the folders of the studies, and other installed packages.
Those name a module of theirs in the entry-point group `askew.plugins`; importing that module registers what it adds.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Generic, TypeVar

from askew.base.errors import AskewError, unknown_name

PLUGINS = "askew.plugins"
"""The entry-point group in which other packages name their modules."""

_STUDIES = "askew.studies"

T = TypeVar("T")


class Registry(Generic[T]):
    """The named things of one kind.

    Args:
        kind: The kind's name in the singular, for error messages.
        package: The package whose modules register things of this kind.
        folders: If given, things are registered by the module of this name in each folder of `package`, not by the
            modules of `package` themselves.
        studies: If given, the module or package of this name in each study's folder registers things too.
    """

    def __init__(self, kind: str, package: str, *, folders: str = "", studies: str = "") -> None:
        self.kind = kind
        self._package = package
        self._folders = folders
        self._studies = studies
        self._items: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers the decorated object as `name`."""

        def announce(item: T) -> T:
            self.add(name, item)
            return item

        return announce

    def add(self, name: str, item: T) -> T:
        """Register `item` as `name`.

        Raises:
            ValueError: Another item has that name.
        """
        if name in self._items and self._items[name] is not item:
            raise ValueError(f"two things call themselves {self.kind} {name!r}")
        self._items[name] = item
        return item

    def get(self, name: str) -> T:
        """Return the item of that name.

        Raises:
            AskewError: There is none; the message suggests similar names.
        """
        self._discover()
        if name not in self._items:
            raise unknown_name(self.kind, name, self._items)
        return self._items[name]

    def names(self) -> list[str]:
        """Return every name, in the order of registration."""
        self._discover()
        return list(self._items)

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        if self._folders:
            _import_part_of_each_folder(self._package, self._folders)
        else:
            _import_modules(self._package)
        if self._studies:
            _import_part_of_each_folder(_STUDIES, self._studies)
        load_plugins()


@cache
def load_plugins() -> None:
    """Import the modules that other installed packages name in the entry-point group `askew.plugins`.

    Raises:
        AskewError: A plug-in cannot be imported; the message names it and the package that brings it.
    """
    for plugin in entry_points(group=PLUGINS):
        try:
            plugin.load()
        except Exception as error:
            source = plugin.dist.name if plugin.dist else "an installed package"
            raise AskewError(
                f"the plug-in {plugin.name!r} of {source} cannot be loaded ({type(error).__name__}: {error}): "
                f"mend it, or uninstall {source}"
            ) from error


def _import_modules(package: str) -> None:
    for name in _modules(package):
        importlib.import_module(name)


def _import_part_of_each_folder(package: str, part: str) -> None:
    """Import the module or package `part` of each folder of a package; of a package, all its modules."""
    for folder in _modules(package):
        name = f"{folder}.{part}"
        spec = find_spec(name) if _is_package(folder) else None
        if spec is None:
            continue
        importlib.import_module(name)
        if spec.submodule_search_locations is not None:
            _import_modules(name)


def _modules(package: str) -> Iterator[str]:
    path = importlib.import_module(package).__path__
    return (f"{package}.{module.name}" for module in pkgutil.iter_modules(path))


def _is_package(name: str) -> bool:
    spec = find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None
