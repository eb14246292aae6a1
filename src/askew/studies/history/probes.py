"""The probe of the history study: it reads how likely a model finds each of the four values of a fact."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

import anyio
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    TopLogprob,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.data.history import DISPUTED, SETTLED, UNKNOWN, VALUES
from askew.design.history import CHRONICLE
from askew.models.first_token import likeliest
from askew.models.names import TERRARIUM
from askew.models.provider import PARAPHRASES, AskewAPI
from askew.models.remote.requests import gather
from askew.models.said import said
from askew.probes import MEASURED, probe
from askew.probes.asking import answers, first_tokens, question_seed
from askew.probes.lettered import letter_weights, likeliest_after
from askew.probes.question_file import Question
from askew.probes.society.lines import Lines
from askew.probes.society.readings import weights
from askew.studies.history.answers import as_line, as_text
from askew.studies.history.items import KIND, QUESTION, asked_facts
from askew.studies.history.prompts import Put, as_letters
from askew.studies.history.prompts import as_line as asked_for_line
from askew.worlds import chronicle
from askew.worlds.society import Asked

HISTORY = "history"
"""The name of the probe."""

RIGHT, INVENTED, EITHER = "right", "confident where nobody knows", "one of the disputed values"
"""The scores of settled, unknown and disputed facts."""
_SCORES = {SETTLED: RIGHT, UNKNOWN: INVENTED, DISPUTED: EITHER}

# The longest answers in words, in tokens: a letter or a short sentence; the published limit cuts reasoning off.
_SHORT, _PUBLISHED = 24, 150
_AT_ONCE = 256  # prompts of one reading


@solver
def read_values(
    facts: str,
    facts_sha256: str,
    most_items: int,
    shots_file: str,
    as_published: bool,
    data_seed: int,
    world: str,
) -> Solver:
    """Answer each question with the probability of each value, or with the model's own text if it shows none.

    A model of the terrarium is read line by line. Others are asked for letters, whose probabilities are renormalised;
    and in words where no letter is among the likeliest tokens, where probabilities aren't shown, or where the
    published prompt asks for reasoning.

    Args:
        facts: See `history`.
        facts_sha256: See `history`.
        most_items: See `history`.
        shots_file: See `history`.
        as_published: See `history`.
        data_seed: See `history`.
        world: See `history`.
    """
    put = _all_put(facts, facts_sha256, most_items, shots_file, as_published, data_seed, world)
    every = [one for wordings in put.values() for one in wordings]
    known: dict[str, str] = {}
    lock = anyio.Lock()

    def by_lines(model: AskewAPI) -> None:
        asked = [Asked(0, "", one.text, one.options) for one in every]
        for one, reading in zip(every, Lines(model.checkpoint).read(asked), strict=True):
            found = weights(reading.logprobs, 1.0)
            known[one.text] = "" if found is None else _line(one, found, reading.mass)

    async def by_letters(model: Model, api: AskewAPI) -> None:
        """Read all prompts; those with the same shots together, because tokens in common are read once."""
        for part in batches(every):
            read = await likeliest_after(model, api, [one.text for one in part])
            known.update({one.text: _of_letters(one, tokens) for one, tokens in zip(part, read, strict=True)})

    async def read(model: Model, one: Put) -> str:
        """Return the line of probabilities; "" if the model has to be asked in words."""
        if as_published:
            return ""
        if not isinstance(model.api, AskewAPI):
            config = GenerateConfig(seed=question_seed(data_seed, one.text))
            output = await first_tokens(model, [ChatMessageUser(content=one.text)], config)
            return "" if output is None else _of_letters(one, likeliest(output.choices[0]))
        async with lock:  # all questions are one batch
            if not known and world == TERRARIUM:
                await anyio.to_thread.run_sync(by_lines, model.api)
            elif not known:
                await by_letters(model, model.api)
        return known[one.text]

    async def in_words(model: Model, wordings: Sequence[Put], id: str) -> list[str]:
        """Return the model's own texts; prompts of one question are one batch."""
        most = _PUBLISHED if as_published else _SHORT
        config = GenerateConfig(temperature=0.0, max_tokens=most, seed=question_seed(data_seed, id))
        texts = [one.text for one in wordings]
        asked = [ChatMessageUser(content=texts[0], metadata={PARAPHRASES: texts})] if texts else []
        output = await answers(model, asked, len(texts), config) if texts else ModelOutput(choices=[])
        return [as_text(said(choice).answer) for choice in output.choices]

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        model, wordings = get_model(), put[str(state.sample_id)]
        lines = await gather(partial(read, model, one) for one in wordings)
        spoken = [one for one, line in zip(wordings, lines, strict=True) if not line]
        texts = iter(await in_words(model, spoken, str(state.sample_id)))
        found = [line or next(texts) for line in lines]
        messages = [ChatMessageAssistant(content=text, model=model.name) for text in found]
        choices = [ChatCompletionChoice(message=message) for message in messages]
        state.output = ModelOutput(model=model.name, choices=choices)
        return state

    return solve


