"""The one exception a user's mistake may raise, and the hint that usually mends it."""

from collections.abc import Iterable
from difflib import get_close_matches


class AskewError(Exception):
    """A mistake of the user's, worded for the user: what is wrong, where, and what to do.

    The command line prints it without a traceback and exits with code 2. Anything else that escapes is a bug.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> AskewError:
    """Word the error for a name that does not exist, offering the nearest ones that do.

    Args:
        kind: What the name should have named, in the singular ("arm", "probe").
        name: What was given.
        known: Every name that would have been right.
    """
    choices = sorted(known)
    near = get_close_matches(name, choices, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There is: {', '.join(choices) or 'none'}."
    return AskewError(f"unknown {kind} {name!r}. {hint}")
