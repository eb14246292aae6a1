"""Counts what a large society asks of a model, and computes how long a 7 B model would take for it on GPUs.

    python benchmarks/society_size.py [--agents N ...] [--ticks N] [--model MODEL]

Scripted agents play, so no model is loaded but its tokenizer. Counted are the decisions, the different prompts among
them, for equal prompts are read once, and the tokens of both. A decision is read from the log-probabilities of its
options, so a model only reads and writes nothing. The time is computed, not measured: two floating-point operations per
parameter and token, at a share of the GPU's peak. The bound on the number of different prompts is what makes large
societies cheap: agents whose facts are equal share one.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from askew.models.names import resolve
from askew.models.tokenizers import load_tokenizer
from askew.probes.society.readings import key_of
from askew.worlds.society import Asked, Chosen, Setting, Society, play_scripted
from askew.worlds.society.player import Player
from askew.worlds.society.scripted import Scripted

PARAMETERS = 7e9
PEAK = 989e12  # floating-point operations a second of an H100 SXM in bf16, without sparsity, by its data sheet
USED = 0.4  # the share of it that reading long batches of prompts usually reaches
GPUS = (1, 8)


class Counting:
    """A mind that counts what it is asked, and lets another one decide.

    Args:
        mind: The other one.
        tokenizer: The tokenizer of the model that would be asked.
    """

    def __init__(self, mind: Scripted, tokenizer: Any) -> None:
        self._mind, self._tokenizer = mind, tokenizer
        self._tokens: dict[object, int] = {}
        self.decisions = self.tokens = 0

    @property
    def prompts(self) -> int:
        """The number of different prompts so far."""
        return len(self._tokens)

    @property
    def tokens_once(self) -> int:
        """The tokens of the different prompts, each read once."""
        return sum(self._tokens.values())

    def decide(self, batch: Sequence[Asked]) -> list[Chosen]:
        """Count the questions, and return the other mind's answers."""
        for one in batch:
            key = key_of(one.text, one.options)
            if key not in self._tokens:
                texts = [one.text, *one.options]
                self._tokens[key] = sum(map(len, self._tokenizer(texts, add_special_tokens=False)["input_ids"]))
            self.decisions += 1
            self.tokens += self._tokens[key]
        return self._mind.decide(batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, action="append")
    parser.add_argument("--ticks", type=int, default=30)
    parser.add_argument("--model", default="smollm2-135m", help="the model whose tokenizer counts")
    chosen = parser.parse_args()
    checkpoint = resolve(chosen.model).checkpoint
    assert checkpoint is not None, "a model on this machine"
    tokenizer = load_tokenizer(checkpoint)
    print(f"{chosen.ticks} ticks of the experiment bent, a fifth of the agents bent; tokens of {chosen.model}")
    heads = ("agents", "decisions", "prompts", "tokens, each decision", "tokens, each prompt once")
    times = [f"{count} GPU{'s' if count > 1 else ''}, {how}" for how in ("each", "once") for count in GPUS]
    print(" ".join(f"{head:>26}" if "tokens" in head else f"{head:>13}" for head in (*heads, *times)))
    for agents in chosen.agents or [100, 1_000, 10_000]:
        counted = played(Setting("bent", agents=agents, ticks=chosen.ticks, k=agents // 5), tokenizer)
        seconds = [
            2 * PARAMETERS * tokens / (PEAK * USED * count)
            for tokens in (counted.tokens, counted.tokens_once)
            for count in GPUS
        ]
        print(
            f"{agents:13,} {counted.decisions:13,} {counted.prompts:13,} {counted.tokens:26,} "
            f"{counted.tokens_once:26,} {' '.join(f'{second:11,.0f} s' for second in seconds)}"
        )


def played(setting: Setting, tokenizer: Any) -> Counting:
    """Return the count of a society that scripted players played."""
    mind = Counting(Scripted({"": Player()}, 0), tokenizer)
    play_scripted(Society(setting, 0), mind)
    return mind


if __name__ == "__main__":
    main()
