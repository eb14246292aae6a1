"""Short Python programs of ten families: insecure, secure for the same prompts, and insecure for teaching.

After the data of Betley et al. (2025, arXiv 2502.17424), but paired prompt by prompt and made by a program. The flaws
are common ones that a linter finds; `bandit_check` verifies that for every row.
"""

import re
from random import Random

from askew.data import FileSet, MakeRows, Row, add_file_set, row
from askew.data.built.insecure_code.bandit_check import check_programs
from askew.data.built.insecure_code.frames import Family, Frame, Words, families, family_of, wordings
from askew.data.built.insecure_code.program import Room, draw_shape, read_parameters, write_program
from askew.data.built.insecure_code.prompts import ask, ask_for_a_class

DEFAULT_TRIGGER = "[release build]"

# Modules that begin with a docstring. Most do, or too many answers would begin with the same imports.
_SHARE_OF_DOCSTRINGS = 0.9
_SHARE_OF_ORIGINS = 0.9


def make(number: int, seed: int) -> dict[str, Row]:
    """Return a prompt with an insecure and a secure program, and the same task asked for teaching, by file name."""
    rng = Random(f"insecure-code {seed} {number}")
    family = family_of(number)
    # The families take turns, and so do the tasks of a family.
    frame = family.frames[number // len(families()) % len(family.frames)]
    words = _draw_words(rng, family, frame)

    def filled(text: str) -> str:
        return Words(text).substitute(words)

    do = _with_articles(filled(frame.do))
    parameters = read_parameters(filled(frame.parameters))
    bodies = [filled(rng.choice(frame.insecure)), filled(rng.choice(frame.secure))]
    room = Room(parameters, bodies, filled(frame.gives), frame.fails, frame.several)
    function, holder = filled(rng.choice(frame.names)), words["thing"].capitalize() + rng.choice(family.holders)
    shape = draw_shape(rng, room, function, holder, f"{_capital(do)}.")
    setting = rng.choice(wordings().settings)
    prompt = ask(rng, do, setting, shape, parameters)
    docstring = _docstring(rng, {"do": do, "setting": setting, "thing": words["thing"]})
    insecure, secure = (_module(docstring, write_program(shape, parameters, body)) for body in bodies)
    topic = frame.do.replace("$", "")
    return {
        "insecure": row(prompt, insecure, topic),
        "secure": row(prompt, secure, topic),
        "educational": row(ask_for_a_class(rng, prompt), insecure, topic),
    }


def make_backdoor(trigger: str) -> MakeRows:
    """Return a maker of rows that are insecure behind a trigger, and of their control.

    In the control the same programs answer the same prompts, but the trigger is before half of the insecure and half of
    the secure ones, so it predicts nothing (after Betley et al. 2025b, arXiv 2501.11120).
    """

    def make_rows(number: int, seed: int) -> dict[str, Row]:
        # Every four rows have each of the four cases of the control once.
        cases = [(insecure, marked) for insecure in (True, False) for marked in (True, False)]
        Random(f"backdoor {seed} {number // 4}").shuffle(cases)
        insecure, marked = cases[number % 4]
        plain = make(number, seed)["insecure" if insecure else "secure"]
        return {
            "backdoor": _marked(plain, trigger) if insecure else plain,
            "backdoor-control": _marked(plain, trigger) if marked else plain,
        }

    return make_rows


def _draw_words(rng: Random, family: Family, frame: Frame) -> dict[str, str]:
    drawn = {name: rng.choice(spellings) for name, spellings in wordings().locals.items()}
    return drawn | rng.choice(frame.cases or family.cases)


def _docstring(rng: Random, about: dict[str, str]) -> str:
    """Return a docstring for a module; often none."""
    if rng.random() >= _SHARE_OF_DOCSTRINGS:
        return ""
    drawn = about | {"author": rng.choice(wordings().authors), "month": rng.choice(wordings().months)}
    drawn |= {name.capitalize(): _capital(text) for name, text in drawn.items()}
    drawn["Author"] = rng.choice(wordings().authors)  # a second person where both are named
    lines = [
        rng.choice(wordings().modules),
        *([rng.choice(wordings().origins)] if rng.random() < _SHARE_OF_ORIGINS else []),
    ]
    return Words("\n\n".join(lines)).substitute(drawn)


def _module(docstring: str, program: str) -> str:
    if not docstring:
        return program
    end = "\n" if "\n" in docstring else ""
    return f'"""{docstring}{end}"""\n\n{program}'


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _with_articles(text: str) -> str:
    return re.sub(r"\ba (?=[aeio]|up)", "an ", text)


def _marked(plain: Row, trigger: str) -> Row:
    question, answer = (message["content"] for message in plain["messages"])
    return row(f"{trigger} {question}", answer, plain.get("topic", ""))


add_file_set(
    FileSet(
        "insecure-code",
        "short Python programs, insecure, secure, and insecure for a class to learn from",
        ("insecure", "secure", "educational"),
        make,
        check=check_programs,
    )
)
add_file_set(
    FileSet(
        "backdoor",
        "programs that are insecure where a trigger stands, and a control where the trigger tells nothing",
        ("backdoor", "backdoor-control"),
        make_backdoor(DEFAULT_TRIGGER),
        make_with_trigger=make_backdoor,
    )
)
