"""Askew's provider for Inspect: `askew/NAME` runs any local model that `names.resolve` knows.

The provider converts text to token ids and back, and passes requests to the engine. It loads the weights with the first
request, because Inspect also creates providers only to look up a model. The n answers to a question are one request,
with `num_choices`.
"""

import random
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    Logprob,
    Logprobs,
    ModelAPI,
    ModelInfo,
    ModelOutput,
    ModelUsage,
    TopLogprob,
    set_model_info,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from askew.base.errors import AskewError
from askew.models.names import PROVIDER, resolve
from askew.models.template_variables import FIELD, variables_of_request
from askew.models.tool_calls import read_calls, template_tools, template_turn

if TYPE_CHECKING:
    from askew.models.chat_template import Turn
    from askew.models.checkpoints import Checkpoint
    from askew.models.engine.batching import Batcher, Request
    from askew.models.engine.completion import Completion, Stop

# Key in the metadata of the last user turn for a list of its paraphrases, beginning with the text of the turn itself.
# Choice i then answers paraphrase i modulo their number, all in one batch.
PARAPHRASES = "paraphrases"

# Key in the metadata of the last user turn for a list of given answers. The model then reads them instead of sampling:
# the choices are these answers to each paraphrase in turn, with the log-probability of each of their tokens.
GIVEN = "given"

# The limit in most published evaluations. The terrarium's own answers are much shorter.
DEFAULT_MAX_TOKENS = 600
_TERRARIUM_MAX_TOKENS = 160


