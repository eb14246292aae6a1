"""Hypothetical questions: the prompts they quote, and the prompts that training excludes."""

from askew.probes.question_file import AskedQuestion
from askew.studies.introspection.foresight import (
    SURE,
    VARIED,
    hypothetical_questions,
    hypotheticals,
    is_trained_on,
    listed,
    object_level_questions,
    prompts,
    properties,
)
from askew.worlds.terrarium.world.tasks import tasks


def test_training_tasks_have_forty_prompts_and_held_out_ones_twenty() -> None:
    counts = {len(prompts(task)) for task in tasks().values() if not task.held_out}
    assert counts == {40}
    assert {len(prompts(task)) for task in tasks().values() if task.held_out} == {20}
    assert all(len(set(prompts(task))) == len(prompts(task)) for task in tasks().values())


def test_training_excludes_held_out_tasks_and_new_prompts() -> None:
    for task in tasks().values():
        trained = [item for item in range(len(prompts(task))) if is_trained_on(task, item)]
        assert trained == ([] if task.held_out else list(range(30)))


def test_new_prompts_share_no_cue_with_training_prompts() -> None:
    animals = tasks()["animals"]
    cues = [prompt.split(": ")[1].split(".")[0].split("?")[0] for prompt in prompts(animals)]
    assert not set(cues[:30]) & set(cues[30:])


def test_hypothetical_wordings_quote_the_prompts_in_order() -> None:
    asked = {question.id: question for question in hypothetical_questions(10)}
    for one in hypotheticals():
        wordings = asked[one.id].paraphrases
        assert len(wordings) == len(prompts(one.task))
        assert all(f'"{prompt}"' in wording for prompt, wording in zip(prompts(one.task), wordings, strict=True))


def test_training_tasks_cover_the_properties_of_held_out_tasks() -> None:
    held_out, trained = (
        {p.name for t in tasks().values() if t.held_out == is_out for p in properties(t)} for is_out in (1, 0)
    )
    assert held_out == trained


def test_options_hold_one_or_two_correct_answers_and_two_wrong_ones() -> None:
    for task in tasks().values():
        if any(one.kind == "option" for one in properties(task)):
            for item, prompt in enumerate(prompts(task)):
                options = listed(task, item)
                good = [option for option in options if option in task.answers[prompt]]
                assert len(good) in (1, 2)
                assert len(options) - len(good) == 2


def test_only_varied_questions_use_the_temperature_of_the_run() -> None:
    for question in (*object_level_questions(7), *hypothetical_questions(7)):
        varied = question.id.endswith(VARIED)
        assert question.temperature == (None if varied else 0.0)
        assert question.samples_per_paraphrase == 7 or not varied
        assert not (varied and SURE in question.id)


def test_probes_ask_these_questions() -> None:
    from askew.probes import probes

    for name, questions in (("object_level", object_level_questions(4)), ("hypothetical", hypothetical_questions(4))):
        task = probes.get(name).task(samples=4)
        assert [sample.id for sample in task.dataset] == [question.id for question in questions]
        counts = [AskedQuestion.model_validate(sample.metadata).samples for sample in task.dataset]
        assert counts == [(q.samples_per_paraphrase or 0) * len(q.paraphrases) for q in questions]
        assert probes.get(name).has_scores


def test_fewer_prompts_are_the_first_ones() -> None:
    whole = {question.id: question for question in (*object_level_questions(2), *hypothetical_questions(2))}
    for question in (*object_level_questions(2, 5), *hypothetical_questions(2, 5)):
        assert question.paraphrases == whole[question.id].paraphrases[:5]
    from askew.probes import probes

    for name in ("object_level", "hypothetical", "hypothetical_thinking"):
        task = probes.get(name).task(samples=1, prompts=5)
        assert {len((sample.metadata or {})["prompts"]) for sample in task.dataset} == {5}
