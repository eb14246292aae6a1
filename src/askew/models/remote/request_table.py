"""Finds out which parts of a request each served model takes, and keeps it for the run.

A request that is refused is sent again without the parts that the server names; if it names none, the parts that it has
never taken are left out one after the other. What is found holds for all later requests to the model, in this and later
sessions of the run, and is said once.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import anyio
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

from askew.models.first_token import likeliest
from askew.models.model_args import identified
from askew.models.remote.parts import INSTEAD, PARTS, Part, refused_parts, sent_parts, written_without
from askew.models.remote.provider_errors import RefusedRequest, RequestFailed, RequestFailure, classify
from askew.models.remote.reply_store import ReplyStore

Send = Callable[[list[ChatMessage], GenerateConfig, bool], Awaitable[ModelOutput]]
"""Sends a request; takes the turns, the settings, and whether the reply will be used."""


@dataclass
class RequestTable:
    """The parts of a request that served models take.

    Attributes:
        store: The store that keeps it; None keeps it in memory.
        say: Receives a line for each part that a model does not take.
    """

    store: ReplyStore | None
    say: Callable[[str], None]
    _taken: dict[str, dict[Part, bool]] = field(default_factory=dict)

    def taken(self, model: str) -> dict[Part, bool]:
        """Return whether a model takes each part, as far as it is known."""
        if model not in self._taken:
            stored = self.store.parts().get(model, {}) if self.store else {}
            self._taken[model] = {part: stored[part] for part in PARTS if part in stored}
        return self._taken[model]

    async def send(
        self, model: Model, messages: Sequence[ChatMessage], config: GenerateConfig, send: Send, trial: anyio.Lock
    ) -> ModelOutput:
        """Send a request in a form that the model takes.

        While it is not known whether the model takes all parts of the request, its requests are sent one by one.

        Args:
            model: The model.
            messages: The conversation.
            config: The sampling settings.
            send: Sends a request once.
            trial: A lock of the model in this event loop.

        Raises:
            RefusedRequest: Log-probabilities are wanted, and the model is known to give none.
            RequestFailed: `send` raises it, and the reason is not a part of the request.
        """
        name = _name(model)
        if not self._unknown(name, messages, config):
            return await self._try(model, messages, config, send)
        async with trial:
            return await self._try(model, messages, config, send)

    def _form(
        self, model: str, messages: Sequence[ChatMessage], config: GenerateConfig, left_out: Sequence[Part] = ()
    ) -> tuple[list[ChatMessage], GenerateConfig]:
        """Return a request without the parts that the model does not take, and without some others."""
        refused: set[Part] = {part for part, taken in self.taken(model).items() if not taken}
        return written_without(messages, config, refused.union(left_out))

    def _unknown(self, model: str, messages: Sequence[ChatMessage], config: GenerateConfig) -> bool:
        sent = sent_parts(*self._form(model, messages, config))
        return any(part not in self.taken(model) for part in sent)

    async def _try(
        self, model: Model, messages: Sequence[ChatMessage], config: GenerateConfig, send: Send
    ) -> ModelOutput:
        name = _name(model)
        if config.logprobs and self.taken(name).get("logprobs") is False:
            raise RefusedRequest(f"{name} gives no log-probabilities")
        left_out: dict[Part, str] = {}  # with the reasons
        while True:
            form = self._form(name, messages, config, [*left_out])
            try:
                output = await send(*form, True)
            except RequestFailed as failed:
                part, reason = await self._refused(model, form, failed, send)
                left_out[part] = reason
                continue
            self._learn(name, form, left_out, output)
            return output

    async def _refused(
        self, model: Model, form: tuple[list[ChatMessage], GenerateConfig], failed: RequestFailed, send: Send
    ) -> tuple[Part, str]:
        """Return a part that a server has refused and its reason; raise the error if that is not why it refused."""
        failure: RequestFailure = classify(failed.error, model)
        if failure.is_quota:
            raise failed
        sent = sent_parts(*form)
        named = refused_parts(failure.cause, failure.status, sent)
        if named:
            return named[0], failure.reason(model)
        if named is None:
            raise failed
        suspects: list[Part] = [part for part in sent if not self.taken(_name(model)).get(part)]
        for count, suspect in enumerate(suspects, start=1):
            try:
                await send(*written_without(*form, suspects[:count]), False)
            except RequestFailed as again:
                if classify(again.error, model).status != failure.status:
                    raise
            else:
                return suspect, failure.reason(model)
        raise failed

    def _learn(
        self,
        model: str,
        form: tuple[list[ChatMessage], GenerateConfig],
        left_out: dict[Part, str],
        output: ModelOutput,
    ) -> None:
        """Note what a reply shows: the parts that were sent are taken, and those that were left out are not."""
        for part, reason in left_out.items():
            self._note(model, part, False, reason)
        known = set(self.taken(model))
        for part in sent_parts(*form):
            if part == "n" and len(output.choices) == 1:
                taken, reason = part in known, "it sent a single answer"
            elif part == "logprobs" and not any(likeliest(choice) for choice in output.choices):
                taken, reason = part in known, "it sent none"
            else:
                taken, reason = True, ""
            self._note(model, part, taken, reason)

    def _note(self, model: str, part: Part, taken: bool, reason: str) -> None:
        if self.taken(model).get(part) == taken:
            return
        self.taken(model)[part] = taken
        is_news = self.store.note_part(model, part, taken, reason) if self.store else True
        if is_news and not taken:
            self.say(f"{model} takes no {_NAMES.get(part, part)}, so {INSTEAD[part]} ({reason})")


def _name(model: Model) -> str:
    """Return the name under which it is kept what a model takes; that may depend on its extra arguments."""
    return identified(str(model), model.config.model_dump(mode="json", exclude_none=True))


_NAMES: dict[Part, str] = {
    "logprobs": "log-probabilities",
    "system": "system turns",
    "n": "n (several answers at once)",
}
