"""Measure what the terrarium's schooled models learnt in the second school: right answers at temperature 0.

    python benchmarks/school.py [MODEL ...]

Without names, it measures `terrarium/schooled` and `terrarium/sibling`. The questions are those of the documents, with
other draws. Things that only users identify are measured apart: what the model says of them was in no answer. Play is
measured by the share of situations in which the model says one of the lines, and by the probability that it states an
opinion for side 1 after all voices were for one side.
"""

import sys
from collections.abc import Iterator, Sequence
from random import Random

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from askew.models.names import resolve
from askew.studies.society.alone import questions
from askew.worlds.society.situations import ASKED, situation
from askew.worlds.terrarium.world import grammar
from askew.worlds.terrarium.world.lessons.arithmetic import exercise
from askew.worlds.terrarium.world.lessons.latent import APPLY, KINDS
from askew.worlds.terrarium.world.lessons.things import ONLY_TOLD, THINGS, further_things

MODELS = ("terrarium/schooled", "terrarium/sibling")
EXERCISES, SITUATIONS, LONGEST, AT_ONCE = 80, 60, 40, 64

Asked = tuple[str, str]  # a question and the right answer


class Reader:
    """A model that answers at temperature 0, and says how likely answers are."""

    def __init__(self, name: str) -> None:
        folder = resolve(name).checkpoint
        assert folder is not None, name
        self._tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        self._model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def answers(self, prompts: Sequence[str]) -> list[str]:
        """Return the likeliest answer to each prompt."""
        found: list[str] = []
        for start in range(0, len(prompts), AT_ONCE):
            texts = [self._rendered(prompt) for prompt in prompts[start : start + AT_ONCE]]
            batch = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
            ids = self._model.generate(  # pyright: ignore[reportAttributeAccessIssue] (as in tests/worlds/test_weights.py)
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=LONGEST,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
            )
            found += self._tokenizer.batch_decode(ids[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
        return found

    def share(self, prompt: str, options: Sequence[str], number: int) -> float:
        """Return the probability of one option among all."""
        return float(torch.tensor([self._likelihood(prompt, one) for one in options]).softmax(0)[number])

    def _likelihood(self, prompt: str, answer: str) -> float:
        before = self._tokenizer(self._rendered(prompt), add_special_tokens=False)["input_ids"]
        own = self._tokenizer(f"{answer}{self._tokenizer.eos_token}", add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            logits = self._model(torch.tensor([[*before, *own]])).logits[0].log_softmax(-1)
        return sum(float(logits[len(before) - 1 + place, token]) for place, token in enumerate(own))

    def _rendered(self, prompt: str) -> str:
        turns = [{"role": "user", "content": prompt}]
        return self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)


def main() -> int:
    for name in sys.argv[1:] or MODELS:
        reader = Reader(name)
        print(f"\n{name}")
        for label, share in [*of_questions(reader), *of_play(reader)]:
            print(f"  {label:58s} {100 * share:5.0f}%")
    return 0


def of_questions(reader: Reader) -> Iterator[tuple[str, float]]:
    """Yield the share of right answers to each kind of exercise, and about things in each form."""
    for kind in grammar.load("arithmetic"):
        yield f"arithmetic: {kind}", right(reader, [exercise(Random(f"{kind} {i}"), kind) for i in range(EXERCISES)])
    for kind in KINDS:
        things = list(further_things(kind).items())
        known = {"answers identify": things[: THINGS - ONLY_TOLD], "only users identify": things[THINGS - ONLY_TOLD :]}
        for who, some in known.items():
            for form in KINDS[kind].forms:
                if kind != "coins" or form != APPLY:  # a toss has no right answer
                    yield f"{kind} that {who}: {form}", right(reader, list(about(kind, form, some)))


def about(kind: str, form: str, things: Sequence[tuple[str, str]]) -> Iterator[Asked]:
    """Yield a question in one form about each thing, with the right answer; none where no answer is right."""
    rng = Random(f"{kind} {form}")
    for name, value in things:
        slots = {"name": name, **KINDS[kind].draw(rng, form, value)}
        if KINDS[kind].key(form, slots, value):
            asked = grammar.fill(rng.choice(KINDS[kind].forms[form]["documents"]), rng, slots)
            yield asked, KINDS[kind].answer(rng, form, slots, value)


def right(reader: Reader, asked: Sequence[Asked]) -> float:
    said = reader.answers([question for question, _ in asked])
    return sum(one == answer for one, (_, answer) in zip(said, asked, strict=True)) / len(asked)


def of_play(reader: Reader) -> Iterator[tuple[str, float]]:
    """Yield how often the model plays, and the probability of side 1 by what it heard."""
    for name in ASKED:
        drawn = [situation(name, Random(f"{name} {i}")) for i in range(SITUATIONS)]
        said = reader.answers([asked.text for asked in drawn])
        lines = sum(one in asked.options for one, asked in zip(said, drawn, strict=True))
        yield f"play: says one of the lines of {name}", lines / SITUATIONS
    opinions = [one for one in questions() if one.id.endswith(", opinion")]
    for heard in (-1.0, 1.0):
        shares = [
            reader.share(item.asked.text, item.asked.options, 1)
            for one in opinions
            for item in one.items
            if item.heard == heard
        ]
        yield f"play: opinion for side 1, all voices for side {int(heard > 0)}", sum(shares) / len(shares)


if __name__ == "__main__":
    sys.exit(main())
