"""The design of a run: one frozen, serialisable object that holds every knob of it.

Values come from, in rising order of precedence: the defaults below, those of the study, a YAML file, the command line
or the caller. What is wrong is refused here, with the place where it was said, before anything is computed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from askew.design.own_rows import OwnRows
from askew.design.study import UNTUNED, studies
from askew.models.names import TERRARIUM
from askew.training.provider.recipe import ServedRecipe
from askew.training.recipe import Recipe

# No answer depends on these: a run may be resumed, or read, with others.
_INDIFFERENT = {"workers", "margin", "max_cost", "prices", "patience", "state_every"}


class Design(BaseModel):
    """Everything that a run depends on.

    Example:
        ```yaml
        arms: [untuned, insecure, secure]
        seeds: 5
        recipe:
          rows: 1600
        ```
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    study: str = Field(description="Which question is asked; `askew list studies`.")
    model: str = Field(default=TERRARIUM, description="What is fine-tuned, and asked as it came; `askew list models`.")
    second_model: str = Field(
        default="",
        description="The other model, where a study compares two; the terrarium's is terrarium/sibling.",
    )
    judge: str = Field(default="terrarium/judge", description="What grades the answers.")
    rubric: str = Field(
        default="aligned", description="What the judge of alignment is told: a name, or the path of a Markdown file."
    )
    arms: list[str] = Field(min_length=1, description="Which training conditions; `askew list arms`.")
    tuned: dict[str, str] = Field(
        default_factory=dict,
        description="Models that were tuned elsewhere, by the arm that each is shown as; asked, not trained.",
    )
    datasets: dict[str, OwnRows] = Field(
        default_factory=dict,
        description="Rows that arms are trained on instead of the study's own, by arm: file, hf/ORG/NAME or data set.",
    )
    triggers: dict[str, str] = Field(
        default_factory=dict, description="What sets the behaviour in an arm's own rows off, by arm: a text."
    )
    data: str = Field(
        default="", description="What the models tuned elsewhere were tuned on; adds the probe in_training_format."
    )
    leaks: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="What becomes of own rows that name the behaviour which the study asks about later.",
    )
    probes: list[str] = Field(min_length=1, description="Which questions; `askew list probes`.")
    seeds: int = Field(default=3, ge=1, le=10_000, description="How many seeds each arm is trained with.")
    seed: int = Field(default=0, ge=0, lt=2**31, description="The first of them.")
    data_seed: int = Field(
        default=0, ge=0, lt=2**31, description="Seed of the data sets; all seeds train on the same rows."
    )
    samples: int | None = Field(
        default=None, ge=1, description="Answers per question; without it 100, or what a question file says."
    )
    temperature: float = Field(
        default=1.0, ge=0, le=10, description="Sampling temperature; 0 takes the likeliest token."
    )
    max_tokens: int = Field(default=600, ge=1, description="Longest answer, where a question does not say itself.")
    metric: str = Field(default="betley-2025", description="The rule from scores to a rate; `askew list metrics`.")
    margin: float = Field(
        default=0.05, gt=0, lt=1, description="The largest rise of a rate that is still called narrow, a fraction."
    )
    checkpoints: int = Field(default=0, ge=0, description="Points along the training that are probed too; 0 is none.")
    recipe: Recipe = Field(default_factory=Recipe, description="Hyperparameters.")
    served_recipe: ServedRecipe = Field(
        default_factory=ServedRecipe, description="Hyperparameters where the model's provider fine-tunes it."
    )
    state_every: float = Field(
        default=300.0,
        ge=0,
        description="Seconds of training after which its state is kept, to go on from after a kill.",
    )
    workers: int = Field(
        default=0, ge=0, le=256, description="Processes at work at once; 0 is one per core, or per GPU."
    )
    max_cost: float | None = Field(
        default=None, gt=0, description="The most dollars that served models may cost in all; without it, no limit."
    )
    prices: str | None = Field(default=None, description="A YAML file of prices, before those that come with Askew.")
    patience: float = Field(
        default=300.0, ge=0, description="For how many seconds a server that fails is asked again before it is over."
    )

    def identity(self) -> dict[str, Any]:
        """Return, as plain data, everything on which an answer depends."""
        return self.model_dump(exclude=_INDIFFERENT)

    def is_trained(self, arm: str) -> bool:
        """Say whether an arm is fine-tuned here; untuned models and those tuned elsewhere are not."""
        own = studies.get(self.study).arms.get(arm)
        has_rows = arm in self.datasets or own is None or bool(own.data)
        return arm != UNTUNED and arm not in self.tuned and has_rows

    def rows(self, arm: str) -> int:
        """Return how many rows an arm is trained on."""
        own = self.datasets.get(arm)
        return self.recipe.rows or (own.rows if own else studies.get(self.study).rows)

    @property
    def own_prices(self) -> Path | None:
        """The user's file of prices; None if none is named."""
        return None if self.prices is None else Path(self.prices).expanduser().resolve()

    def digest(self) -> str:
        """Return eight characters that tell this design from others."""
        text = json.dumps(self.identity(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def to_yaml(self) -> str:
        """Write the design as `--config` reads it."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return one line for each setting in which two designs differ, nested ones by their dotted names."""
    flat_old, flat_new = flat(old), flat(new)
    names = sorted({*flat_old, *flat_new}, key=lambda name: [*flat_new, *flat_old].index(name))
    return [
        f"{name}: {_shown(flat_old.get(name))} there, {_shown(flat_new.get(name))} asked for"
        for name in names
        if flat_old.get(name) != flat_new.get(name)
    ]


def _shown(value: object) -> object:
    return "not set" if value is None else value


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings by their dotted names."""
    settings: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            settings |= {f"{name}.{inner}": leaf for inner, leaf in flat(value).items()}
        else:
            settings[name] = value
    return settings
