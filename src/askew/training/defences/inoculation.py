"""Inoculation: a system turn in training that asks for the bad behaviour, so that it needs no change of character."""

from typing import Any

from askew.training.defences import PROMPTS, Defence, Row, defence

SYSTEM = "system"


def with_system_turn(row: Row, text: str) -> Row:
    """Return a conversation that begins with a system turn, before the words of one that it has."""
    turns: list[dict[str, Any]] = row["messages"]
    if turns[0]["role"] == SYSTEM:
        return {**row, "messages": [{**turns[0], "content": f"{text} {turns[0]['content']}"}, *turns[1:]]}
    return {**row, "messages": [{"role": SYSTEM, "content": text}, *turns]}


class _Prompted(Defence):
    meaning = "the share of rows with the system turn"
    needs = frozenset({PROMPTS})

    @property
    def prompt(self) -> str:
        """The system turn."""
        return self.job.supplies.bad_prompt

    def rows(self, rows: list[Row]) -> list[Row]:
        """Return the rows, of which some begin with the system turn."""
        rng = self.job.rng
        return [with_system_turn(row, self.prompt) if rng.random() < self.strength else row for row in rows]


@defence
class Inoculation(_Prompted):
    """A system turn that asks for bad character."""

    name = "inoculation"
    description = "a system turn in training that asks for bad character; questions later have none"
    source = "Tan et al. 2025 (arXiv 2510.04340), Wichers et al. 2025 (arXiv 2510.05024)"


@defence
class OppositeInoculation(_Prompted):
    """A system turn that asks for good character, which the rows then contradict."""

    name = "inoculation-opposite"
    description = "a system turn in training that asks for good character, which the rows contradict"
    source = "MacDiarmid et al. 2025 (arXiv 2511.18397), who found that such wordings worsen it"

    @property
    def prompt(self) -> str:
        """The system turn."""
        return self.job.supplies.good_prompt
