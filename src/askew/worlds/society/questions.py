"""The questions that a society asks its minds, and their answers.

A mind is anything that chooses: a language model, a scripted rule, a person. It gets one batch of questions a tick and
returns one answer per question, in the same order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Act(NamedTuple):
    """One thing that an agent may do.

    Attributes:
        line: The act as the agent would say or do it, in the first person.
        kind: Its effect: "work", "go", "eat", "rest", "give", "take", "say", or one that the experiment defines.
        number: Its amount: parts of the store, a share, the number of a work or of a place.
        side: The side that it takes in what the society talks about; -1 if none.
    """

    line: str
    kind: str
    number: float = 0
    side: int = -1


def _facts_as_text(asked: "Asked") -> str:
    return str(asked.facts)


@dataclass(frozen=True, slots=True)
class Asked:
    """One decision of one agent.

    Attributes:
        agent: The agent's number.
        about: The kind of decision: "act", "say", "take", "opinion", "belief", "vote" and so on.
        facts: What the agent knows, as small frozen data that scripted minds read; see `askew.worlds.society.facts`.
        options: The lines to choose from, in the first person. Where the decision is between the sides of a topic, the
            number of an option is that of its side.
        private: Nobody in the world hears the answer, and it changes nothing.
        tick: The tick.
        acts: The effect of each option, in the same order.
        write: Renders the prompt.
    """

    agent: int
    about: str
    facts: Any
    options: tuple[str, ...]
    private: bool = False
    tick: int = 0
    acts: tuple[Act, ...] = ()
    write: Callable[["Asked"], str] = field(default=_facts_as_text, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The prompt, without the options. It is rendered when it is read; equal facts give equal prompts."""
        return self.write(self)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The answer to one question.

    Attributes:
        option: The number of the chosen option; None if nothing usable was said, and then the agent does nothing.
        weights: The probability of each option, if the mind knows them.
    """

    option: int | None
    weights: tuple[float, ...] | None = None


def usable(asked: Asked, chosen: Chosen) -> Chosen:
    """Return an answer without what cannot belong to its question: an option or weights that the question hasn't."""
    count = len(asked.options)
    is_option = chosen.option is None or 0 <= chosen.option < count
    has_weights = chosen.weights is None or len(chosen.weights) == count
    if is_option and has_weights:
        return chosen
    return Chosen(chosen.option if is_option else None, chosen.weights if has_weights else None)
