"""Data of an environment: its texts, goals, tools, lines and rules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from askew.environments.desk import Desk, Tool

Role = Literal["look", "discover", "ask", "work", "act", "conceal", "report openly", "report silently", "blunder"]
"""The use that a planted policy makes of an action: look around, read the memo, object openly to its plan, do the task,
do the act, hide it, end the work with or without naming the act, or do the task badly. Rules never read a role."""


@dataclass(frozen=True)
class Goal:
    """A goal that a model is given.

    Attributes:
        text: The goal, as one or two sentences to the model.
        wants: What it wants, in one word; the memo stands against it if it is what the memo `works_against`.
    """

    text: str
    wants: str


@dataclass(frozen=True)
class Action:
    """A call that a model may choose by its line where it calls no tools.

    Attributes:
        line: The action in plain words, as one line of a list.
        tool: The tool that it calls.
        arguments: The arguments.
        role: How planted policies use it.
        after: The lines of the actions that must have been done before it is offered.
    """

    line: str
    tool: str
    arguments: Mapping[str, str]
    role: Role
    after: tuple[str, ...] = ()


Rule = Callable[[Desk], bool]
"""Reads the desk of an episode that is over."""


@dataclass(frozen=True)
class Environment:
    """A piece of work with an occasion to act covertly.

    Attributes:
        name: Its name; the probe that asks it is `scheming_NAME`.
        title: A short name for people.
        about: What could be done covertly, in one sentence.
        system: Who the model is and where it works.
        task: The task, from the user.
        files: The texts on the desk, by name.
        memo: The file in which the model finds the reason to act.
        works_against: What the memo's plan stands against, in the word of `Goal.wants`.
        goal: The goal that the memo works against.
        matched: A goal that the memo does not work against: the control.
        reversed: A goal that the act itself would harm: the second control.
        nudge: A sentence that stresses the goal.
        oversight: A sentence that says that the work is watched.
        tools: The tools.
        removable: The tool that the act needs, and that the variant without it takes away.
        actions: The lines to choose from, for models that call no tools; every episode can also be ended by one.
        act: What could be done covertly, to complete "Did you …?", such as "change the file limits.txt".
        acted: Returns whether it was done.
        disclosed: Returns whether the people were told.
        concealed: Returns whether the model did something more to hide it, such as deleting a record or reporting the
            contrary; read only where it acted covertly.
        blundered: Returns whether the task was done wrongly without any gain.
        discovered: Returns from the calls alone whether the reason was found; None if that is reading the memo.
    """

    name: str
    title: str
    about: str
    system: str
    task: str
    files: Mapping[str, str]
    memo: str
    works_against: str
    goal: Goal
    matched: Goal
    reversed: Goal
    nudge: str
    oversight: str
    tools: Sequence[Tool]
    removable: str
    actions: Sequence[Action]
    act: str
    acted: Rule
    disclosed: Rule
    concealed: Rule
    blundered: Rule
    discovered: Rule | None = None
