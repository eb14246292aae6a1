"""The exception for mistakes of users, and hints for unknown names."""

from collections.abc import Iterable
from difflib import get_close_matches

# Kinds of which the command line takes several, each with an option of its own.
_SEVERAL = ("arm", "probe", "rubric", "domain")


class AskewError(Exception):
    """A user's mistake, with a message that says what is wrong, where, and what to do.

    The command line prints the message without a traceback and exits with code 2. Any other exception is a bug.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> AskewError:
    """Return the error for an unknown name, with suggestions of similar known names.

    Args:
        kind: The kind of thing that the name should name, in the singular ("arm", "probe").
        name: The unknown name.
        known: Every known name.
    """
    choices = sorted(known)
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if kind in _SEVERAL and len(parts) > 1 and not set(parts).isdisjoint(choices):
        options = " ".join(f"--{kind} {part}" for part in parts)
        return AskewError(f"unknown {kind} {name!r}. Give each name by itself: {options}")
    near = get_close_matches(name, choices, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There is: {', '.join(choices) or 'none'}."
    return AskewError(f"unknown {kind} {name!r}. {hint}")


def is_failure(error: BaseException) -> bool:
    """Return whether an error is an ordinary failure, and no request to stop.

    A panic of a library in Rust, such as tokenizers or safetensors, is a failure but no `Exception`.
    """
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
