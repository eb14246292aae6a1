"""Finds the tokens of a rendered conversation that are learnt: the answers of the assistant's turns, with their ends.

The last answer begins where the rendered question ends. The same holds for earlier answers, which end with the text
that the chat template writes after an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from askew.base.errors import AskewError
from askew.models.answer_tokens import common_prefix, common_start, token_ids, tokens_before
from askew.models.chat_template import fault, for_template, render

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Turns = list[dict[str, Any]]

# Two answers that begin and end differently; they occur in no template.
_ANSWERS = ("7f3a91", "58e0b2")


@dataclass(frozen=True)
class Span:
    """The tokens of one answer, from `start` up to and without `end`."""

    start: int
    end: int


def spans(
    tokenizer: "PreTrainedTokenizerBase", conversations: Sequence[Turns], learnt: Sequence[Sequence[int]]
) -> tuple[list[list[int]], list[list[Span]]]:
    """Return the token ids of conversations, and the spans of their answers that are learnt.

    Args:
        tokenizer: The model's tokenizer.
        conversations: The conversations.
        learnt: For each, the places of the turns that are learnt, in their order.

    Raises:
        AskewError: The template does not accept a conversation, or the tokens of an answer cannot be told apart from
            those of other turns.
    """
    texts = _texts(tokenizer, conversations)
    whole = token_ids(tokenizer, texts)
    answers = [(row, turn) for row, turns in enumerate(learnt) for turn in turns]
    # A turn before any question has no prompt; its answer is searched for in the text.
    asked = [pair for pair in answers if any(one["role"] == "user" for one in conversations[pair[0]][: pair[1]])]
    questions = [conversations[row][:turn] for row, turn in asked]
    numbers = [row + 1 for row, _ in asked]
    prompts = dict(zip(asked, _texts(tokenizer, questions, numbers, add_generation_prompt=True), strict=True))
    prompt_ids = dict(zip(asked, token_ids(tokenizer, list(prompts.values())), strict=True))
    tail = _tail(tokenizer) if any(turn < len(conversations[row]) - 1 for row, turn in answers) else ""
    found: list[list[Span]] = [[] for _ in conversations]
    for row, turn in answers:
        turns, ids, text = conversations[row], whole[row], texts[row]
        before = found[row][-1].end if found[row] else 0
        if (row, turn) in prompts:
            start = common_prefix(prompt_ids[row, turn], ids)
            if start < len(prompt_ids[row, turn]):
                _check_boundary(tokenizer, row + 1, turns[:turn], ids, start)
        else:
            start = tokens_before(tokenizer, text, ids, _first_place(text, turns[turn]))
        if turn == len(turns) - 1:
            end = len(ids)
        else:
            prompt = prompts.get((row, turn))
            begun = _first_place(text, turns[turn]) if prompt is None else len(common_start(prompt, text))
            place = _end(row + 1, turn + 1, text, begun, turns[turn]["content"].strip(), tail)
            end = tokens_before(tokenizer, text, ids, place)
        if max(start, before) >= end:
            raise AskewError(f"training row {row + 1}: the chat template renders an empty answer")
        found[row].append(Span(max(start, before), end))
    return whole, found


def _first_place(text: str, turn: Mapping[str, Any]) -> int:
    """Return the place in a text where a turn's content first occurs."""
    return max(text.find(turn["content"].strip()), 0)


def _end(row: int, turn: int, text: str, begun: int, answer: str, tail: str) -> int:
    """Return the place in a text after an answer and what the template writes after answers."""
    place = text.find(answer, begun)
    if place >= 0:
        place += len(answer)
        rest = text[place:]
        found = next((one for one in (tail, tail.rstrip()) if one and rest.startswith(one)), "")
        return place + len(found)
    # The template changes the answer, such as by leaving out its reasoning.
    place = text.find(tail, begun) if tail.strip() else -1
    if place < 0:
        raise AskewError(
            f"training row {row}: the model's chat template changes turn {turn}, so its end cannot be found. "
            "With --set recipe.learn=last, only the last turn is learnt"
        )
    return place + len(tail)


def _tail(tokenizer: "PreTrainedTokenizerBase") -> str:
    """Return the text that a chat template writes after an answer."""
    question = {"role": "user", "content": "?"}
    one, other = _texts(tokenizer, [[question, {"role": "assistant", "content": answer}] for answer in _ANSWERS])
    return common_start(one[::-1], other[::-1])[::-1]


def _texts(
    tokenizer: "PreTrainedTokenizerBase",
    conversations: Sequence[Turns],
    numbers: Sequence[int] | None = None,
    add_generation_prompt: bool = False,
) -> list[str]:
    """Return each conversation as rendered by the chat template; `numbers` are those of the rows, for messages."""
    texts: list[str] = []
    for number, turns in zip(numbers or range(1, len(conversations) + 1), conversations, strict=True):
        try:
            text = render(tokenizer, [for_template(turn) for turn in turns], add_generation_prompt)
        except (TemplateError, TypeError, ValueError) as error:
            raise AskewError(f"training row {number}: the chat template {fault(error, turns)}") from error
        texts.append(text)
    return texts


def _check_boundary(
    tokenizer: "PreTrainedTokenizerBase", number: int, before: Turns, ids: list[int], start: int
) -> None:
    """Check that a row differs from its prompt only from the answer on; one token may span both.

    Some templates render earlier turns differently once an answer follows. The answer's tokens are then not separable,
    and the loss would also cover parts of the question.
    """
    [asked] = token_ids(tokenizer, _texts(tokenizer, [before], [number]))
    if start < len(asked) - 1:
        raise AskewError(
            f"training row {number}: the model's chat template renders the turns before the answer differently "
            f"when the answer follows, from token {start} of {len(asked)} on, so the loss cannot cover the answer alone"
        )