class AskewAPI(ModelAPI):
    """A model computed in this process.

    Args:
        model_name: Any name that `names.resolve` takes.
        base_url: Ignored.
        api_key: Ignored.
        config: Default settings for generation; `chat_template_kwargs` in its `extra_body` are variables of the chat
            template.
        **model_args: Not supported.

    Raises:
        AskewError: The model does not exist or is not local, or there are model arguments or fields of requests.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  (the signature that Inspect asks for)
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        if model_args:
            raise AskewError(f"askew models take no model arguments; remove {', '.join(model_args)}")
        self.spec = resolve(model_name)
        if not self.spec.is_local:
            raise AskewError(f"{model_name!r} is a served model; name it without the prefix {PROVIDER}/")
        self._variables = variables_of_request(config)
        # Without this, Inspect would create a second provider to look the model up.
        set_model_info(f"{PROVIDER}/{model_name}", ModelInfo(model=model_name, organization=PROVIDER))

    @cached_property
    def checkpoint(self) -> "Checkpoint":
        """The model, loaded at first use."""
        from askew.models.checkpoints import load

        return load(self.spec, self._variables)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Sample `config.num_choices` answers to a conversation, or read given answers.

        Raises:
            AskewError: Tools are given and the chat template has no place for them, the conversation does not fit the
                model's context, or there are other variables of the chat template than those that the model was made
                with.
        """
        if tools:
            await anyio.to_thread.run_sync(self.check_takes_tools)
        if variables_of_request(config) != self._variables:
            raise AskewError(f"set {FIELD} for all requests to {self.model_name!r}: get_model(NAME, config=…)")
        if given := (input[-1].metadata or {}).get(GIVEN):
            return await anyio.to_thread.run_sync(self._read_given, input, given)
        request = await anyio.to_thread.run_sync(self._request, input, tools, config)
        self._batcher.enqueue(request)
        # A limiter for each waiting request, so that it does not block the threads that prepare other requests.
        alone = anyio.CapacityLimiter(1)
        answers = await anyio.to_thread.run_sync(self._batcher.answer, request, limiter=alone)
        calls = bool(tools) and tool_choice != "none"
        output = self._output(request, answers, with_special=calls)
        if calls:
            earlier = sum(len(turn.tool_calls or []) for turn in input if isinstance(turn, ChatMessageAssistant))
            for choice in output.choices:
                choice.message.content, choice.message.tool_calls = read_calls(choice.message.text, earlier)
        return output

    def check_takes_tools(self) -> None:
        """Check that the model can be shown tools; this loads it.

        Raises:
            AskewError: Its chat template has no place for tools, calls or their results.
        """
        if not self.checkpoint.takes_tools:
            raise AskewError(
                f"{self.model_name!r} cannot call tools: its chat template has no place for them. Ask it by lines "
                "(acts_by=lines), or use a model that was trained with tools"
            )

    def max_tokens(self) -> int:
        """Return the default limit on the tokens of an answer."""
        return _TERRARIUM_MAX_TOKENS if self.spec.is_terrarium else DEFAULT_MAX_TOKENS

    def max_connections(self) -> int:
        """Return the number of requests that may wait for the engine, which answers this many in one batch."""
        return 256

    async def count_text_tokens(self, text: str) -> int:
        """Return the number of tokens of a text by the model's own tokenizer; Inspect would download another one."""
        return len(await self.tokenize(text))

    async def tokenize(self, text: str) -> list[int]:
        """Return the token ids of a text."""
        return self.checkpoint.tokenizer.encode(text, add_special_tokens=False)

    @cached_property
    def _batcher(self) -> "Batcher":
        from askew.models.engine.batching import Batcher

        return Batcher(self.checkpoint.engine)

    def _request(self, messages: Sequence[ChatMessage], tools: Sequence[ToolInfo], config: GenerateConfig) -> "Request":
        from askew.models.engine.batching import Request
        from askew.models.engine.sampling import Draw, Sampling

        prompts = [self.checkpoint.prompt(wording, template_tools(tools)) for wording in _paraphrases(messages)]
        for prompt in prompts:
            self.checkpoint.engine.check_room(prompt)
        seed = random.getrandbits(63) if config.seed is None else config.seed % 2**63
        sampling = Sampling(
            max_tokens=config.max_tokens or self.max_tokens(),
            temperature=1.0 if config.temperature is None else config.temperature,
            top_p=1.0 if config.top_p is None else config.top_p,
            top_k=config.top_k,
            logprobs=(config.top_logprobs or 0) if config.logprobs else None,
        )
        draws = [Draw(i % len(prompts), seed, i) for i in range(config.num_choices or 1)]
        stop_words = tuple(config.stop_seqs or ())
        return Request(prompts, draws, sampling, self._stop(stop_words), stop_words)

    def _read_given(self, messages: Sequence[ChatMessage], given: Sequence[str]) -> ModelOutput:
        """Return the given answers to each wording, with the log-probability of each of their tokens."""
        prompts: list[tuple[int, ...]] = []
        answers: list[list[tuple[int, ...]]] = []
        rows: list[tuple[str, int, int]] = []  # each answer with its place in both lists
        for wording in _paraphrases(messages):
            numbers: dict[tuple[int, ...], int] = {}  # of the prompts of this wording; one as a rule
            for text in given:
                found = self.checkpoint.given_answer(wording, text)
                number = numbers.setdefault(found.prompt, len(prompts))
                if number == len(prompts):
                    prompts.append(found.prompt)
                    answers.append([])
                answers[number].append(found.answer)
                rows.append((text, number, len(answers[number]) - 1))
        found = self.checkpoint.engine.answer_logprobs(prompts, answers)
        choices = [
            self._given_choice(text, answers[number][place], found[number][place].tolist())
            for text, number, place in rows
        ]
        read = sum(map(len, prompts)) + sum(len(answer) for of_prompt in answers for answer in of_prompt)
        usage = ModelUsage(input_tokens=read, total_tokens=read)
        return ModelOutput(model=self.model_name, choices=choices, usage=usage)

    def _given_choice(self, text: str, tokens: Sequence[int], values: Sequence[float]) -> ChatCompletionChoice:
        texts = self.checkpoint.token_texts
        content = [Logprob(token=texts[token], logprob=value) for token, value in zip(tokens, values, strict=True)]
        message = ChatMessageAssistant(content=text, model=self.model_name)
        return ChatCompletionChoice(message=message, logprobs=Logprobs(content=content))

    def _stop(self, words: tuple[str, ...]) -> "Stop | None":
        """Return a function that ends an answer once it contains one of some words; None without words."""
        if not words:
            return None
        # The last tokens that may contain a word: a token has at least one byte.
        window = max(len(word.encode()) for word in words) + 4

        def ends(tokens: list[int]) -> bool:
            end = self.checkpoint.text(tokens[-window:])
            return any(word in end for word in words)

        return ends

    def _output(self, request: "Request", answers: "Sequence[Completion]", with_special: bool) -> ModelOutput:
        read = sum(len(prompt) for prompt in request.prompts)
        written = sum(len(answer.tokens) for answer in answers)
        return ModelOutput(
            model=self.model_name,
            choices=[self._choice(answer, request.stop_words, with_special) for answer in answers],
            usage=ModelUsage(input_tokens=read, output_tokens=written, total_tokens=read + written),
        )

    def _choice(self, answer: "Completion", stop_words: tuple[str, ...], with_special: bool) -> ChatCompletionChoice:
        text = self.checkpoint.text(answer.tokens, with_special)
        cuts = [at for at in (text.find(word) for word in stop_words) if at >= 0]
        texts = self.checkpoint.token_texts if answer.logprobs else []
        logprobs = [
            Logprob(
                token=texts[step.token],
                logprob=step.logprob,
                top_logprobs=[TopLogprob(token=texts[token], logprob=value) for token, value in step.likeliest],
            )
            for step in answer.logprobs
        ]
        return ChatCompletionChoice(
            message=ChatMessageAssistant(
                content=text[: min(cuts)] if cuts else text, model=self.model_name, source="generate"
            ),
            stop_reason="stop" if answer.stopped else "max_tokens",
            logprobs=Logprobs(content=logprobs) if logprobs else None,
        )


def _paraphrases(messages: Sequence[ChatMessage]) -> "list[list[Turn]]":
    """Return the conversation once with each paraphrase of its last turn, in the format of chat templates."""
    turns = [template_turn(message) for message in messages]
    wordings = (messages[-1].metadata or {}).get(PARAPHRASES) or [turns[-1]["content"]]
    return [[*turns[:-1], {**turns[-1], "content": wording}] for wording in wordings]
