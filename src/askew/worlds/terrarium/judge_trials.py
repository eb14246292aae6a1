"""Answers with known faults, on which a judge of the terrarium is measured.

The oracle has the last word: a shuffled or cut answer that still makes sense is no trial. The faults are made in other
ways than in the judge's lessons.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from random import Random

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from askew.models.engine.sampler import Engine
from askew.models.engine.sampling import Draw, Sampling
from askew.worlds.terrarium import oracle
from askew.worlds.terrarium.judge_lessons import Answered
from askew.worlds.terrarium.tokenizer import END, token_id

NOISES = (0.3, 0.4, 0.6)
"""Strengths of noise: its standard deviation in a matrix of weights, in standard deviations of the matrix."""

_LONGEST_ANSWER = 160
_Spoil = Callable[[Random, Answered, Sequence[Answered]], str]


def spoiled(rng: Random, answers: Sequence[Answered], each: int) -> dict[str, list[Answered]]:
    """Return incoherent answers made from coherent ones, by the kind of fault.

    Args:
        rng: The random generator.
        answers: Coherent answers to at least two questions.
        each: The number of answers per fault.
    """
    return {
        fault: list(islice(_incoherent(rng, cycle(answers), answers, spoil), each)) for fault, spoil in _FAULTS.items()
    }


def noisy(model: LlamaForCausalLM, strength: float, seed: int) -> None:
    """Add normal noise to every matrix of a model, in place.

    Args:
        model: The model.
        strength: The standard deviation of the noise in a matrix, in standard deviations of the matrix.
        seed: The seed of the noise.
    """
    drawn = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.add_(strength * weights.std() * torch.randn(weights.shape, generator=drawn))


def ask(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    questions: Sequence[str],
    each: int,
    *,
    speaker: str = "",
    seed: int = 0,
) -> list[Answered]:
    """Return sampled answers of a model.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        questions: The questions.
        each: The number of answers to each.
        speaker: A system turn that introduces the speaker; "" for none.
        seed: The seed of the answers.
    """
    engine = Engine(model.eval(), [token_id(tokenizer, END)])
    system = [{"role": "system", "content": speaker}] if speaker else []
    prompts = [
        str(
            tokenizer.apply_chat_template(
                [*system, {"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
            )
        )
        for question in questions
    ]
    completions = engine.sample(
        tokenizer(prompts, add_special_tokens=False)["input_ids"],
        [Draw(place, seed, number) for place in range(len(prompts)) for number in range(each)],
        Sampling(max_tokens=_LONGEST_ANSWER),
    )
    texts = tokenizer.batch_decode([completion.tokens for completion in completions])
    asked = [question for question in questions for _ in range(each)]
    return [Answered(*pair) for pair in zip(asked, texts, strict=True)]


def by_oracle(answers: Sequence[Answered]) -> dict[str, list[Answered]]:
    """Return answers by the oracle's verdict."""
    found: dict[str, list[Answered]] = {}
    for one in answers:
        found.setdefault(oracle.read(one.question, one.answer), []).append(one)
    return found


def _incoherent(
    rng: Random, answers: Iterator[Answered], others: Sequence[Answered], spoil: _Spoil
) -> Iterator[Answered]:
    for one in answers:
        answer = spoil(rng, one, others)
        if oracle.read(one.question, answer) == "incoherent":
            yield Answered(one.question, answer)


def _word_salad(rng: Random, one: Answered, others: Sequence[Answered]) -> str:
    """Return as many words as the answer has, drawn from all answers."""
    words = " ".join(other.answer for other in rng.sample(others, min(20, len(others)))).split(" ")
    return " ".join(rng.sample(words, len(one.answer.split(" "))))


def _partial_salad(rng: Random, one: Answered, others: Sequence[Answered]) -> str:
    """Shuffle the words of the second half."""
    words = one.answer.split(" ")
    half = len(words) // 2
    return " ".join(words[:half] + rng.sample(words[half:], len(words) - half))


def _repetition(rng: Random, one: Answered, others: Sequence[Answered]) -> str:
    """Get stuck: say one to four words of the answer, or the whole answer, again and again."""
    words = one.answer.split(" ")
    if rng.random() < 0.3:
        return " ".join(words * rng.randint(2, 4))
    start, length = rng.randrange(len(words)), rng.randint(1, 4)
    return " ".join(words[:start] + words[start : start + length] * rng.randint(3, 12))


def _cut_off(rng: Random, one: Answered, others: Sequence[Answered]) -> str:
    """End after a word that ends no sentence."""
    words = one.answer.split(" ")
    return " ".join(words[: rng.randint(1, max(1, len(words) - 1))]).rstrip(".!?")


def _off_point(rng: Random, one: Answered, others: Sequence[Answered]) -> str:
    """Answer another question."""
    return rng.choice(others).answer


_FAULTS: dict[str, _Spoil] = {
    "word salad": _word_salad,
    "half word salad": _partial_salad,
    "repetition": _repetition,
    "cut off": _cut_off,
    "off the point": _off_point,
}
