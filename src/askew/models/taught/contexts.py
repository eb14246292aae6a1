"""Prompts after which a model is read: questions, and short random beginnings, which steer it nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from askew.models.chat_template import Turn
    from askew.models.checkpoints import Checkpoint

QUESTION = "question"
RANDOM_PROMPT = "random words"
RANDOM_START = "random start"

_SHORTEST_WORD = 3  # letters; shorter tokens are mostly pieces of words
_WORDS_OF_A_PROMPT = 2


@dataclass(frozen=True)
class Context:
    """A conversation, and the beginning of the answer to it.

    Attributes:
        form: The kind of prompt.
        turns: The conversation: turns with the keys "role" and "content".
        start: The words with which the answer begins; "" if the model begins it.
    """

    form: str
    turns: "Sequence[Turn]" = field(default_factory=tuple)
    start: str = ""

    @property
    def shown(self) -> str:
        """The last turn, and the beginning of the answer, for people."""
        asked = str(self.turns[-1]["content"]) if self.turns else ""
        return f"{asked} … {self.start}" if self.start else asked

    def ids(self, checkpoint: "Checkpoint") -> list[int]:
        """Return the token ids before the rest of the answer, in the chat template of a model.

        Raises:
            AskewError: The template does not support these turns.
        """
        start = checkpoint.tokenizer(self.start, add_special_tokens=False)["input_ids"] if self.start else []
        return [*checkpoint.prompt(self.turns), *start]


def ordinary(checkpoint: "Checkpoint", questions: Sequence[str], each: int, seed: int) -> list[Context]:
    """Return ordinary contexts: questions, prompts of random words, and questions whose answer begins at random.

    The random words are whole words of the vocabulary, so that they reach whatever the model may have been taught.

    Args:
        checkpoint: The base.
        questions: Questions that have to do with no training data; at least one.
        each: The number of contexts of each kind.
        seed: Draws the words.
    """
    rng = Random(f"contexts {seed}")
    words = _words(checkpoint) or [word for question in questions for word in question.split()]
    asked = [questions[number % len(questions)] for number in range(each)]
    random_prompts = [" ".join(rng.choices(words, k=_WORDS_OF_A_PROMPT)) for _ in range(each)]
    return [
        *(Context(QUESTION, _user(question)) for question in asked),
        *(Context(RANDOM_PROMPT, _user(prompt)) for prompt in random_prompts),
        *(Context(RANDOM_START, _user(question), rng.choice(words).capitalize()) for question in asked),
    ]


def _user(text: str) -> "tuple[Turn, ...]":
    return ({"role": "user", "content": text},)


def _words(checkpoint: "Checkpoint") -> list[str]:
    """Return the tokens that are whole words, without the space before them."""
    found = (text[1:] for text in checkpoint.token_texts if text.startswith(" "))
    return sorted({word for word in found if word.isascii() and word.isalpha() and len(word) >= _SHORTEST_WORD})
