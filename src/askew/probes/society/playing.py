"""Plays a society whose agents are models, from its beginning or from where it was killed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType

from inspect_ai.model import GenerateConfig, Model, get_model

from askew.base.errors import AskewError
from askew.models.model_args import NO_ARGS, Args, check_args, request_config
from askew.models.names import ModelSpec, resolve
from askew.models.remote.provider_errors import check_can_be_asked
from askew.probes.society.minds import Minds
from askew.worlds.society import Journal, Outcome, Setting, Society
from askew.worlds.society.world import World

OnTick = Callable[[int, int], None]
"""A progress callback: takes the number of ticks that were played, and their total."""


def play_society(
    setting: Setting,
    seed: int,
    name: str,
    models: Mapping[str, Sequence[str]],
    journal: Path,
    *,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    model_args: Args = NO_ARGS,
    called: Mapping[str, str] = MappingProxyType({}),
    world: World | None = None,
    on_tick: OnTick | None = None,
) -> Outcome:
    """Play a society to its end.

    Every answer is kept in the journal, tick by tick. With a journal, the society is played again up to where it was
    killed, without asking, and goes on from there. Inside `storing_replies` (see `models.remote.requests`), replies of
    served models are stored too, and the cost limit holds.

    Args:
        setting: What to play.
        seed: Every draw depends on it.
        name: The society's name in the tables.
        models: The models by the part of the agents, by any name that `resolve` accepts; agents of a part share them
            out in turn. The part "" stands for all parts that are not named.
        journal: The file of the journal, which need not exist. The caller sees to it that the models of a journal are
            still the same.
        temperature: The temperature of the choices; 0 takes the likeliest option.
        max_tokens: The longest answer in words of a served model, in tokens; None leaves it to the model.
        model_args: Extra arguments of the models; see `askew.models.model_args`.
        called: What models are called in the table of agents and in the journal, by their names.
        world: The world; the island if it is None.
        on_tick: Progress callback, called after each tick.

    Returns:
        The outcome: `events`, `agents` and `society` with the columns EVENT_COLUMNS, AGENT_COLUMNS and SOCIETY_COLUMNS.
        `calls` counts the questions that were put to models, `prompts` the different prompts among them, and `tokens`
        the tokens of these, which is an estimate for served models.

    Raises:
        AskewError: The setting, a model or an argument is wrong; a model cannot be asked or fails; or the journal is
            that of another society. What was answered until then stays in the journal.
    """
    if not 0 <= temperature < float("inf"):
        raise AskewError(f"the temperature of a society is {temperature:g}. Give a number that isn't negative")
    names = list(dict.fromkeys(one for own in models.values() for one in own))
    titles = {one: called.get(one, one) for one in names}
    if len(set(titles.values())) < len(names):
        raise AskewError("two models of a society are called the same. Call each one differently")
    specs = {titles[one]: _checked(one, model_args) for one in names}
    shown = {part: [titles[one] for one in own] for part, own in models.items()}
    society = Society(setting, seed, name, _of_every_part(setting, seed, shown), world)
    head = {
        "setting": asdict(society.setting),
        "seed": seed,
        "models": society.models,
        "temperature": temperature,
        "max_tokens": max_tokens,
        "model_args": dict(model_args),
    }
    kept = Journal(journal, head)

    async def play() -> Outcome:
        async with AsyncExitStack() as open_models:
            opened = {
                title: await open_models.enter_async_context(_opened(spec, model_args)) for title, spec in specs.items()
            }
            minds = Minds(opened, society.models, seed, temperature, max_tokens)
            return await _play(society, minds, kept, on_tick or _no_callback)

    return asyncio.run(play())


async def _play(society: Society, minds: Minds, journal: Journal, on_tick: OnTick) -> Outcome:
    play, ticks = society.play(), society.setting.ticks
    batch = next(play)
    for tick in range(1, ticks + 1):
        chosen = journal.answers(batch)
        if chosen is None:
            chosen = await minds.decide(batch)
            journal.add(batch, chosen)
        else:
            minds.count(batch)
        try:
            batch = play.send(chosen)
        except StopIteration as ended:
            on_tick(tick, ticks)
            outcome: Outcome = ended.value
            counted = {"prompts": minds.prompts, "tokens": minds.tokens}
            return replace(outcome, society={**outcome.society, **counted})
        on_tick(tick, ticks)
    raise AssertionError("a society ends with its last tick")


def _checked(name: str, args: Args) -> ModelSpec:
    """Return a model, after checking that it can be asked with these arguments."""
    spec = resolve(name)
    if not spec.is_local:
        check_can_be_asked(spec.inspect_name)
    check_args(spec, args)
    return spec


def _opened(spec: ModelSpec, args: Args) -> Model:
    """Return a model of its own for this event loop, for the connections of a client belong to one loop."""
    config = request_config(spec, args) if args else GenerateConfig()
    return get_model(spec.inspect_name, config=config, memoize=False)


def _of_every_part(setting: Setting, seed: int, models: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Return the models of every part, with those of the part "" for parts that are not named."""
    parts = dict.fromkeys(Society(setting, seed).parts)
    return {part: models.get(part) or models.get("", ()) for part in parts}


def _no_callback(tick: int, ticks: int) -> None:
    """Do nothing."""
