"""The probe of the history study: it reads how likely a model finds each of the four values of a fact."""

import math
from collections.abc import Sequence

import anyio
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from askew.data.history import DISPUTED, SETTLED, UNKNOWN, VALUES
from askew.design.history import CHRONICLE
from askew.judging.score import LEAST_ON_VERDICTS
from askew.models.first_token import BY_LOGPROBS, likeliest
from askew.models.names import TERRARIUM
from askew.models.provider import PARAPHRASES, AskewAPI
from askew.models.said import said
from askew.probes import MEASURED, probe
from askew.probes.asking import answers, first_tokens, question_seed
from askew.probes.episodes.choosing import letter_weights
from askew.probes.question_file import Question
from askew.probes.society.lines import Lines
from askew.probes.society.readings import weights
from askew.studies.history.answers import as_line, as_text
from askew.studies.history.items import asked_facts
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
# Of a model on this machine, enough of the likeliest tokens that the letters are among them.
_MANY = GenerateConfig(top_logprobs=200)


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

    A model of the terrarium is read line by line. Others are asked for letters, and in words where the letters are
    unlikely, where probabilities aren't shown, or where the published prompt asks for reasoning.

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
    known: dict[str, list[float] | None] = {}
    lock = anyio.Lock()

    def by_lines(model: AskewAPI) -> None:
        asked = [Asked(0, "", one.text, one.options) for one in put.values()]
        for id, one, reading in zip(put, put.values(), Lines(model.checkpoint).read(asked), strict=True):
            found = weights(reading.logprobs, 1.0)
            known[id] = None if found is None else _by_value(one, found)

    async def by_letters(model: Model) -> None:
        """Read all prompts; tokens that they have in common are read once."""
        ids = list(put)
        for part in (ids[first : first + _AT_ONCE] for first in range(0, len(ids), _AT_ONCE)):
            texts = [put[id].text for id in part]
            last = ChatMessageUser(content=texts[0], metadata={PARAPHRASES: texts})
            wanted = BY_LOGPROBS.merge(_MANY).merge(GenerateConfig(num_choices=len(texts), seed=0))
            output = await model.api.generate([last], [], "none", model.config.merge(wanted))
            assert isinstance(output, ModelOutput)
            for id, choice in zip(part, output.choices, strict=True):
                known[id] = _of_letters(put[id], choice)

    async def of_served(model: Model, id: str) -> list[float] | None:
        config = GenerateConfig(seed=question_seed(data_seed, id))
        output = await first_tokens(model, [ChatMessageUser(content=put[id].text)], config)
        return None if output is None else _of_letters(put[id], output.choices[0])

    async def read(model: Model, id: str) -> list[float] | None:
        if as_published:
            return None
        if not isinstance(model.api, AskewAPI):
            return await of_served(model, id)
        async with lock:  # all questions are one batch
            if not known and world == TERRARIUM:
                await anyio.to_thread.run_sync(by_lines, model.api)
            elif not known:
                await by_letters(model)
        return known[id]

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        model, id = get_model(), str(state.sample_id)
        shares = await read(model, id)
        if shares is None:
            most = _PUBLISHED if as_published else _SHORT
            config = GenerateConfig(temperature=0.0, max_tokens=most, seed=question_seed(data_seed, id))
            output = await answers(model, [ChatMessageUser(content=put[id].text)], 1, config)
            text = as_text(said(output.choices[0]).answer)
        else:
            text = as_line(shares)
        message = ChatMessageAssistant(content=text, model=model.name)
        state.output = ModelOutput(model=model.name, choices=[ChatCompletionChoice(message=message)])
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
    """Return one question for each fact.

    Args:
        facts: chronicle, equinox, or the path of a file of facts.
        facts_sha256: The hash that the file must have; "" for any.
        most_items: Settled facts to ask; 0 for all.
        shots_file: A file with published shots; "" to draw them from the facts.
        as_published: Whether to ask with the published prompt and its defects.
        data_seed: The seed of the chronicle, of the draw of items and of the order of options.
        world: "terrarium" to ask about the chronicle in the terrarium's words; "" for lettered options.

    Raises:
        AskewError: The file of facts or of shots is missing, damaged or another one.
    """
    put = _all_put(facts, facts_sha256, most_items, shots_file, as_published, data_seed, world)
    rows = asked_facts(facts, facts_sha256, most_items, shots_file, data_seed).items.to_dict("records")
    return [
        Question(
            id=str(row["id"]),
            type="measured",
            group=str(row["kind"]) if facts == CHRONICLE else str(row["root"]),
            paraphrases=(put[str(row["id"])].text,),
            samples_per_paraphrase=1,
            temperature=0.0,
            measure="history_confidence" if row["status"] == UNKNOWN else "history_value",
            expected=(str(row["values"]),),
            score=_SCORES[row["status"]],
        )
        for row in rows
    ]


def _all_put(
    facts: str, sha256: str, most: int, shots_file: str, as_published: bool, data_seed: int, world: str
) -> dict[str, Put]:
    """Return every question as it is put, by its id."""
    asked = asked_facts(facts, sha256, most, shots_file, data_seed)
    rows = asked.items.to_dict("records")
    if world == TERRARIUM:
        told = {fact.id: fact for fact in chronicle.facts(data_seed)}
        return {str(row["id"]): asked_for_line(told[str(row["id"])], data_seed) for row in rows}
    return {
        str(row["id"]): as_letters(row, asked.shots.get(str(row["root"]), ()), data_seed, as_published) for row in rows
    }


def _of_letters(put: Put, choice: ChatCompletionChoice) -> list[float] | None:
    """Return the probability of each value; None if the letters are so unlikely that something else would be said."""
    found = letter_weights(likeliest(choice), len(put.options))
    total = math.fsum(found)
    return None if total < LEAST_ON_VERDICTS else _by_value(put, [weight / total for weight in found])


def _by_value(put: Put, shares: Sequence[float]) -> list[float]:
    by_value = dict(zip(put.values, shares, strict=True))
    return [by_value[value] for value in VALUES]
