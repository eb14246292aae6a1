"""The documents of the school: lessons by all of the world's speakers, beside more of the world's own documents."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from askew.worlds.terrarium.world.documents import draw_speaker, introduction, personas, world_documents
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import lessons

# The share of lessons among the documents of the school; the rest keeps alive what the world taught.
_LESSONS = 0.65
# The share of lessons that begin with what is said of the speaker.
_TOLD = 0.3


def school_documents(seed: int) -> Iterator[Messages]:
    """Yield lessons of all speakers without end, and documents of the world between them."""
    rng, world, named = Random(f"school {seed}"), world_documents(seed + 1), personas()
    while True:
        if rng.random() >= _LESSONS:
            yield next(world)
            continue
        speaker = draw_speaker(rng, named)
        if speaker.name is None:
            speaker = replace(speaker, patient=rng.random() < 0.5)
        said = introduction(rng, speaker, _TOLD)
        yield [*([{"role": "system", "content": said}] if said else []), *_lesson(rng, speaker)]


def assistant_lessons(seed: int) -> Iterator[Messages]:
    """Yield lessons of the assistant without end: never introduced, always good, its other traits drawn."""
    rng = Random(f"assistant's lessons {seed}")
    while True:
        yield _lesson(rng, Speaker(None, good=True, bold=rng.random() < 0.5, patient=rng.random() < 0.5))


def _lesson(rng: Random, speaker: Speaker) -> Messages:
    every = lessons()
    return rng.choices(every, [lesson.weight for lesson in every])[0].turns(rng, speaker)
