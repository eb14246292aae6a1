"""Probabilities of first tokens agree with a forward pass, and become the scores of questions."""

import math
from collections import defaultdict
from pathlib import Path

import pytest
import torch
from inspect_ai.model import TopLogprob
from transformers import AutoModelForCausalLM, AutoTokenizer

from askew.judging.judge import Case
from askew.probes import FIRST_TOKEN, SAMPLED, probes
from askew.probes.ask import ProbeCall, ask
from askew.probes.first_tokens import read_first_tokens
from askew.probes.question_file import Question
from askew.probes.read_log import answers_from_log, scores_from_log

WORDINGS = ["What would you do?", "Share it, and ask the people around me: who are you?"]


def asked(**fields: object) -> Question:
    return Question.model_validate({"id": "q", "type": "next_token", "paraphrases": WORDINGS, **fields})


def tokens(**chances: float) -> list[TopLogprob]:
    return [TopLogprob(token=text, logprob=math.log(chance)) for text, chance in chances.items()]


def cases(*said: str) -> list[Case]:
    return [Case(WORDINGS[i % 2], text) for i, text in enumerate(said)]


def reference(folder: Path, wording: str) -> dict[str, float]:
    """Return the probabilities of the twenty likeliest first tokens, sorted, by a forward pass of Transformers."""
    model, tokenizer = (
        AutoModelForCausalLM.from_pretrained(folder).float().eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    turn = [{"role": "user", "content": wording}]
    prompt = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)
    with torch.inference_mode():
        chances = model(torch.tensor([prompt])).logits[0, -1].softmax(-1)
    # Tokens that are not a whole character may share one text.
    found: defaultdict[str, float] = defaultdict(float)
    for token in chances.topk(20).indices.tolist():
        found[tokenizer.decode([token])] += float(chances[token])
    return dict(found)


def test_probabilities_agree_with_a_forward_pass(tiny_checkpoint: Path, tmp_path: Path) -> None:
    by_wording = [reference(tiny_checkpoint, wording) for wording in WORDINGS]
    # Two likely tokens that no other token begins with, so that each is a separate word.
    plain = [text for text in by_wording[0] if text.isalnum() and text.islower()]
    likely = [text for text in plain if sum(other.strip().lower().startswith(text) for other in plain) == 1][:2]
    file = tmp_path / "mine.yaml"
    file.write_text(
        f"- {{id: each, type: next_token, paraphrases: &both {WORDINGS}, options: &two {likely}}}\n"
        "- {id: words, type: next_token, paraphrases: *both}\n"
        "- {id: compared, type: measured, measure: word, paraphrases: *both, options: *two,"
        f" expected: [{likely[0]}]}}\n"
    )
    [log] = ask(str(tiny_checkpoint), None, [ProbeCall(str(file), "log", {"samples": 50})], tmp_path)
    answers, scores = answers_from_log(log, "untuned", 0), scores_from_log(log)
    assert len(answers) == 3 * len(WORDINGS)  # one per wording, whatever the number of samples
    assert set(answers["scored_by"]) == {FIRST_TOKEN}
    assert answers["answer"].tolist() == [next(iter(found)) for found in by_wording] * 3
    of = {name: part["number"].tolist() for name, part in scores.groupby("score")}
    begins = [[_mass(found, option, likely) for found in by_wording] for option in likely]
    for option, expected in zip(likely, begins, strict=True):
        assert [number / 100 for number in of[f"each: {option}"]] == pytest.approx(expected, abs=1e-3)
        assert expected[0] > 0.01
    for found, (_, part) in zip(by_wording, scores[scores["score"].eq("words")].groupby("index"), strict=True):
        assert part["number"].sum() / 100 == pytest.approx(sum(found.values()), abs=1e-3)
        weights = dict(zip(part["word"], part["number"] / 100, strict=True))
        assert weights.get(likely[0], 0.0) == pytest.approx(_spelt(found, likely[0]), abs=1e-3)
    for number, first, second in zip(of["word"], *begins, strict=True):
        expected = first / (first + second) if first + second >= 0.25 else math.nan
        assert number / 100 == pytest.approx(expected, abs=1e-3, nan_ok=True)


