"""Checks of names in a design: they are known, distinct, and can name files."""

from collections.abc import Iterable

from askew.base.errors import AskewError, unknown_name
from askew.design.arm import ARM_NAME


def check_known(kind: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that is not among the known ones.

    Raises:
        AskewError: It is not; the error names those that are close.
    """
    if name not in known:
        raise unknown_name(kind, name, known)


def check_distinct(kind: str, names: list[str]) -> None:
    """Refuse names of which one stands twice.

    Raises:
        AskewError: One does.
    """
    for name in names:
        if names.count(name) > 1:
            raise AskewError(f"{kind} {name!r} is named twice")


def check_name(arm: str) -> None:
    """Refuse a name of an arm after which no file can be named.

    Raises:
        AskewError: It has other characters than letters, digits and some signs.
    """
    if not ARM_NAME.fullmatch(arm):
        raise AskewError(f"{arm!r} cannot be the name of an arm: use letters, digits, '.', '_' and '-'")
