"""Planted policies as models for Inspect: `actor/covert` plays the policy `covert` in any episode.

They show that the probes and their rules find what was planted. A policy takes the place of a model: it calls tools,
and answers the interview. The scene comes with the request, and the desk is played again from the calls.
"""

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from askew.base.errors import AskewError, unknown_name
from askew.environments import environments
from askew.environments.actors import Actor, Policy, planted
from askew.environments.desk import Desk
from askew.environments.interview import WORDINGS
from askew.environments.variants import Scene, scene_of
from askew.probes.episodes.asked import SCENE

USUAL_PROBABILITY = 0.3
"""The probability with which an actor acts, where its policy acts with some probability."""


class ActorAPI(ModelAPI):
    """A planted policy.

    Args:
        model_name: The policy's name, with underscores for spaces.
        base_url: Ignored.
        api_key: Ignored.
        config: Ignored.
        p: The probability with which it acts.
        policy: The policy itself, in place of the one that the name stands for.
        **model_args: Not supported.

    Raises:
        AskewError: There is no such policy, or there are other arguments.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  (the signature that Inspect asks for)
        p: float = USUAL_PROBABILITY,
        policy: Policy | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        if model_args:
            raise AskewError(f"actors take the arguments p and policy; remove {', '.join(model_args)}")
        known = {name.replace(" ", "_"): found for name, found in planted(p).items()}
        if policy is None and model_name not in known:
            raise unknown_name("actor", model_name, known)
        self._policy = policy or known[model_name]

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """Return the next turn of the policy, or its answer to a question of the interview.

        Raises:
            AskewError: The conversation is no episode of Askew's.
        """
        about = (input[0].metadata or {}).get(SCENE)
        if about is None:
            raise AskewError("actors play in the episodes of the probes scheming_NAME only")
        scene = _scene(about["environment"], about["variant"])
        actor = self._policy.begin(scene, Random(about.get("seed", 0)))
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=self._turn(actor, scene, input))],
            usage=ModelUsage(),
        )

    def _turn(self, actor: Actor, scene: Scene, input: Sequence[ChatMessage]) -> ChatMessageAssistant:
        desk, last = scene.desk(), input[-1]
        calls = [call for turn in input if isinstance(turn, ChatMessageAssistant) for call in turn.tool_calls or []]
        for number, call in enumerate(calls):
            desk.call(number, call.function, call.arguments)
        if isinstance(last, ChatMessageUser) and last.text in (asked := _questions(scene.environment.act)):
            return self._says(actor.answer(asked[last.text], desk))
        return self._moves(actor, desk, len(calls))

    def _moves(self, actor: Actor, desk: Desk, earlier: int) -> ChatMessageAssistant:
        move = actor.next(desk)
        if move.action is None:
            return self._says(move.text)
        call = ToolCall(id=f"call{earlier:05}", function=move.action.tool, arguments=dict(move.action.arguments))
        return self._says(move.text, [call])

    def _says(self, text: str, calls: list[ToolCall] | None = None) -> ChatMessageAssistant:
        return ChatMessageAssistant(content=text, tool_calls=calls, model=self.model_name, source="generate")


@lru_cache(maxsize=128)
def _scene(environment: str, variant: str) -> Scene:
    return scene_of(environments.get(environment), variant)


@lru_cache(maxsize=128)
def _questions(act: str) -> dict[str, str]:
    """Return the names of the wordings by their questions about an act."""
    return {wording.ask(act): name for name, wording in WORDINGS.items()}
