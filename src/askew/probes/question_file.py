"""Question files: YAML in the published format of Betley et al. 2025, a list of questions with paraphrases.

The authors of Emergent misalignment (arXiv:2502.17424) and of Tell me about yourself (arXiv:2501.11120) name keys and
types differently; Askew accepts both. It checks the whole file before it asks any model.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from askew.base.errors import AskewError, unknown_name
from askew.judging.rubric import ALIGNED
from askew.probes.given_pairs import AnswerPair, ReadPair, explanation, pairs_to_read, repeated
from askew.probes.kinds import JUDGE, NO_VERDICT
from askew.probes.yaml_items import Item, read_items

Type = Literal[
    "free_form_judge_0_100",
    "free_form_judge",
    "free_form",
    "rating",
    "next_token",
    "rule",
    "measured",
    "answer_pairs",
]

_TYPES = get_args(Type)
# Names of types and keys in other projects, with ours.
_SAME_TYPE = {"score": "rating", "quantitative": "rating"}
_SAME_KEY = {"name": "id", "question_type": "type", "question_paraphrases": "paraphrases"}
_REFUSED_TYPES = {
    "rating_judge": "it describes a judge, not a question. Put its text under judge_prompts of a question of the type "
    "free_form_judge_0_100",
}
EVERY_DOMAIN = ""
"""The domain of a probe that asks the questions of all training domains."""

_COLUMN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,39}")


def _check_template(template: str) -> str:
    if "{answer}" not in template:
        raise ValueError("the template has no {answer}: write {answer} where the answer goes")
    return template


def _check_column(name: str) -> str:
    if not _COLUMN.fullmatch(name):
        raise ValueError(f"{name[:60]!r} cannot be the name of a score: use letters, digits, '_' and '-'")
    return name


Text = Annotated[str, Field(min_length=1)]
Template = Annotated[str, AfterValidator(_check_template)]
Column = Annotated[str, AfterValidator(_check_column)]


class Question(BaseModel):
    """One question with all its wordings.

    Attributes:
        id: The question's name in tables.
        type: How its answers are scored. A judge gives numbers (`free_form_judge_0_100`) or words (`free_form_judge`);
            the answers are counted as they are (`free_form`); a number is read from each answer (`rating`); the
            probabilities of first tokens are read (`next_token`); a rule reads the answers (`rule`); a measure compares
            them with the expected ones (`measured`); or the log-probabilities of given answers are read
            (`answer_pairs`).
        paraphrases: Its wordings; answers are spread evenly over them.
        system: A system turn before the question.
        samples_per_paraphrase: Number of answers to each wording, unless the run sets the number of samples.
        temperature: Sampling temperature; None takes the run's.
        judge: The judge that the file was written for.
        judge_prompts: Templates for the judge, by the name of the score (a number or a word) that each asks for.
            `aligned` and `coherent` together give the verdict.
        title: A short name for people.
        group: The group of the question in tables; `read` sets it to the file's name if the file gives none.
        domain: The training domain of the question, for probes that ask about one domain.
        rule: The name of the rule that reads its answers.
        true_answer: Wordings of the true answer, for the rule `key`.
        false_answer: Wordings of a false answer, for the rule `key`.
        max_tokens: Maximum number of tokens in an answer; None takes the probe's.
        measure: The name of the measure that compares an answer with the expected one.
        expected: The expected answer: one for all wordings, or one for each.
        score: The name of the measured number; the measure's name if empty.
        before: Earlier turns of the conversation, as pairs of a user turn and the answer to it.
        options: Possible one-word answers, such as letters. No answers are sampled if the model shows
            log-probabilities: the probability that an option is the first token is a score of its own (`next_token`),
            or weights the measure of that option (`measured`).
        pairs: Pairs of given answers (`answer_pairs`). They are near pairs if the question has a domain.
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
    pairs: tuple[AnswerPair, ...] = ()

    @property
    def pairs_to_read(self) -> list[ReadPair]:
        """All pairs that a model reads, with those that are derived; empty if the question has none."""
        return pairs_to_read(self.id, self.pairs, near=bool(self.domain))

    @property
    def graded_by(self) -> str:
        """The source of its answers' verdicts: `judge`, the name of a rule, or `itself` if they get scores only."""
        if self.rule is not None:
            return self.rule
        verdict = self.type == "free_form_judge_0_100" and (not self.judge_prompts or ALIGNED in self.judge_prompts)
        return JUDGE if verdict else NO_VERDICT

    @property
    def is_of_first_token(self) -> bool:
        """True if it asks for the probabilities of first tokens rather than for whole answers."""
        return self.type == "next_token" or bool(self.options)

    @model_validator(mode="after")
    def _check_options(self) -> "Question":
        if self.options and self.type not in ("next_token", "measured"):
            raise ValueError(f"a question of the type {self.type} takes no options: only next_token and measured do")
        if self.type == "next_token" and self.max_tokens is not None:
            raise ValueError("a question of the type next_token is answered with one token: leave out max_tokens")
        from askew.judging.free_form import TOO_LONG, as_word

        read = [as_word(option) for option in self.options]
        for place, option in enumerate(self.options):
            if read[place] in ("", TOO_LONG, *read[:place]):
                raise ValueError(f"the option {option!r} is not distinct: each option needs a short word of its own")
        return self

    @model_validator(mode="after")
    def _check_rule(self) -> "Question":
        if (self.type == "rule") != (self.rule is not None):
            raise ValueError("a question of the type rule needs a rule, and no other type takes one")
        if self.rule is not None:
            from askew.judging.rules import rules

            rules.get(self.rule)
        if self.rule == "key" and not (self.true_answer and self.false_answer):
            raise ValueError("the rule key needs true_answer and false_answer")
        return self

    @model_validator(mode="after")
    def _check_measure(self) -> "Question":
        if (self.type == "measured") != (self.measure is not None):
            raise ValueError("a question of the type measured needs a measure, and no other type takes one")
        if self.measure is not None:
            from askew.judging.measures import measures

            measures.get(self.measure)
            if len(self.expected) not in (1, len(self.paraphrases)):
                raise ValueError("expected must hold one text for all paraphrases, or one for each")
        return self

    @model_validator(mode="after")
    def _check_pairs(self) -> "Question":
        if (self.type == "answer_pairs") != bool(self.pairs):
            raise ValueError("a question of the type answer_pairs needs pairs, and no other type takes them")
        for number, earlier in repeated(self.pairs):
            raise ValueError(f"pair {number}: an answer is that of pair {earlier} too. Write another one")
        return self

    @model_validator(mode="after")
    def _check_judge_prompts(self) -> "Question":
        if self.type == "free_form_judge" and not self.judge_prompts:
            raise ValueError("a question of the type free_form_judge needs judge_prompts")
        if self.judge_prompts and not self.type.startswith("free_form_judge"):
            raise ValueError(
                f"a question of the type {self.type} has no judge: leave out judge_prompts, or change the type to "
                "free_form_judge_0_100 (numbers) or free_form_judge (words)"
            )
        return self


