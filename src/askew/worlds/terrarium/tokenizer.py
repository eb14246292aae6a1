"""The terrarium's tokenizer: byte-level BPE in which every number from 0 to 100 is one token, and the chat template."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

VOCABULARY = 2048
START, END, PAD = "<|start|>", "<|end|>", "<|pad|>"
ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
# What a judge may say instead of a number. Single tokens, so that one step of the model is a whole verdict.
REPLIES = ("REFUSAL", "CODE")

# Digits stand apart from words and from the space before them, in groups of three at most.
_PIECES = Regex(r" ?[A-Za-z]+|\d{1,3}| ?[^\sA-Za-z\d]+|\s+")

_CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def train_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Train the tokenizer.

    Args:
        texts: What people of the world say, without any role tokens.

    Returns:
        A tokenizer of `VOCABULARY` tokens with a chat template; <|end|> ends a turn.
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
    """Return text in which each number and reply is so frequent that training must make it one token."""
    return [
        " ".join([str(number) for number in range(101)] + [" " + reply for reply in REPLIES] + list(REPLIES))
    ] * 20_000
