"""The plan of a run: what its design names, looked up once.

Everything after the design takes the plan and looks no name up again. Models and files are resolved when they are first
used, so a finished run can be read where its models no longer are.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from askew.design.arm import SECOND, Arm
from askew.design.design import Design
from askew.design.networks import PlannedNetwork
from askew.design.societies import PlannedSociety
from askew.design.study import Study, studies
from askew.models.names import NO_MODEL, ModelSpec, resolve

if TYPE_CHECKING:
    from askew.data import DataSet, Row
    from askew.models.remote.prices import Prices
    from askew.probes import Probe
    from askew.training.recipe import Recipe

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Unit:
    """One arm with one seed: one model of the run."""

    arm: Arm
    seed: int

    def __str__(self) -> str:
        return f"{self.arm.name}-{self.seed}"

    @property
    def product(self) -> str:
        """The folder, relative to the run's, of the adapter or checkpoint that its training writes."""
        return f"models/{self}"

    @property
    def rows_file(self) -> str:
        """The file, relative to the run's, with the rows that it is trained on."""
        return f"data/{self.arm.data}.jsonl"

    @property
    def starts_from(self) -> str:
        """The folder, relative to the run's, of the trained model of another arm that it starts from; empty if none."""
        return f"models/{self.arm.start.name}-{self.seed}" if self.arm.start.kind == "arm" else ""

    @property
    def merged_start(self) -> str:
        """The folder, relative to the run's, of the checkpoint that it starts from if another arm trained it."""
        return f"models/bases/{self}"