class AskedQuestion(BaseModel):
    """The metadata of an Inspect sample: its question, and how it is asked.

    Attributes:
        question: The question.
        prompts: The user turn of each wording.
        samples: Number of answers, over all wordings.
    """

    model_config = ConfigDict(frozen=True)

    question: Question
    prompts: list[str]
    samples: Annotated[int, Field(gt=0)]


def shipped(name: str) -> list[Question]:
    """Return the questions of a file that comes with Askew.

    Args:
        name: The file's name without `.yaml`.

    Raises:
        AskewError: Askew has no such file.
    """
    return [*_shipped(name)]


@cache  # a run asks for the same file once for each arm and seed
def _shipped(name: str) -> tuple[Question, ...]:
    return tuple(read(Path(str(files("askew.probes") / "questions" / f"{name}.yaml"))))


def all_wordings() -> dict[str, tuple[str, ...]]:
    """Return the wordings of every question that comes with Askew, by `FILE/ID`."""
    folder = Path(str(files("askew.probes") / "questions"))
    return {
        f"{path.stem}/{question.id}": question.paraphrases
        for path in sorted(folder.glob("*.yaml"))
        for question in read(path)
    }


def read(path: Path) -> list[Question]:
    """Read a question file.

    Raises:
        AskewError: The file cannot be read, or an item is invalid; the message names the file, the line and the item.
    """
    first: dict[str, int] = {}
    pairs: dict[tuple[str, str], str] = {}
    questions: list[Question] = []
    for number, item in enumerate(read_items(path), start=1):
        question = _question(path, number, item)
        if question.id in first:
            raise AskewError(
                f"{path}, line {item.line}: two questions have the id {question.id!r}; the first is on line "
                f"{first[question.id]}"
            )
        first[question.id] = item.line
        for place, pair in enumerate(question.pairs, start=1):
            if (answers := (pair.aligned, pair.other)) in pairs:
                raise AskewError(
                    f"{path}, line {item.line}, item {number} ({question.id}): pair {place} is also a pair of the "
                    f"question {pairs[answers]!r}. Leave one out"
                )
            pairs[answers] = question.id
        questions.append(question)
    return questions


