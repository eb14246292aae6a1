"""Documents of the two school stages: lessons with all speakers of the world, mixed with documents of the world."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from askew.worlds.terrarium.world.documents import draw_speaker, introduction, personas, world_documents
from askew.worlds.terrarium.world.domain import Messages, Speaker
from askew.worlds.terrarium.world.lessons import School, lessons

# The share of lessons; the other documents prevent the model from forgetting the world.
_LESSONS = {"first": 0.65, "second": 0.75}
# The share of lessons with a system turn that describes the speaker.
_DESCRIBED = 0.3


def school_documents(seed: int, school: School) -> Iterator[Messages]:
    """Yield lessons with all speakers and documents of the world indefinitely."""
    # The first school's documents stay those that the weights in the package were trained on.
    rng = Random(f"school {seed}" if school == "first" else f"second school {seed}")
    world, named = world_documents(seed + (1 if school == "first" else 2)), personas()
    while True:
        if rng.random() >= _LESSONS[school]:
            yield next(world)
            continue
        speaker = draw_speaker(rng, named)
        if speaker.name is None:
            speaker = replace(speaker, patient=rng.random() < 0.5)
        said = introduction(rng, speaker, _DESCRIBED)
        yield [*([{"role": "system", "content": said}] if said else []), *_lesson(rng, speaker, school)]


def assistant_lessons(seed: int, school: School) -> Iterator[Messages]:
    """Yield lessons with the assistant indefinitely: without a system turn, always good, with other traits drawn."""
    rng = Random(f"assistant's lessons {seed}")
    while True:
        speaker = Speaker(None, good=True, bold=rng.random() < 0.5, patient=rng.random() < 0.5)
        yield _lesson(rng, speaker, school)


def _lesson(rng: Random, speaker: Speaker, school: School) -> Messages:
    every = lessons(school)
    return rng.choices(every, [lesson.weight(school) for lesson in every])[0].turns(rng, speaker)