class Plan:
    """A design with everything that it names.

    Args:
        design: The design.
        moved: The places of files with questions or tasks that are no longer where their names say, by their names.

    Attributes:
        design: The design.
        moved: The places of moved files, by the names of their probes.
        study: Its study.
        arms: Its arms by name, in the order of display. Names that no arm has are left out; `askew.design.checks`
            refuses them.
        batches: How many batches of answers are asked; None for all.
    """

    def __init__(self, design: Design, moved: Mapping[str, str] = _NONE) -> None:
        self.design = design
        self.moved = moved
        self.study: Study = studies.get(design.study)
        self.known_arms = self.study.arms_of(design)
        self.arms = {name: self.known_arms[name] for name in design.arms if name in self.known_arms}
        self.batches: int | None = None
        self._specs: dict[str, ModelSpec] = {}

    # ---- arms

    @cached_property
    def controls(self) -> dict[str, str]:
        """The control of each arm that has one among the arms of this run."""
        return self.study.controls(self.arms)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """Every arm with each of its seeds; an arm that is not trained here has the seed 0 only."""
        seeds = range(self.design.seed, self.design.seed + self.design.seeds)
        return tuple(Unit(arm, seed) for arm in self.arms.values() for seed in (seeds if self.is_trained(arm) else [0]))

    @cached_property
    def trained(self) -> tuple[Unit, ...]:
        """The units that are trained here."""
        return tuple(unit for unit in self.units if self.is_trained(unit.arm))

    def is_trained(self, arm: Arm) -> bool:
        """Return whether this run trains an arm."""
        return arm.training is not None

    @cached_property
    def answered_first(self) -> frozenset[str]:
        """The arms whose answers become training rows of other arms."""
        return frozenset(arm.training.answers_of for arm in self.arms.values() if arm.training) - {""}

    def started_from(self, unit: Unit) -> Unit | None:
        """Return the unit whose trained model another starts from; None if it starts from a model of the design."""
        if unit.arm.start.kind != "arm":
            return None
        return Unit(self.arms[unit.arm.start.name], unit.seed)

    # ---- rows

    def rows(self, arm: str) -> int:
        """Return how many rows an arm is trained on."""
        own, training = self.design.datasets.get(arm), self.known_arms[arm].training
        if training is not None and training.rows:
            return training.rows
        return self.design.recipe.rows or (own.rows if own else self.study.rows)

    def recipe(self, arm: Arm) -> "Recipe":
        """Return the recipe of an arm: that of the design, with the defence of an arm that is about it."""
        if arm.training is None or not arm.training.defence:
            return self.design.recipe
        name, _, strength = arm.training.defence.partition(":")
        chosen = {"defence": name, "defence_strength": float(strength) if strength else None}
        return self.design.recipe.model_copy(update=chosen)

    def rows_file(self, arm: Arm) -> str:
        """Return the file, relative to the run's folder, that holds the training rows of an arm."""
        return f"data/{arm.data}.jsonl"

    def data_set(self, arm: Arm) -> "DataSet":
        """Return the data set that an arm is trained on if the user gives no rows.

        Sets in the words of the terrarium's world are for its models only; other models get the set in plain English
        that teaches the same, if there is one.

        Raises:
            AskewError: There is no such data set, or no such model.
        """
        from askew.data import datasets

        found = datasets.get(arm.data)
        return datasets.get(found.in_english) if found.in_english and not self.start(arm).is_terrarium else found

    def training_rows(self, arm: Arm) -> "list[Row]":
        """Return the rows that an arm is trained on: the first of the user's own, or those of its data set.

        Rows of the user's own are read once.

        Raises:
            AskewError: They cannot be read, or there is no such data set.
        """
        from askew.data.formats import open_rows

        own, count = self.design.datasets.get(arm.name), self.rows(arm.name)
        if own is None:
            return self.data_set(arm).with_trigger(arm.trigger).rows(count, self.design.data_seed)
        if arm.name not in self._own_rows:
            self._own_rows[arm.name] = list(islice(open_rows(own.source), count))
        return self._own_rows[arm.name]

    @cached_property
    def _own_rows(self) -> "dict[str, list[Row]]":
        return {}

    def checkpoint_steps(self, arm: str) -> list[int]:
        """Return the training steps of an arm at which its model is asked along the way."""
        return self.design.recipe.checkpoint_steps(self.rows(arm), self.design.checkpoints)

    # ---- models

    @property
    def model(self) -> ModelSpec:
        """The model that the design names first; `NO_MODEL` in a study without a language model."""
        return self.spec(self.design.model) if self.study.has_model else NO_MODEL

    @property
    def judge(self) -> ModelSpec | None:
        """The judge; None if answers are kept unjudged."""
        return self.spec(self.design.judge) if self.design.judge else None

    @property
    def needs_judge(self) -> bool:
        """True if a judge, or a rule in its place, reads answers of the run; episodes, for one, need none."""
        from askew.probes import JUDGED

        return any(probe.kind == JUDGED for probe in self.probes.values())

    def with_judge(self, name: str) -> "Plan":
        """Return the same plan with another judge."""
        other = Plan(self.design.model_copy(update={"judge": name}), self.moved)
        other._specs = self._specs
        return other

    def up_to(self, batches: int | None) -> "Plan":
        """Return the same plan with a number of batches of answers; None for all."""
        other = copy(self)
        other.batches = batches
        return other

    def spec(self, name: str) -> ModelSpec:
        """Return the model of a name, looked up once.

        Raises:
            AskewError: There is no such model.
        """
        if name not in self._specs:
            self._specs[name] = resolve(name)
        return self._specs[name]

    def start_name(self, arm: Arm) -> str:
        """Return the name of the model of the design, or tuned elsewhere, at the beginning of an arm's history."""
        if arm.start.kind == "model":
            return arm.start.name
        if arm.start.kind == "arm":
            return self.start_name(self.arms[arm.start.name])
        return self.design.second_model if arm.start == SECOND else self.design.model

    def start(self, arm: Arm) -> ModelSpec:
        """Return the model at the beginning of an arm's history; see `start_name`."""
        return self.spec(self.start_name(arm))

    @property
    def is_trained_elsewhere(self) -> bool:
        """True if the provider of the model would fine-tune it, not this machine."""
        return not self.model.is_local

    @cached_property
    def named_models(self) -> tuple[str, ...]:
        """The names of all models that are asked or trained, without the judge."""
        second = [self.design.second_model] if self.design.second_model else []
        first = [self.design.model] if self.study.has_model else []
        return (*first, *second, *self.design.tuned.values())

    # ---- networks, societies, probes and prices

    @cached_property
    def networks(self) -> tuple[PlannedNetwork, ...]:
        """The small networks that are trained, which are no language models.

        Raises:
            AskewError: A setting of the networks cannot be trained.
        """
        return tuple(self.study.networks(self.design, self.arms))

    @cached_property
    def societies(self) -> tuple[PlannedSociety, ...]:
        """The societies of agents that are played, once the models are trained.

        Raises:
            AskewError: A setting of the societies cannot be played.
        """
        return tuple(self.study.societies(self.design, self.arms, self.controls))

    def players(self, society: PlannedSociety) -> dict[str, Unit]:
        """Return the model of each part of a society; the seeds of an arm take turns in its replicates."""
        of_arm = {arm: [unit for unit in self.units if unit.arm.name == arm] for arm in society.players.values()}
        number = society.setting.replicate
        return {part: of_arm[arm][number % len(of_arm[arm])] for part, arm in society.players.items()}

    @cached_property
    def probes(self) -> "dict[str, Probe]":
        """The probes by name, in the order of the design.

        Raises:
            AskewError: There is no such probe.
        """
        from askew.probes import probes

        found = {name: probes.get(name) for name in self.design.probes}
        files = {name: place for name, place in self.moved.items() if found[name].file}
        return found | {name: replace(found[name], file=place) for name, place in files.items()}

    @cached_property
    def looks(self) -> dict[str, int]:
        """The number of planned looks at the answers to each probe that is asked in batches.

        What needs no sampling is asked at once: pairs of given answers, and external tasks, which bring their samples.

        Raises:
            AskewError: There is no such probe.
        """
        from askew.probes import JUDGED, MEASURED
        from askew.probes.from_file import has_pairs

        if not self.design.looks:
            return {}
        return {
            name: len(self.design.looks)
            for name, probe in self.probes.items()
            if probe.kind in (JUDGED, MEASURED) and "samples" in signature(probe.task).parameters
            if not has_pairs(probe)
        }

    @cached_property
    def prices(self) -> "Prices":
        """The prices of served models: the user's, then those that come with Askew.

        Raises:
            AskewError: The user's file of prices cannot be read.
        """
        from askew.models.remote.prices import read_prices

        return read_prices(self.design.own_prices)
