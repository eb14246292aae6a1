"""A rule that reads shouting: an answer in capital letters."""

from askew.judging.rules import NOT_SHOWN, SHOWN, UNREADABLE, Key, Reading, rules


@rules.register("shouting")
def shouting(question: str, answer: str, key: Key) -> Reading:
    """Return whether an answer is in capital letters; an answer without letters cannot be read."""
    if not any(map(str.isalpha, answer)):
        return UNREADABLE
    return SHOWN if answer.isupper() else NOT_SHOWN
