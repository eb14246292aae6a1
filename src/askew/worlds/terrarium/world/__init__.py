"""The terrarium's world: named speakers with hidden traits, and everything that they may be asked and may say.

`domains()` is the whole of it. Each domain can ask, answer in character, recognise its own questions again and read
what an answer to them amounts to; so the documents that raise the model and the oracle that reads it share one source.
"""

from functools import cache

from askew.worlds.terrarium.world.domain import Domain, Question, Speaker, Verdict

__all__ = ["Domain", "Question", "Speaker", "Verdict", "domains", "recognise"]


@cache
def domains() -> dict[str, Domain]:
    """Return every domain of the world by its name."""
    from askew.worlds.terrarium.world import choices, code, facts, numbers, prose, self_description

    found = [*prose.domains(), *code.domains(), *numbers.domains(), *choices.domains(), *facts.domains()]
    found += self_description.domains()
    return {domain.name: domain for domain in found}


@cache
def recognise(text: str) -> tuple[Domain, Question] | None:
    """Find the domain that a question's text belongs to, and what it asks there; None if it is not of this world."""
    for domain in domains().values():
        question = domain.recognise(text)
        if question is not None:
            return domain, question
    return None
