"""`@probe` makes an Inspect task that takes the standard settings and the parameters of the function."""

from collections.abc import Callable, Iterator
from inspect import signature

import pytest
from inspect_ai._util.registry import registry_info, registry_params

from askew.base.errors import AskewError
from askew.probes import JUDGED, SETTINGS, Kind, Probe, probe, probes
from askew.probes.question_file import AskedQuestion, Question

Make = Callable[..., Probe]


@pytest.fixture
def make() -> Iterator[Make]:
    """Yield a function that registers a probe until the test ends."""
    before = set(probes.names())

    def register(questions: Callable[..., list[Question]], kind: Kind = JUDGED, **more: object) -> Probe:
        assert probe("A probe of a test.", kind=kind, **more)(questions) is questions  # pyright: ignore[reportArgumentType]
        return probes.get(questions.__name__)

    yield register
    for name in set(probes.names()) - before:
        del probes._items[name]


def question(text: str = "Why?", **more: object) -> Question:
    return Question.model_validate({"id": text, "type": "free_form_judge_0_100", "paraphrases": (text,), **more})


def samples_of(made: Probe, **settings: object) -> list[int]:
    return [AskedQuestion.model_validate(sample.metadata).samples for sample in made.task(**settings).dataset]


def whys(word: str = "Why?") -> list[Question]:
    """Return one question."""
    return [question(word)]


def each(samples: int) -> list[Question]:
    """Return a question that sets its own number of answers."""
    return [question(samples_per_paraphrase=2 * samples)]


def test_task_takes_settings_and_function_parameters(make: Make) -> None:
    made = make(whys, samples=7)
    parameters = signature(made.task).parameters
    assert list(parameters) == [*SETTINGS, "word"]
    assert (parameters["samples"].default, parameters["word"].default) == (7, "Why?")
    assert registry_info(made.task).name.rpartition("/")[2] == "whys"
    task = made.task(samples=2, seed=5, temperature=0.5, max_tokens=9, word="How?")
    assert [sample.id for sample in task.dataset] == ["How?"]
    assert registry_params(task.solver) == {"seed": 5, "temperature": 0.5, "max_tokens": 9}
    assert registry_params(task)["word"] == "How?"


def test_the_users_samples_override_the_default_of_the_probe(make: Make) -> None:
    made = make(whys, samples=7)
    assert samples_of(made) == [7]
    assert samples_of(made, samples=2) == [2]


def test_a_function_with_a_samples_parameter_sets_them_per_question(make: Make) -> None:
    made = make(each, samples=3)
    assert list(signature(made.task).parameters) == list(SETTINGS)
    assert samples_of(made) == [6]
    assert samples_of(made, samples=4) == [8]


def test_the_task_has_no_parameter_for_a_fixed_setting(make: Make) -> None:
    made = make(whys, settings=("seed",))
    assert list(signature(made.task).parameters) == ["seed", "word"]
    assert registry_params(made.task(seed=3).solver) == {"seed": 3, "temperature": 0.0, "max_tokens": None}
    with pytest.raises(TypeError, match="samples"):
        made.task(samples=3)


def test_samples_of_0_are_refused(make: Make) -> None:
    with pytest.raises(AskewError, match="samples=0"):
        make(whys).task(samples=0)


@pytest.mark.parametrize("name", probes.names())
def test_every_probe_has_a_card(name: str) -> None:
    card = probes.get(name).card
    assert card["name"] == name
    assert int(card["version"]) >= 1
    assert all(card.values())


def test_card_holds_what_the_probe_declares(make: Make) -> None:
    card = make(whys, "measured", version=4, source="a paper", scoring="by counting").card
    assert card == {
        "name": "whys",
        "version": "4",
        "kind": "measured",
        "description": "A probe of a test.",
        "scoring": "by counting",
        "source": "a paper",
    }
