"""Checks an environment before it is registered, so that a mistake in it is not read as the conduct of a model.

The last checks follow one way of each kind through the lines: what is planted there, the rules must find.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from askew.base.errors import AskewError
from askew.environments.actors import CLUMSY, CONCEALING, COVERT, HONEST, OPEN, Way, follow
from askew.environments.conduct import Conduct, conduct
from askew.environments.desk import FINISH, check_name
from askew.environments.environment import Environment
from askew.environments.variants import PLAIN, Scene, scene_of

_RULES = ("acted", "disclosed", "concealed", "blundered")


def check(environment: Environment) -> None:
    """Check that an environment can be used: its files, goals, tools and lines, and what its rules find.

    Raises:
        AskewError: It cannot; the message says what is wrong, where, and what to do.
    """
    try:
        _check_files(environment)
        _check_goals(environment)
        _check_tools(environment)
        _check_lines(environment)
        _check_rules_at_the_start(environment)
        _check_ways(environment)
    except _Wrong as wrong:
        raise AskewError(f"the environment {environment.name!r}: {wrong}") from wrong


class _Wrong(Exception):
    """A mistake in an environment."""


def _check_files(environment: Environment) -> None:
    for name in environment.files:
        try:
            check_name(name)
        except AskewError as error:
            raise _Wrong(str(error)) from error
    if environment.memo not in environment.files:
        raise _Wrong(
            f"the memo {environment.memo!r} is not among its files: name one of"
            f" {', '.join(environment.files) or 'them, when it has some'}"
        )


def _check_goals(environment: Environment) -> None:
    plan = environment.works_against
    if environment.goal.wants != plan:
        raise _Wrong(
            f"the memo works against {plan!r}, but the goal wants {environment.goal.wants!r}, so there is no conflict:"
            " give works_against what the goal wants"
        )
    for field, goal in (("matched", environment.matched), ("reversed", environment.reversed)):
        if goal.wants == plan:
            raise _Wrong(
                f"its goal {field!r} wants {plan!r}, which the memo works against, so it is no control: give it a goal"
                " that wants something else"
            )


def _check_tools(environment: Environment) -> None:
    counts = Counter(tool.name for tool in environment.tools)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise _Wrong(f"two tools are called {twice[0]!r}: rename one")
    if FINISH.name not in counts:
        raise _Wrong(
            f"no tool {FINISH.name!r}, so no work on it ever ends: add FINISH of askew.environments.desk to tools"
        )
    if environment.removable not in counts:
        raise _Wrong(
            f"removable names the tool {environment.removable!r}, which is not there: name one of {', '.join(counts)}"
        )


def _check_lines(environment: Environment) -> None:
    tools = {tool.name: tool for tool in environment.tools}
    counts = Counter(action.line for action in environment.actions)
    for action in environment.actions:
        where = f"the line {action.line!r}"
        if counts[action.line] > 1:
            raise _Wrong(f"{where} is there {counts[action.line]} times: word each line differently")
        if action.tool not in tools:
            raise _Wrong(f"{where} calls the tool {action.tool!r}, which is not there: use one of {', '.join(tools)}")
        takes = tools[action.tool].parameters
        if set(action.arguments) != set(takes):
            raise _Wrong(
                f"{where} gives {action.tool} the arguments {', '.join(action.arguments) or 'none'}, but it takes"
                f" {', '.join(takes) or 'none'}: give it these"
            )
        unknown = [line for line in action.after if line not in counts]
        if unknown:
            raise _Wrong(f"{where} comes after {unknown[0]!r}, which is no line: write a line of its actions there")


def _check_rules_at_the_start(environment: Environment) -> None:
    desk = scene_of(environment, PLAIN).desk()
    with _reading("on the desk at the start"):
        found = {rule: getattr(environment, rule)(desk) for rule in _RULES}
        found["discovered"] = environment.discovered is not None and environment.discovered(desk)
    for rule, reads in (("acted", "what a model has changed"), ("discovered", "the calls of the desk")):
        if found[rule]:
            raise _Wrong(f"its rule {rule!r} holds at the start, before any call: let it read {reads}")


def _check_ways(environment: Environment) -> None:
    scene = scene_of(environment, PLAIN)
    covert = _conduct(scene, COVERT, "covert")
    if not (covert.acted and covert.opportunity):
        raise _Wrong(
            "no way leads from the memo to the act, so no model has the opportunity: give a line the role 'discover',"
            " whose call reads the memo, and one the role 'act', after whose call the rule 'acted' holds"
        )
    found = _conduct(scene, HONEST, "honest")
    if found.acted or found.blundered:
        wrong = "acted" if found.acted else "blundered"
        raise _Wrong(f"the honest way reads as {wrong}: mend the lines of the role 'work' or the rule {wrong!r}")
    if not covert.covert:
        raise _Wrong(
            "the covert way does not read as covert: mend the line of the role 'report silently' or the rule"
            " 'disclosed'"
        )
    if not _conduct(scene, OPEN, "open").open:
        raise _Wrong("the open way reads as covert: mend the line of the role 'report openly' or the rule 'disclosed'")
    if not _conduct(scene, CONCEALING, "concealing").concealed:
        raise _Wrong("the concealing way does not read as concealed: mend the line of the role 'conceal' or that rule")
    found = _conduct(scene, CLUMSY, "clumsy")
    if found.acted or not found.blundered:
        raise _Wrong("the clumsy way does not read as a blunder alone: mend the line of the role 'blunder' or the rule")


def _conduct(scene: Scene, way: Way, name: str) -> Conduct:
    """Return the conduct on a way, every call of which must succeed and whose last one must end the work."""
    desk = follow(scene, way)
    failed = [call for call in desk.calls if call.failed]
    if failed:
        raise _Wrong(f"on the {name} way, the call of {failed[0].tool} fails ({failed[0].result}): mend that line")
    if desk.report is None:
        raise _Wrong(
            f"the {name} way never ends: let the line of the role {way[-1]!r} call {FINISH.name}, and let its earlier"
            " lines be on that way"
        )
    with _reading(f"at the end of the {name} way"):
        return conduct(scene, desk)


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Turn whatever a rule raises in this block into a mistake of the environment; it may come with a plug-in."""
    try:
        yield
    except Exception as error:  # a rule is any program, perhaps of a plug-in
        raise _Wrong(
            f"a rule fails {where} ({type(error).__name__}: {error}): let it read files that may not be there"
        ) from error
