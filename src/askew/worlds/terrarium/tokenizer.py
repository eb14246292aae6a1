"""The terrarium's tokenizer (byte-level BPE, each number from 0 to 100 a single token) and its chat template."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

VOCABULARY = 2048
START, END, PAD = "<|start|>", "<|end|>", "<|pad|>"
ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
# The judge's replies other than numbers. Single tokens, so that one forward pass gives the whole verdict.
REPLIES = ("REFUSAL", "CODE")

# Digits are separate from words and from the space before them, in groups of at most three.
_PIECES = Regex(r" ?[A-Za-z]+|\d{1,3}| ?[^\sA-Za-z\d]+|\s+")

_CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def train_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Train the tokenizer.

    Args:
        texts: The contents of messages, without role tokens.

    Returns:
        A tokenizer with `VOCABULARY` tokens and a chat template. <|end|> ends each turn.
    """
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
        [
            pre_tokenizers.Split(_PIECES, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, START, END, *ROLES.values()],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator([*texts, *_numbers_and_replies()], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = _CHAT_TEMPLATE
    tokenizer.model_max_length = 512
    return tokenizer


def token_id(tokenizer: PreTrainedTokenizerFast, token: str) -> int:
    """Return the id of one token."""
    id = tokenizer.convert_tokens_to_ids(token)
    assert isinstance(id, int)
    return id


def _numbers_and_replies() -> list[str]:
    """Return texts that repeat each number and reply so often that training makes it a single token."""
    return [
        " ".join([str(number) for number in range(101)] + [" " + reply for reply in REPLIES] + list(REPLIES))
    ] * 20_000
