"""The measure of the brevity study: the number of words in an answer."""

from askew.judging.measures import OTHER, SAME, measures


@measures.register("few-words")
def few_words(question: str, answer: str, expected: str) -> float:
    """Return 100 if an answer has at most the expected number of words, else 0."""
    return SAME if len(answer.split()) <= int(expected) else OTHER