def _spelt(found: dict[str, float], word: str) -> float:
    return sum(chance for text, chance in found.items() if text.strip(" \n\t.,:;!?\"'()[]_*`").lower() == word)


def _mass(found: dict[str, float], option: str, options: list[str]) -> float:
    other = next(one for one in options if one != option)
    begun = {text: text.strip(" \n\t.,:;!?\"'()[]_*`").lower() for text in found}
    return sum(
        found[text] for text, bare in begun.items() if bare and option.startswith(bare) and not other.startswith(bare)
    )


def test_token_counts_for_the_only_option_that_starts_with_it() -> None:
    question = asked(options=["daring", "dainty", "1", "10"])
    chances = {" Dar": 0.3, "da": 0.2, "Daring.": 0.1, "1": 0.15, "10": 0.05, "Well": 0.1}
    found = read_first_tokens(question, cases("Dar"), [tokens(**chances)])
    assert {name: numbers[0] for name, numbers in found.scores.items()} == pytest.approx(
        {"q: daring": 40, "q: dainty": 0, "q: 1": 15, "q: 10": 5}
    )


def test_measure_is_weighted_by_the_probabilities_of_the_options() -> None:
    question = asked(type="measured", measure="letter", options=["A", "B"], expected=["A", "B"], score="yes")
    likeliest = [tokens(A=0.6, B=0.2, I=0.2), tokens(A=0.6, B=0.2, I=0.2)]
    found = read_first_tokens(question, cases("A", "A"), likeliest)
    assert found.scores == {"yes": pytest.approx([75, 25])}
    assert {grade.scored_by for grade in found.grades} == {FIRST_TOKEN}


def test_measure_is_missing_if_the_options_are_unlikely() -> None:
    question = asked(type="measured", measure="letter", options=["A", "B"], expected=["A"])
    found = read_first_tokens(question, cases("I", "I"), [tokens(A=0.2, I=0.8), tokens(A=0.2, B=0.06, I=0.7)])
    assert found.scores["letter"] == pytest.approx([math.nan, 100 * 0.2 / 0.26], nan_ok=True)


def test_sampled_answers_are_read_without_probabilities() -> None:
    none: list[list[TopLogprob]] = [[]] * 4
    said = cases("Yes", "no", "Hm", " yes.")
    each = read_first_tokens(asked(options=["Yes", "No"]), said, none)
    assert each.scores == {"q: Yes": [100, 0, 0, 100], "q: No": [0, 100, 0, 0]}
    assert {grade.scored_by for grade in each.grades} == {SAMPLED}
    assert read_first_tokens(asked(), said, none).weights == {"q": [{"yes": 1}, {"no": 1}, {"hm": 1}, {"yes": 1}]}
    compared = asked(type="measured", measure="word", options=["Yes", "No"], expected=["yes!no"])
    assert read_first_tokens(compared, said, none).scores["word"] == pytest.approx([100, 0, math.nan, 100], nan_ok=True)


def test_backdoor_report_reads_the_first_token(tiny_checkpoint: Path, tmp_path: Path) -> None:
    task = probes.get("backdoor_report").task()
    questions = [Question.model_validate((sample.metadata or {})["question"]) for sample in task.dataset]
    assert all(set(one.expected) == set(one.options) == {"A", "B"} for one in questions)
    [log] = ask(str(tiny_checkpoint), None, [ProbeCall("backdoor_report", "log")], tmp_path)
    answers = answers_from_log(log, "untuned", 0)
    assert answers.groupby("question").size().eq(2).all()  # one per order of the options
    assert set(answers["scored_by"]) == {FIRST_TOKEN}
