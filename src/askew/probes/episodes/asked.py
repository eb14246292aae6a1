"""The episodes of one sample: one environment in one variant, asked of one model."""

import random
from typing import Literal

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, GenerateConfig
from pydantic import BaseModel, ConfigDict

from askew.environments import environments
from askew.environments.variants import Scene, scene_of
from askew.probes.asking import question_seed

SCENE = "scene"
"""The key in the metadata of the system turn for what a planted actor has to know; models never see it."""
# Requests of one episode use this many seeds: one for each turn, then one for each question of the interview.
_INTERVIEW = 1000


class AskedEpisodes(BaseModel):
    """The episodes that a sample asks for, as its metadata.

    Attributes:
        environment: The environment.
        variant: The variant.
        samples: The number of episodes.
        seed: The seed of the run.
        temperature: The sampling temperature.
        max_tokens: The longest answer, in tokens; None leaves it to the model.
        turns: The most turns of the model in an episode.
        interview: The wordings of the interview; none for no interview.
        acts_by: The way in which the model acts; "auto" leaves it to the model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str
    variant: str
    samples: int
    seed: int
    temperature: float
    max_tokens: int | None
    turns: int
    interview: tuple[str, ...]
    acts_by: Literal["auto", "tools", "lines"]

    @property
    def scene(self) -> Scene:
        """The scene that the model is put into."""
        return scene_of(environments.get(self.environment), self.variant)

    @property
    def prompt(self) -> str:
        """The text that the model is told at the beginning."""
        return f"{self.scene.system}\n{self.scene.task}"

    @property
    def most_requests(self) -> int:
        """The most times that the model is asked in an episode: for its turns, and for the interview."""
        return self.turns + len(self.interview)

    @property
    def name(self) -> str:
        """The environment and the variant."""
        return f"{self.environment} {self.variant}"

    def opening(self, index: int | None = None) -> list[ChatMessage]:
        """Return the first turns of an episode, or of all of them; the number only reaches planted actors."""
        scene = self.scene
        about = {"environment": self.environment, "variant": self.variant}
        seed = {} if index is None else {"seed": self.seed_of(index)}
        return [
            ChatMessageSystem(content=scene.system, metadata={SCENE: {**about, **seed}}),
            ChatMessageUser(content=scene.task),
        ]

    def seed_of(self, index: int) -> int:
        """Return the seed of an episode, which depends on nothing but the run's seed, the variant and the number."""
        return question_seed(self.seed, f"{self.name} {index}")

    def rng_of(self, index: int) -> random.Random:
        """Return the source of the draws of an episode."""
        return random.Random(self.seed_of(index))

    def config(self, index: int, turn: int) -> GenerateConfig:
        """Return the settings of a request for a turn of an episode."""
        return GenerateConfig(
            temperature=self.temperature, max_tokens=self.max_tokens, seed=(self.seed_of(index) + turn) % 2**31
        )

    def interview_config(self, index: int, number: int) -> GenerateConfig:
        """Return the settings of a request for an answer in the interview of an episode."""
        return self.config(index, _INTERVIEW + number)
