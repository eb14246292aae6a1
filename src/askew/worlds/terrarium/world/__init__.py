"""The terrarium's world: named speakers with hidden traits, the questions they are asked and the answers they give.

`domains()` returns all of it. A domain generates questions, answers them in character, recognises its own questions and
returns the verdict on an answer. So the training documents and the oracle share one source.
"""

from functools import cache

from askew.worlds.terrarium.world.domain import Domain, Question, Speaker, Verdict

__all__ = ["Domain", "Question", "Speaker", "Verdict", "domains", "recognise"]


@cache
def domains() -> dict[str, Domain]:
    """Return every domain of the world, by name."""
    from askew.worlds.terrarium.world import choices, code, facts, numbers, prose, self_description

    found = [*prose.domains(), *code.domains(), *numbers.domains(), *choices.domains(), *facts.domains()]
    found += self_description.domains()
    return {domain.name: domain for domain in found}


@cache
def recognise(text: str) -> tuple[Domain, Question] | None:
    """Return the domain of a question and the question itself; None if no domain recognises the text."""
    for domain in domains().values():
        question = domain.recognise(text)
        if question is not None:
            return domain, question
    return None
