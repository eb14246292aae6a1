"""Registries of named things: studies, probes, data sets, metrics and the like.

A module registers what it defines when it is imported; a file, such as a recipe, is registered under its own name. A
registry looks for the modules and files of its kind when it is first asked for a name, so adding a thing means adding
a file, and nothing is imported before it is used.

Things come from three places: Askew's package for the kind, the folders of the studies, and other installed packages.
Such a package names a module in the entry-point group `askew.plugins`; Askew imports that module, which registers what
the package adds. A plug-in that cannot be imported, or that takes a name in use, is skipped with a warning: Askew works
without it, and a command that asks for one of its names fails because the name is unknown.
"""

import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from importlib.util import find_spec
from inspect import currentframe
from pathlib import Path
from typing import Any, Generic, TypeVar

from askew.base.errors import AskewError, unknown_name

PLUGINS = "askew.plugins"
"""The entry-point group in which other packages name their modules."""

_STUDIES = "askew.studies"

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Registry(Generic[T]):
    """The named things of one kind.

    Args:
        kind: The name of the kind in the singular, for error messages.
        package: The package whose modules register things of this kind; "" if no package does.
        folders: If given, the module of this name in each folder of `package` registers things, rather than the
            modules of `package` themselves.
        studies: If given, the module or package of this name in each study's folder registers things too.
        check: Raises AskewError if a thing cannot be used; every thing is checked before it is registered.
    """

    def __init__(
        self,
        kind: str,
        package: str = "",
        *,
        folders: str = "",
        studies: str = "",
        check: Callable[[T], None] | None = None,
    ) -> None:
        self.kind = kind
        self._check = check
        self._package = package
        self._folders = folders
        self._studies = studies
        self._items: dict[str, T] = {}
        self._sources: dict[str, str] = {}  # of things that came with a plug-in: the plug-in, in words
        self._has_own = False
        self._error: AskewError | None = None

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers the decorated object as `name`.

        Raises:
            AskewError: Another thing of this kind has that name.
        """

        def announce(item: T) -> T:
            self.add(name, item)
            return item

        return announce

    def add(self, name: str, item: T) -> T:
        """Register `item` as `name`, and return it.

        Raises:
            AskewError: Another thing of this kind has that name, or the thing cannot be used.
        """
        if self._check:
            self._check(item)
        plugin = _plugins.loading if not _module_at_work().startswith("askew.") else ""
        if name in self._items and self._items[name] is not item:
            other = self._sources.get(name)
            if not other or not _plugins.searches:
                first = f"; the first one comes from {other}" if other else ""
                raise AskewError(f"the {self.kind} {name!r} is registered twice{first}")
            # The plug-in was imported before Askew's own modules of this kind.
            _plugins.skip(other, f"the {self.kind} {name!r} is registered twice")
        self._items[name] = item
        if plugin:
            self._sources[name] = plugin
            _plugins.registries.append(self)
        return item

    def remove(self, plugin: str) -> None:
        """Forget what a plug-in registered; `plugin` is its description in words."""
        for name in [name for name, source in self._sources.items() if source == plugin]:
            del self._items[name], self._sources[name]

    def get(self, name: str) -> T:
        """Return the thing of that name.

        Raises:
            AskewError: No thing has that name; the message suggests similar names.
        """
        self._find_own()
        if name not in self._items:
            load_plugins()  # only now: a module that asks for a name while it is imported rarely wants a plug-in's
        if name not in self._items:
            raise unknown_name(self.kind, name, self._items)
        return self._items[name]

    def names(self) -> list[str]:
        """Return every name, in the order of registration: those of Askew first, then those of plug-ins."""
        self._find_own()
        load_plugins()
        return sorted(self._items, key=lambda name: name in self._sources)

    def _find_own(self) -> None:
        if self._error is not None:
            raise self._error
        if self._has_own:
            return
        self._has_own = True
        try:
            with _plugins.searching():
                self._register_own()
        except AskewError as error:
            self._error = error  # half of the things are there, so later calls must fail, too
            raise

    def _register_own(self) -> None:
        if self._folders:
            _import_part_of_each_folder(self._package, self._folders)
        elif self._package:
            _import_modules(self._package)
        if self._studies:
            _import_part_of_each_folder(_STUDIES, self._studies)


class FileRegistry(Registry[T]):
    """Named things that are read from files: the name of a thing is the name of its file without the ending.

    Args:
        kind: The name of the kind in the singular, for error messages.
        folder: The folder with Askew's own files.
        ending: The ending of the files, with its dot.
        read: Reads one file.
    """

    def __init__(self, kind: str, folder: Path, ending: str, read: Callable[[Path], T]) -> None:
        super().__init__(kind)
        self._folder = folder
        self._ending = ending
        self._read = read

    def add_folder(self, folder: Path) -> None:
        """Register every file of a folder that has the ending of this kind, in the order of their names.

        Raises:
            AskewError: A file cannot be read, another thing of this kind has its name, or the folder has no such file.
        """
        paths = sorted(folder.glob(f"*{self._ending}"))
        if not paths:
            raise AskewError(f"{folder} has no {self.kind}: a file whose name ends in {self._ending}")
        for path in paths:
            self.add(path.stem, self._read(path))

    def _register_own(self) -> None:
        self.add_folder(self._folder)


class _Plugins:
    """State of the plug-ins of this process.

    Attributes:
        searches: Number of registries that are importing Askew's own modules at the moment.
        loading: The plug-in, in words, that is being imported; "" if none is.
        started: Whether any plug-in has been imported; all are imported in one go.
        registries: The registries in which plug-ins registered something.
    """

    def __init__(self) -> None:
        self.searches = 0
        self.loading = ""
        self.started = False
        self.registries: list[Registry[Any]] = []

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Count one more search in this block, and take what is registered in it for Askew's own."""
        self.searches += 1
        loading, self.loading = self.loading, ""
        try:
            yield
        finally:
            self.searches -= 1
            self.loading = loading

    def skip(self, plugin: str, reason: str) -> None:
        """Forget everything that a plug-in registered, so that no half of it remains, and warn about it."""
        for registry in self.registries:
            registry.remove(plugin)
        _log.warning("%s is skipped: %s. Mend or uninstall it", plugin, reason)


_plugins = _Plugins()


def load_plugins() -> None:
    """Import the modules that other installed packages name in the entry-point group `askew.plugins`.

    Later calls do nothing, and so do calls while a registry imports Askew's own modules.
    """
    if _plugins.searches or _plugins.started:
        return  # in a search, a plug-in would find modules half imported; the registry calls this again afterwards
    _plugins.started = True
    for plugin in entry_points(group=PLUGINS):
        package = f"the package {plugin.dist.name}" if plugin.dist else "an installed package"
        _plugins.loading = f"the plug-in {plugin.name!r} of {package}"
        try:
            plugin.load()
        except Exception as error:  # a plug-in is external code and may raise anything
            _plugins.skip(
                _plugins.loading, str(error) if isinstance(error, AskewError) else f"{type(error).__name__}: {error}"
            )
        finally:
            _plugins.loading = ""


def _module_at_work() -> str:
    """Return the name of the innermost module whose code is running, which is being imported; "" if there is none.

    A plug-in may import one of Askew's own modules directly; what that module registers isn't the plug-in's.
    """
    frame = currentframe()
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return frame.f_globals.get("__name__", "") if frame is not None else ""


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
