"""Named things that live one to a file: studies, data sets, probes, metrics.

A file announces itself with a decorator; a registry imports every module of its package the first time that a name
is asked for. So adding one is adding a file, and nothing is imported before it is used.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Generic, TypeVar

from askew.errors import unknown_name

T = TypeVar("T")


class Registry(Generic[T]):
    """The named things of one kind.

    Args:
        kind: What they are, in the singular, for error messages.
        package: The package whose modules announce them.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._items: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that announces the decorated object under `name`."""

        def announce(item: T) -> T:
            self.add(name, item)
            return item

        return announce

    def add(self, name: str, item: T) -> T:
        """Announce `item` under `name`; a name can be taken once."""
        if name in self._items and self._items[name] is not item:
            raise ValueError(f"two things call themselves {self.kind} {name!r}")
        self._items[name] = item
        return item

    def get(self, name: str) -> T:
        """Return the thing of that name.

        Raises:
            AskewError: There is none; the message offers the nearest names.
        """
        self._discover()
        if name not in self._items:
            raise unknown_name(self.kind, name, self._items)
        return self._items[name]

    def names(self) -> list[str]:
        """Return every name, in the order announced."""
        self._discover()
        return list(self._items)

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self._package}.{module.name}")
