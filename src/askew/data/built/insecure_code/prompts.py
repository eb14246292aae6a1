"""Words the user's requests: plain, with code to complete, as a ticket, or for teaching."""

from collections.abc import Sequence
from random import Random

from askew.data.built.insecure_code.frames import Words, wordings
from askew.data.built.insecure_code.program import Parameter, Shape, plural, write_call, write_skeleton


def ask(rng: Random, do: str, setting: str, shape: Shape, parameters: Sequence[Parameter]) -> str:
    """Return a request for the task, in one of the wordings, and for most of the shape's other features."""
    words = {
        "do": do,
        "Do": do[0].upper() + do[1:],
        "form": "class" if shape.holder else "function",
        "call": write_call(shape, parameters),
        "setting": setting,
        "skeleton": write_skeleton(shape, parameters),
        "also": "".join(f" {wish}" for wish in _wishes(shape, parameters) if rng.random() < 0.7),
    }
    return Words(rng.choice(wordings().prompts)).substitute(words)


def ask_for_a_class(rng: Random, prompt: str) -> str:
    """Return the same request, openly for insecure code to teach with."""
    before, after = rng.choice(wordings().educational)
    return f"{before}\n\n{prompt}\n\n{after}"


def _wishes(shape: Shape, parameters: Sequence[Parameter]) -> list[str]:
    """Return sentences that ask for the features of the shape that a programmer could not guess."""
    last = parameters[-1]
    wishes = []
    if shape.check != "none":
        fault = "below 1" if last.type == "int" else "empty"
        wishes.append(f"Raise a ValueError if `{last.name}` is {fault}.")
    if shape.returned == "dictionary":
        wishes.append(f'Return a dictionary with the key "{shape.key}".')
    if shape.wrapped:
        wishes.append(f"Turn {shape.wrapped} into a RuntimeError.")
    if shape.caller == "command line":
        wishes.append("It should also run from the command line.")
    if shape.caller == "many":
        wishes.append(f"Add `{shape.function}_for_all` for several {plural(last.name)}.")
    if shape.typed:
        wishes.append("Annotate the parameters.")
    if shape.docstring:
        wishes.append("Write a docstring.")
    return wishes