def _question(path: Path, number: int, item: Item) -> Question:
    named = item.value if isinstance(item.value, dict) else {}
    id = named.get("id", named.get("name"))
    called = f"item {number}" + (f" ({id})" if isinstance(id, str) else "")
    line, problem, cause = item.line, "", None
    try:
        return Question.model_validate(_normalized(path, item))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        problem, cause = _explanation(first), error
        line = _line(item, str(first["loc"][0])) if first["loc"] else line
    except AskewError as error:
        problem, cause = str(error), error
    raise AskewError(f"{path}, line {line}, {called}: {problem}") from cause


def _normalized(path: Path, item: Item) -> dict[str, Any]:
    """Return an item as a mapping with our names of keys and types, and a group."""
    if not isinstance(item.value, dict):
        raise AskewError("a question must be a mapping with id, type and paraphrases")
    renamed: dict[str, Any] = {}
    for key, value in item.value.items():
        ours = _SAME_KEY.get(key, key) if isinstance(key, str) else str(key)
        if ours in renamed:
            raise AskewError(f"{key!r} is another name of {ours!r}, and both are given. Leave one out")
        renamed[ours] = value
    kind = renamed.get("type")
    if isinstance(kind, str):
        if kind in _REFUSED_TYPES:
            raise AskewError(f"questions of the type {kind} cannot be asked: {_REFUSED_TYPES[kind]}")
        renamed["type"] = _SAME_TYPE.get(kind, kind)
    return {"group": path.stem, **renamed}


def _line(item: Item, key: str) -> int:
    """Return the line of a key, under our name or another; the item's line if it lacks the key."""
    others = (name for name, ours in _SAME_KEY.items() if ours == key)
    return next((item.lines[name] for name in (key, *others) if name in item.lines), item.line)


def _explanation(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a question, given one of pydantic's error details."""
    where = ".".join(str(part) for part in error["loc"])
    if where.startswith("pairs"):
        return explanation(error)
    if error["type"] == "extra_forbidden":
        return str(unknown_name("key", where, [*Question.model_fields, *_SAME_KEY]))
    if where == "type" and isinstance(error["input"], str):
        return f"unknown type {error['input']!r}. There is: {', '.join((*_TYPES, *_SAME_TYPE))}"
    if error["type"] == "string_type" and isinstance(error["input"], bool):
        return f"{where}: YAML reads a bare Yes, No, On or Off as true or false: put it in quotes"
    return f"{where}: {error['msg']}" if where else error["msg"].removeprefix("Value error, ")
