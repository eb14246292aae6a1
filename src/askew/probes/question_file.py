"""Question files: YAML in the published format of Betley et al. 2025, a list of questions with paraphrases.

The authors of Emergent misalignment (arXiv:2502.17424) and of Tell me about yourself (arXiv:2501.11120) name keys and
types differently; here both names mean the same. A file is read and checked whole, so that a mistake in it is found
before any model is asked.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from askew.base.errors import AskewError, unknown_name
from askew.judging.rubric import ALIGNED
from askew.probes.kinds import JUDGE, NO_VERDICT
from askew.probes.yaml_items import Item, read_items

Type = Literal["free_form_judge_0_100", "free_form_judge", "free_form", "rating", "next_token", "rule", "measured"]

_TYPES = ("free_form_judge_0_100", "free_form_judge", "free_form", "rating", "next_token", "rule", "measured")
# Other projects' names of types and of keys.
_SAME_TYPE = {"score": "rating", "quantitative": "rating"}
_SAME_KEY = {"name": "id", "question_type": "type", "question_paraphrases": "paraphrases"}
_REFUSED_TYPES = {
    "rating_judge": "it is a judge and no question: write its text under judge_prompts of a question of the type "
    "free_form_judge_0_100",
}
_COLUMN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,39}")


def _has_a_gap(template: str) -> str:
    if "{answer}" not in template:
        raise ValueError("the template has no {answer}: write that where the answer is to stand")
    return template


def _is_a_column(name: str) -> str:
    if not _COLUMN.fullmatch(name):
        raise ValueError(f"{name[:60]!r} cannot be the name of a score: letters, digits, '_', '-' make one")
    return name


Text = Annotated[str, Field(min_length=1)]
Template = Annotated[str, AfterValidator(_has_a_gap)]
Column = Annotated[str, AfterValidator(_is_a_column)]


class Question(BaseModel):
    """One question, in all its wordings.

    Attributes:
        id: What tables call it.
        type: What becomes of its answers: a judge gives them numbers, or words; a number is read from the answer itself
            (`rating`); the answers themselves are counted (`free_form`), or how likely their first tokens are
            (`next_token`); a rule reads them; or they are compared with what is expected (`measured`).
        paraphrases: Its wordings; answers are spread evenly over them.
        system: A system turn before it.
        samples_per_paraphrase: Answers to each wording, where a run says nothing else.
        temperature: Of the sampling, where it differs from the run's.
        judge: The judge that the file was written for.
        judge_prompts: What the judge is told, by what it says: a number or a word. `aligned` and `coherent` make up the
            verdict.
        title: For people.
        group: What tables gather it under; the file's name if not given.
        domain: The training domain that it belongs to, for probes that ask about one of them.
        rule: The name of the rule that reads its answers.
        true_answer: Wordings of the true answer, for the rule `key`.
        false_answer: Wordings of a false answer, for the same.
        max_tokens: The most tokens of an answer, where it differs from the probe's.
        measure: The name of the measure that compares an answer with what is expected.
        expected: What is expected: one for all wordings, or one for each.
        score: What the measured number is called; the measure's name if empty.
        before: Earlier turns of the conversation, each what the user said and what was answered.
        options: What can be answered in a word, such as letters. How likely each is to be the first token is a score of
            its own (`next_token`), or the weight of its measure, and no answers are sampled (`measured`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Text
    type: Type
    paraphrases: Annotated[tuple[Text, ...], Field(min_length=1)]
    system: Text | None = None
    samples_per_paraphrase: Annotated[int, Field(gt=0, le=100_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=10)] | None = None
    judge: Text | None = None
    judge_prompts: dict[Column, Template] = Field(default_factory=dict)
    title: str = ""
    group: str = ""
    domain: str = ""
    rule: str | None = None
    true_answer: tuple[Text, ...] = ()
    false_answer: tuple[Text, ...] = ()
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    measure: str | None = None
    expected: tuple[str, ...] = ()
    score: Column | Literal[""] = ""
    before: tuple[tuple[str, str], ...] = ()
    options: tuple[Text, ...] = ()

    @property
    def graded_by(self) -> str:
        """What gives its answers a verdict: `judge`, the name of a rule, or `itself` if they get scores only."""
        if self.rule is not None:
            return self.rule
        verdict = self.type == "free_form_judge_0_100" and (not self.judge_prompts or ALIGNED in self.judge_prompts)
        return JUDGE if verdict else NO_VERDICT

    @property
    def is_of_first_token(self) -> bool:
        """Whether it is asked for how likely first tokens are, rather than for answers."""
        return self.type == "next_token" or bool(self.options)

    @model_validator(mode="after")
    def _options_can_be_told_apart(self) -> "Question":
        if self.options and self.type not in ("next_token", "measured"):
            raise ValueError(
                f"a question of the type {self.type} has no options: those are for next_token and measured"
            )
        if self.type == "next_token" and self.max_tokens is not None:
            raise ValueError("a question of the type next_token is answered with one token: leave out max_tokens")
        from askew.judging.free_form import TOO_LONG, as_word

        read = [as_word(option) for option in self.options]
        for place, option in enumerate(self.options):
            if read[place] in ("", TOO_LONG, *read[:place]):
                raise ValueError(f"the option {option!r} cannot be told apart: each needs a short word of its own")
        return self

    @model_validator(mode="after")
    def _rule_is_known_and_fed(self) -> "Question":
        if (self.type == "rule") != (self.rule is not None):
            raise ValueError("a question has a rule if its type is rule, and only then")
        if self.rule is not None:
            from askew.judging.rules import rules

            rules.get(self.rule)
        if self.rule == "key" and not (self.true_answer and self.false_answer):
            raise ValueError("the rule key needs true_answer and false_answer")
        return self

    @model_validator(mode="after")
    def _measure_is_known_and_fed(self) -> "Question":
        if (self.type == "measured") != (self.measure is not None):
            raise ValueError("a question has a measure if its type is measured, and only then")
        if self.measure is not None:
            from askew.judging.measures import measures

            measures.get(self.measure)
            if len(self.expected) not in (1, len(self.paraphrases)):
                raise ValueError("expected holds one text for all paraphrases, or one for each")
        return self

    @model_validator(mode="after")
    def _judge_is_told_what_it_needs(self) -> "Question":
        if self.type == "free_form_judge" and not self.judge_prompts:
            raise ValueError("a question of the type free_form_judge needs judge_prompts")
        if self.judge_prompts and not self.type.startswith("free_form_judge"):
            raise ValueError(
                f"a question of the type {self.type} has no judge: leave out judge_prompts, or let its type be "
                "free_form_judge_0_100 (numbers) or free_form_judge (words)"
            )
        return self


class Asked(BaseModel):
    """What an Inspect sample says of its question: all of it, the user turns of its wordings, and how many answers."""

    model_config = ConfigDict(frozen=True)

    question: Question
    prompts: list[str]
    samples: Annotated[int, Field(gt=0)]


def shipped(name: str) -> list[Question]:
    """Return the questions of a file that comes with Askew, by its name without `.yaml`."""
    return read(Path(str(files("askew.probes") / "questions" / f"{name}.yaml")))


def all_wordings() -> dict[str, tuple[str, ...]]:
    """Return the wordings of every question that comes with Askew, by its file and its id."""
    folder = Path(str(files("askew.probes") / "questions"))
    return {
        f"{path.stem}/{question.id}": question.paraphrases
        for path in sorted(folder.glob("*.yaml"))
        for question in read(path)
    }


def read(path: Path) -> list[Question]:
    """Read a question file.

    Raises:
        AskewError: It cannot be read, or an item of it is wrong; the message names the file, the line and the item.
    """
    first: dict[str, int] = {}
    questions: list[Question] = []
    for number, item in enumerate(read_items(path), start=1):
        question = _question(path, number, item)
        if question.id in first:
            raise AskewError(
                f"{path}, line {item.line}: two questions have the id {question.id!r}; the first begins on line "
                f"{first[question.id]}"
            )
        first[question.id] = item.line
        questions.append(question)
    return questions


def _question(path: Path, number: int, item: Item) -> Question:
    named = item.value if isinstance(item.value, dict) else {}
    id = named.get("id", named.get("name"))
    called = f"item {number}" + (f" ({id})" if isinstance(id, str) else "")
    line, problem, cause = item.line, "", None
    try:
        return Question.model_validate(_in_our_words(path, item))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        problem, cause = _worded(first), error
        line = _line(item, str(first["loc"][0])) if first["loc"] else line
    except AskewError as error:
        problem, cause = str(error), error
    raise AskewError(f"{path}, line {line}, {called}: {problem}") from cause


def _in_our_words(path: Path, item: Item) -> dict[str, Any]:
    """Return an item with our names of keys and types."""
    if not isinstance(item.value, dict):
        raise AskewError("a question is a mapping, with id, type and paraphrases")
    renamed: dict[str, Any] = {}
    for key, value in item.value.items():
        ours = _SAME_KEY.get(key, key) if isinstance(key, str) else str(key)
        if ours in renamed:
            raise AskewError(f"{key!r} is another name of {ours!r}, and both are given")
        renamed[ours] = value
    kind = renamed.get("type")
    if isinstance(kind, str):
        if kind in _REFUSED_TYPES:
            raise AskewError(f"questions of the type {kind} cannot be asked: {_REFUSED_TYPES[kind]}")
        renamed["type"] = _SAME_TYPE.get(kind, kind)
    return {"group": path.stem, **renamed}


def _line(item: Item, key: str) -> int:
    """Return the line of a key, by whichever name it was given; that of the item if it was not."""
    others = (name for name, ours in _SAME_KEY.items() if ours == key)
    return next((item.lines[name] for name in (key, *others) if name in item.lines), item.line)


def _worded(error: Mapping[str, Any]) -> str:
    """Say what is wrong with a question as pydantic found it."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return str(unknown_name("key", where, [*Question.model_fields, *_SAME_KEY]))
    if where == "type" and isinstance(error["input"], str):
        return f"unknown type {error['input']!r}. There is: {', '.join((*_TYPES, *_SAME_TYPE))}"
    if error["type"] == "string_type" and isinstance(error["input"], bool):
        return f"{where}: YAML takes a bare Yes, No, On or Off for true or false: put it in quotes"
    return f"{where}: {error['msg']}" if where else error["msg"].removeprefix("Value error, ")
