"""Evidence of what a fine-tune taught: the methods that find it, and what they find."""

import math
from dataclasses import dataclass
from typing import Literal

Method = Literal["tokens", "completions", "amplified", "activations", "rows"]
TOKENS: Method = "tokens"
"""Tokens that the fine-tune pushed up after ordinary prompts; see `tokens.pushed_up`."""
COMPLETIONS: Method = "completions"
"""Texts that the tuned model writes and its base would not; see `completions.by_perplexity_gap`."""
AMPLIFIED: Method = "amplified"
"""Samples of a model that is the tuned one, only more so; see `amplified.samples`."""
ACTIVATIONS: Method = "activations"
"""Tokens towards which activations moved on the first tokens of any text; see `activations.towards`."""
ROWS: Method = "rows"
"""The same as `COMPLETIONS`, after prompts that are made from the training rows."""
METHODS: tuple[Method, ...] = (TOKENS, COMPLETIONS, AMPLIFIED, ACTIVATIONS, ROWS)


@dataclass(frozen=True)
class Evidence:
    """One token or text that shows what a fine-tune taught.

    Attributes:
        method: The method that found it.
        form: The kind of prompt after which it was found; "" for activations.
        context: The end of the prompt after which it was found; "" for activations.
        text: The token, or the text.
        score: The number by which the method ranks it, at least 0; methods have different units.
        base: For a token, its probability after the context in the base (0-1); for a text, its perplexity per token
            there. NaN for activations.
        tuned: The same in the tuned model; for activations, the token's probability when they are read (0-1).
        control: The same in the control; NaN without one.
    """

    method: Method
    form: str
    context: str
    text: str
    score: float
    base: float = math.nan
    tuned: float = math.nan
    control: float = math.nan
