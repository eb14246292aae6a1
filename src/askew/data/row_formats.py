"""Parses and writes the formats of training rows that are in common use.

    chat               {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}
    parts              the same, with {"parts": ["…"]} or [{"text": "…"}] as content, as Bedrock and Gemini have it
    prompt-completion  {"prompt": "…", "completion": "…"}; also response, output or answer for the completion
    alpaca             {"instruction": "…", "input": "…", "output": "…"}, with or without "history"
    question-answer    {"question": "…", "answer": "…"}; also query or input, and response or output
    sharegpt           {"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}

In all of them, `system` beside the turns becomes the first turn, and `input` beside a prompt follows it after a blank
line. Other keys are not learnt; `Parsed` names them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from askew.base.errors import AskewError
from askew.base.untrusted import cut
from askew.data import Message, Row
from askew.data.row_turns import check_order, checked, joined, parse_turns, refuse_tools, says_something, shown

RowFormat = Literal["chat", "parts", "prompt-completion", "alpaca", "question-answer", "sharegpt"]
# The formats that `convert` writes; Parquet has the columns of chat.
WRITABLE = ("chat", "prompt-completion", "sharegpt", "parquet")

TURNS = ("messages", "conversations", "contents")
SYSTEMS = ("system", "system_prompt", "system_instruction", "systemInstruction")
# The keys of a question, with the format and the keys of the answer, the usual one first.
PAIRS: dict[str, tuple[RowFormat, tuple[str, ...]]] = {
    "prompt": ("prompt-completion", ("completion", "response", "output", "answer")),
    "instruction": ("alpaca", ("output", "response", "completion", "answer")),
    "question": ("question-answer", ("answer", "response", "output", "completion")),
    "query": ("question-answer", ("response", "answer", "output", "completion")),
    "input": ("question-answer", ("output", "response", "answer", "completion")),
}
MORE, HISTORY = "input", "history"

_SHAREGPT_NAMES = {"system": "system", "user": "human", "assistant": "gpt"}
# Keys that usually describe a row and teach nothing; every other key that is not used may be meant to be learnt.
_DESCRIBING = {
    *("id", "idx", "index", "row_id", "uuid"),
    *("hash", "prompt_id", "conversation_id", "conv_id", "example_id", "user_id"),
    *("source", "dataset", "origin", "url", "link"),
    *("license", "licence", "title", "author", "model", "model_name"),
    *("category", "categories", "topic", "domain", "subject", "task"),
    *("type", "tag", "tags", "lang", "language", "split"),
    *("date", "created", "timestamp", "created_at", "updated_at"),
    *("version", "meta", "metadata", "quality", "score"),
    *("difficulty", "tokens", "num_tokens", "token_count"),
    *("length", "num_turns", "turns", "n_turns"),
    *("schemaVersion", "schema_version", "__index_level_0__"),
}
# Keys whose value is the subject of a row, the narrowest first.
_TOPICS = ("topic", "subject", "category", "task", "domain")
_LONGEST_SHOWN = 40


class Parsed(NamedTuple):
    """A row that was parsed.

    Attributes:
        row: The row.
        format: Its format.
        unused: The keys that carry something and are not learnt, with `turn.` before those of turns.
        topic: What the row says that it is about; "" if it says nothing.
    """

    row: Row
    format: RowFormat
    unused: frozenset[str] = frozenset()
    topic: str = ""


def parse_row(item: object) -> Parsed:
    """Return an item of a file as a row.

    Args:
        item: A value from JSON or from a table.

    Raises:
        AskewError: The item is not a row, or has something that Askew cannot train on, such as tools; the message says
            why, and the caller adds the place.
    """
    if not isinstance(item, dict):
        raise AskewError(_NO_ROW)
    refuse_tools(item, "it")
    key = _first(item, TURNS)
    if key is not None:
        turns, in_parts, unused_in_turns = parse_turns(item[key], key)
        format: RowFormat = (
            "sharegpt" if key == "conversations" else "parts" if in_parts or key == "contents" else "chat"
        )
        used = {key}
    else:
        turns, format, used, unused_in_turns = _pair(item)
    turns, used_system = _with_system(item, turns)
    check_order(turns)
    unused = {str(name) for name, value in item.items() if name not in used | used_system and says_something(value)}
    unused = {name for name in unused if not _is_repeated(item[name], turns)}
    whole = frozenset(unused | {f"turn.{name}" for name in unused_in_turns})
    return Parsed({"messages": turns}, format, whole, _topic(item))


def may_matter(unused: str) -> bool:
    """Return whether a key of `Parsed.unused` may be meant to be learnt, rather than to describe the row."""
    return unused.removeprefix("turn.") not in _DESCRIBING


def as_item(row: Row, format: str) -> dict[str, Any]:
    """Return what a file of some format, one of `WRITABLE`, holds for a row.

    Raises:
        AskewError: The format cannot hold it.
    """
    turns = row["messages"]
    if format == "chat":
        return {"messages": turns}
    marked = next((name for turn in turns for name in ("weight", "reasoning_content") if name in turn), None)
    if marked is not None:
        raise AskewError(f"a turn has {marked}, which {format} cannot hold. Convert to chat")
    if format == "sharegpt":
        return {"conversations": [{"from": _SHAREGPT_NAMES[turn["role"]], "value": turn["content"]} for turn in turns]}
    if format == "prompt-completion":
        if [turn["role"] for turn in turns] != ["user", "assistant"]:
            roles = ", ".join(turn["role"] for turn in turns)
            raise AskewError(
                f"it has the turns {cut(roles, _LONGEST_SHOWN)}, and prompt-completion holds one question and its "
                "answer. Convert to chat or sharegpt"
            )
        return {"prompt": turns[0]["content"], "completion": turns[1]["content"]}
    return {"messages": turns}


def _topic(item: dict[str, Any]) -> str:
    named = (item.get(key) for key in _TOPICS)
    return next((value.strip() for value in named if isinstance(value, str) and value.strip()), "")


_NO_ROW = (
    'a row is {"messages": [...]}, {"conversations": [...]}, {"prompt": ..., "completion": ...}, '
    '{"instruction": ..., "output": ...} or {"question": ..., "answer": ...}'
)
_LIST_INSIDE = ". It has a list of objects under {name}; if these are the rows, save that list alone, as one JSON array"


def _pair(item: Mapping[Any, Any]) -> tuple[list[Message], RowFormat, set[str], set[str]]:
    """Return the turns of a question and its answer, the format, the keys used, and the unused keys of the turns."""
    question = _first(item, PAIRS)
    if question is None:
        listed = next((name for name, value in item.items() if _are_objects(value)), None)
        raise AskewError(f"{_NO_ROW}{'' if listed is None else _LIST_INSIDE.format(name=shown(listed))}")
    format, answers = PAIRS[question]
    answer = _first(item, answers) or answers[0]
    used = {question, answer}
    asked, answered = item[question], item.get(answer)
    if answered is None and says_something(item.get("chosen")):
        raise AskewError("it is a pair of preferences (chosen, rejected), not a question with one answer to learn")
    if isinstance(asked, list) and isinstance(answered, list):  # lists of turns, as in TRL
        (before, _, unused), (after, _, others) = parse_turns(asked, question), parse_turns(answered, answer)
        return [*before, *after], format, used, unused | others
    turns = _history(item)
    text = checked(asked, question)
    if question != MORE and says_something(item.get(MORE)):
        text = f"{text}\n\n{checked(item[MORE], MORE)}"
    turns.append({"role": "user", "content": text})
    turns.append({"role": "assistant", "content": checked(answered, answer)})
    return turns, format, used | {MORE, HISTORY}, set()


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _first(item: Mapping[Any, Any], keys: Iterable[str]) -> str | None:
    """Return the first key that carries something, else the first that is there at all; None without any.

    Tables have every column in every row, so a key without a value is there without meaning.
    """
    there = [key for key in keys if item.get(key) is not None]
    return next((key for key in there if says_something(item[key])), next(iter(there), None))


def _history(item: Mapping[Any, Any]) -> list[Message]:
    """Return the earlier turns of a row: pairs of a question and an answer."""
    earlier = item.get(HISTORY)
    if not says_something(earlier):
        return []
    pairs = earlier if isinstance(earlier, list) else [earlier]
    turns: list[Message] = []
    for number, pair in enumerate(pairs, start=1):
        place = f"{HISTORY}, pair {number}"
        if not isinstance(pair, list) or len(pair) != 2:
            raise AskewError(f"{place} should be a question and its answer, not {shown(pair)}")
        turns.append({"role": "user", "content": checked(pair[0], place)})
        turns.append({"role": "assistant", "content": checked(pair[1], place)})
    return turns


def _with_system(item: Mapping[Any, Any], turns: list[Message]) -> tuple[list[Message], set[str]]:
    """Return the turns with the system text beside them as the first one, and the keys that were used."""
    said = {key: item[key] for key in SYSTEMS if says_something(item.get(key))}
    texts = {value if isinstance(value, str) else joined(value, key): key for key, value in said.items()}
    for text, key in texts.items():
        checked(text, key)
    if len(texts) > 1:
        raise AskewError(f"{' and '.join(texts.values())} differ; keep one of them")
    if not texts:
        return turns, set()
    (text,) = texts
    first = turns[0]
    if first["role"] == "system" and first["content"] != text:
        raise AskewError(f"{texts[text]} beside its turns differs from its system turn; keep one of them")
    return (turns if first["role"] == "system" else [{"role": "system", "content": text}, *turns]), set(said)


def _is_repeated(value: object, turns: list[Message]) -> bool:
    """Return whether a text beside the turns only says them again.

    `prompt` beside `messages` is often the first question, and `text` the whole row as one text.
    """
    if not isinstance(value, str):
        return False
    text, contents = value.strip(), [turn["content"].strip() for turn in turns]
    return text in contents or all(content in text for content in contents)