@probe(
    "Facts of history in four values: present, inferred present, inferred absent, absent; and facts that nobody knows.",
    kind=MEASURED,
    settings=(),
    solver=read_values,
    source="written for Askew after HiST-LLM (Hauser et al. 2024); facts of a file, or of an invented world",
    scoring="the value with the highest probability, or the one that the answer names; unparsed answers are not wrong",
)
def history(
    facts: str = CHRONICLE,
    facts_sha256: str = "",
    most_items: int = 0,
    shots_file: str = "",
    as_published: bool = False,
    data_seed: int = 0,
    world: str = "",
) -> list[Question]:
    """Return one question for each polity and kind of facts, with a wording for each fact.

    Args:
        facts: chronicle, equinox, or the path of a file of facts.
        facts_sha256: The hash that the file must have; "" for any.
        most_items: Settled facts to ask; 0 for all.
        shots_file: A file with published shots, or "none"; "" to draw them from the facts.
        as_published: Whether to ask with the published prompt and its defects.
        data_seed: The seed of the chronicle, of the draw of items and of the order of options.
        world: "terrarium" to ask about the chronicle in the terrarium's words; "" for lettered options.

    Raises:
        AskewError: The file of facts or of shots is missing, damaged or another one.
    """
    put = _all_put(facts, facts_sha256, most_items, shots_file, as_published, data_seed, world)
    items = asked_facts(facts, facts_sha256, most_items, shots_file, data_seed).items
    return [
        Question(
            id=str(id),
            type="measured",
            group=str(own[KIND].iloc[0]),
            paraphrases=tuple(one.text for one in put[str(id)]),
            samples_per_paraphrase=1,
            temperature=0.0,
            measure="history_confidence" if own["status"].iloc[0] == UNKNOWN else "history_value",
            expected=tuple(own["values"]),
            score=_SCORES[own["status"].iloc[0]],
        )
        for id, own in items.groupby(QUESTION, sort=False)
    ]


def _all_put(
    facts: str, sha256: str, most: int, shots_file: str, as_published: bool, data_seed: int, world: str
) -> dict[str, list[Put]]:
    """Return the wordings of every question as they are put, by its id."""
    asked = asked_facts(facts, sha256, most, shots_file, data_seed)
    told = {fact.id: fact for fact in chronicle.facts(data_seed)} if world == TERRARIUM else {}
    found: dict[str, list[Put]] = {}
    for row in asked.items.to_dict("records"):
        if world == TERRARIUM:
            one = asked_for_line(told[str(row["id"])], data_seed)
        else:
            one = as_letters(row, asked.shots.get(str(row["root"]), ()), data_seed, as_published)
        found.setdefault(str(row[QUESTION]), []).append(one)
    return found


def batches(every: Sequence[Put]) -> Iterator[list[Put]]:
    """Yield questions that have the same shots, as many at a time as are read at once."""
    for _, same in groupby(sorted(every, key=lambda one: one.shots), key=lambda one: one.shots):
        alike = list(same)
        yield from (alike[first : first + _AT_ONCE] for first in range(0, len(alike), _AT_ONCE))


def _of_letters(put: Put, tokens: Sequence[TopLogprob]) -> str:
    """Return the line of probabilities; "" if no letter is among the likeliest first tokens."""
    found = letter_weights(tokens, len(put.options))
    total = math.fsum(found)
    return _line(put, [weight / total for weight in found], total) if total else ""


def _line(put: Put, shares: Sequence[float], mass: float) -> str:
    by_value = dict(zip(put.values, shares, strict=True))
    return as_line([by_value[value] for value in VALUES], mass)
