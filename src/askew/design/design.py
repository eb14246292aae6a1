"""The design of a run: one frozen, serialisable object with every setting.

Each setting is one field. Its type, default, limits, description and `Flag` determine the command line, the parameters
of `askew.run` and `askew.audit`, the reference page and the command that reproduces a run; see `askew.base.knobs`.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from askew.base import yaml_files
from askew.base.errors import AskewError
from askew.base.knobs import Flag, For, Operational, knobs
from askew.design.config_file import read_fraction
from askew.design.executors import LOCAL, read_executor
from askew.design.history import HistorySettings
from askew.design.networks import GrokkingSettings
from askew.design.own_rows import OwnRows
from askew.design.societies import SocietySettings
from askew.judging.check_setting import STOP, JudgeCheckSetting
from askew.models.names import TERRARIUM
from askew.training.provider.recipe import ServedRecipe
from askew.training.recipe import Recipe
from askew.training.trackers import Tracker

Until = Literal["all", "told"]
ALL_ASKED: Until = "all"
TOLD: Until = "told"

DEFAULT_LIMIT = 100
"""The most answers to each question of a run that stops when its verdict is told, if the design does not say."""


def _question_file(option: str, path: str) -> str:
    """Return the probe that asks a question file."""
    from askew.probes import of_file

    return of_file(path)


def _environment(option: str, name: str) -> str:
    """Return the probe that puts a model into an environment."""
    from askew.probes.environment_names import of_environment

    return of_environment(name)


def _until(option: str, word: str) -> str:
    """Return when asking stops.

    Raises:
        AskewError: It is neither of the words.
    """
    if word not in (ALL_ASKED, TOLD):
        raise AskewError(f"{option} is {word!r}: it must be {TOLD!r}, or be left out to ask all answers")
    return word


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

    study: Annotated[str, For(())] = Field(description="The study; `askew list studies`.")
    model: Annotated[str, Flag(commands=("run",), metavar="MODEL", default="the study's", complete="models")] = Field(
        default=TERRARIUM,
        description="The model to fine-tune; it is also asked untuned; `askew list models`. Empty in grokking.",
    )
    second_model: Annotated[
        str,
        Flag(
            commands=("run",),
            metavar="MODEL",
            default="terrarium/sibling for the terrarium",
            complete="models",
        ),
    ] = Field(default="", description="The other model, in studies that compare two; `askew list models`.")
    judge: Annotated[
        str, Flag(metavar="MODEL", default="terrarium/judge for the terrarium, none for others", complete="models")
    ] = Field(
        default="",
        description="The model that grades the answers; `askew list models`. Without one, answers are kept unjudged.",
    )
    judge_check: Annotated[JudgeCheckSetting, Operational()] = Field(
        default=STOP,
        description="What to do if the judge fails its check: stop before answers are judged, or go on with a warning "
        "in the report; or skip the check.",
    )
    judgements: Annotated[str | None, Flag(metavar="FOLDER"), Operational()] = Field(
        default=None,
        description="A folder of judgements that runs share: equal text is judged once by the same judge and rubric.",
    )
    rubric: str = Field(
        default="aligned", description="The rubric for alignment: a name, or the path of a Markdown file."
    )
    arms: Annotated[
        list[str],
        Flag(
            "--arm",
            help="A training condition; `askew list arms`.",
            default="the study's",
            commands=("run",),
            metavar="ARM",
            complete="arms",
        ),
    ] = Field(min_length=1, description="Training conditions; `askew list arms`.")
    tuned: Annotated[dict[str, str], For(("run",))] = Field(
        default_factory=dict,
        description="Models tuned elsewhere, by the name of the arm that shows each; they are asked, not trained.",
    )
    datasets: Annotated[
        dict[str, OwnRows],
        Flag(
            "--data",
            commands=("run",),
            metavar="ARM=ROWS",
            help="Your own rows for an arm: a file, hf/ORG/NAME, or a data set of `askew list data`. "
            "A name that the study doesn't have makes a new arm.",
            parameter="data",
            is_file=True,
        ),
    ] = Field(
        default_factory=dict,
        description="Your own training rows instead of the study's, by arm: a file, hf/ORG/NAME or data set.",
    )
    triggers: Annotated[
        dict[str, str],
        Flag(
            "--trigger",
            help="The text that triggers the behaviour in an arm's own rows.",
            commands=("run",),
            metavar="ARM=TEXT",
        ),
    ] = Field(default_factory=dict, description="The text that triggers the behaviour in an arm's own rows, by arm.")
    data: Annotated[str, Flag(commands=("audit",), metavar="ROWS", is_file=True)] = Field(
        default="",
        description="The rows that the tuned models were trained on, in any format of `askew data check`; adds the "
        "probe in_training_format, which asks in their form.",
    )
    reading: Annotated[bool, Flag(commands=("audit",)), Operational()] = Field(
        default=True,
        description="Also read from the weights what the tuned models were taught; it is shown, and never counted.",
    )
    control: Annotated[str, Flag(commands=("audit",), metavar="NAME")] = Field(
        default="",
        description="The tuned model, by its name here, that learnt something harmless: what it shows as well is taken "
        "off the evidence of what the others were taught.",
    )
    leaks: Annotated[Literal["refuse", "allow"], For(("run",))] = Field(
        default="refuse",
        description="How to treat your own rows if they name the behaviour that the study asks about later.",
    )
    probes: Annotated[
        list[str],
        Flag(
            "--probe",
            metavar="PROBE",
            help="A probe, `askew list probes`; or an Inspect task, PACKAGE/TASK or FILE.py@TASK.",
            default="the study's",
            complete="probes",
        ),
        Flag(
            "--questions",
            metavar="FILE.yaml",
            help="A question file. It replaces the study's probes; with --probe, it is asked in addition.",
            is_file=True,
            read=_question_file,
        ),
        Flag(
            "--environment",
            commands=("run",),
            metavar="NAME",
            help="An environment in which a model acts, in scheming; `askew list environments`. It replaces the "
            "study's probes.",
            default="all, in scheming",
            complete="environments",
            read=_environment,
        ),
    ] = Field(description="Probes, or paths of question files; `askew list probes`. None in grokking.")
    variants: Annotated[
        list[str],
        Flag(
            "--variant",
            commands=("run",),
            metavar="NAME",
            help="A variant of each environment, in scheming; `askew list variants`.",
            default="plain, nudge, oversight, and the controls matched and reversed",
            complete="variants",
        ),
    ] = Field(
        default_factory=list,
        description="The variants of each environment, in scheming; none is plain, nudge, oversight, matched and "
        "reversed.",
    )
    interview: Annotated[bool, Flag(commands=("run",))] = Field(
        default=True, description="Ask a model afterwards what it did in each episode, in scheming."
    )
    society: SocietySettings = Field(
        default_factory=SocietySettings, description="The societies of agents that are played, in society."
    )
    grokking: GrokkingSettings = Field(
        default_factory=GrokkingSettings, description="The networks that are trained, in grokking."
    )
    history: HistorySettings = Field(
        default_factory=HistorySettings, description="The facts of history that are asked, in history."
    )
    seeds: Annotated[int, Flag(commands=("run",))] = Field(
        default=3, ge=1, le=10_000, description="The number of seeds that each arm is trained with."
    )
    seed: Annotated[int, Flag(commands=("run",)), Flag(commands=("audit",), help="Seed of the sampling.")] = Field(
        default=0, ge=0, lt=2**31, description="First seed; further seeds count up from it."
    )
    data_seed: Annotated[int, For(("run",))] = Field(
        default=0, ge=0, lt=2**31, description="Seed of the data sets; all seeds train on the same rows."
    )
    samples: Annotated[
        int | None, Flag(help="Answers per question.", default="the study's or the question file's, or 100")
    ] = Field(
        default=None,
        ge=1,
        description="Answers per question; if not set, the number of the study or of the question file, or 100.",
    )
    until: Annotated[
        Until,
        Flag(
            metavar="told",
            help="Ask and judge in batches, and stop as soon as more answers can no longer change the verdict; "
            "--samples is then the most answers per question.",
            default="all answers are asked",
            read=_until,
        ),
    ] = Field(
        default=ALL_ASKED,
        description="all: ask every answer; told: ask and judge in batches, and stop as soon as more answers can no "
        "longer change the verdict. Samples are then the most answers per question.",
    )
    prompts: Annotated[
        int,
        Flag(
            commands=("run",),
            help="The most prompts of each small task, in introspection and activations.",
            default="all",
        ),
    ] = Field(
        default=0,
        ge=0,
        description="The most prompts of each small task, in introspection and activations; 0 is all.",
    )
    temperature: Annotated[float, Flag()] = Field(
        default=1.0, ge=0, le=10, description="Sampling temperature; 0 takes the likeliest token."
    )
    max_tokens: int = Field(
        default=600, ge=1, description="The longest answer, in tokens, where the question sets no limit."
    )
    model_args: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="Extra arguments of the models that are asked: request fields, reasoning_effort, enable_thinking "
        "and other variables of the chat template, which training rows are rendered with too.",
    )
    judge_args: dict[str, JsonValue] = Field(
        default_factory=dict, description="Extra arguments of the judge: request fields and template variables."
    )
    metric: Annotated[str, Flag(metavar="METRIC", complete="metrics")] = Field(
        default="betley-2025", description="The rule that turns scores into a rate; `askew list metrics`."
    )
    margin: Annotated[
        float,
        Flag(
            metavar="SHARE",
            help="The smallest rise of a rate that matters, such as 2%.",
            default="2%",
            read=read_fraction,
        ),
        Operational(),
    ] = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="The smallest rise of a rate that matters, 0-1; readings name smaller ones apart.",
    )
    checkpoints: Annotated[int, Flag(commands=("run",))] = Field(
        default=0, ge=0, description="The number of points during training at which the model is also probed."
    )
    recipe: Recipe = Field(
        default_factory=Recipe, description="Hyperparameters: a recipe's name, or single values by name."
    )
    served_recipe: Annotated[ServedRecipe, For(("run",))] = Field(
        default_factory=ServedRecipe, description="Hyperparameters for models that their provider fine-tunes."
    )
    trackers: Annotated[
        list[Tracker],
        Flag(
            "--tracker",
            commands=("run",),
            metavar="tensorboard|wandb|mlflow",
            help="Send the losses of trainings on this machine to a tracker. May be repeated.",
            default="none",
        ),
        Operational(),
    ] = Field(
        default_factory=list,
        description="Trackers that are told the losses of trainings on this machine: tensorboard, wandb or mlflow.",
    )
    state_every: Annotated[float, For(("run",)), Operational()] = Field(
        default=300.0, ge=0, description="Seconds between saved training states, from which a killed run resumes."
    )
    workers: Annotated[int, Flag(), Operational()] = Field(
        default=0, ge=0, le=256, description="Processes that work at the same time; 0 is one per core, or per GPU."
    )
    executor: Annotated[
        str,
        Flag(
            metavar="WHERE",
            help="Do the work on this machine (local) or on a Ray cluster: ray for the one in RAY_ADDRESS or the one "
            "that this machine belongs to, or ray://HOST:PORT.",
            read=read_executor,
        ),
        Operational(),
    ] = Field(
        default=LOCAL,
        description="Where the work is done: local is this machine; ray is the Ray cluster in RAY_ADDRESS, or the one "
        "that this machine belongs to; ray://HOST:PORT is one that is used from outside.",
    )
    max_cost: Annotated[
        float | None,
        Flag(
            metavar="DOLLARS",
            help="The most dollars that served models may cost in total; the run stops before it exceeds this.",
            default="no limit",
        ),
        Operational(),
    ] = Field(
        default=None,
        gt=0,
        description="The most dollars that served models may cost in total; the run stops before it exceeds this.",
    )
    prices: Annotated[str | None, Flag(metavar="FILE.yaml", is_file=True), Operational()] = Field(
        default=None, description="A YAML file of prices, which override Askew's own."
    )
    patience: Annotated[float, Operational()] = Field(
        default=300.0,
        ge=0,
        description="Seconds for which a failing server is retried before the run gives up; one that has never "
        "answered, 5 at most.",
    )

    def settings(self) -> dict[str, Any]:
        """Return every setting on which an answer depends, as plain data."""
        return self.model_dump(exclude=_operational())

    def identity(self) -> dict[str, Any]:
        """Return the settings that make this design the same as another.

        A user's own rows are known by their content, so the place of their file is left out.
        """
        rows = {arm: own.model_dump(exclude={"source"}) for arm, own in self.datasets.items()}
        return {**self.settings(), "datasets": rows}

    @property
    def looks(self) -> tuple[int, ...]:
        """The number of answers to each question at each look at them; empty if all are asked before the first look.

        Raises:
            ValueError: The number of samples is lower than the first batch.
        """
        if self.until == ALL_ASKED:
            return ()
        from askew.stats.sequential import planned_looks

        return planned_looks(self.samples or DEFAULT_LIMIT)

    @property
    def shared_judgements(self) -> Path | None:
        """The path of the folder of judgements that runs share; None if none are shared."""
        return None if self.judgements is None else Path(self.judgements).expanduser().resolve()

    @property
    def own_prices(self) -> Path | None:
        """The path of the user's file of prices; None if there is none."""
        return None if self.prices is None else Path(self.prices).expanduser().resolve()

    def to_yaml(self) -> str:
        """Return the design in YAML, as `--config` reads it."""
        return yaml_files.dump(self.model_dump())


def digest_of(settings: Mapping[str, Any]) -> str:
    """Return eight hexadecimal characters that identify settings."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]


@cache
def _operational() -> set[str]:
    """Return the settings on which no answer depends."""
    return {knob.name for knob in knobs(Design) if knob.is_operational}


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting in which two designs differ, with dotted names for nested settings."""
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
    """Return nested settings as one mapping with dotted names."""
    settings: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            settings |= {f"{name}.{inner}": leaf for inner, leaf in flat(value).items()}
        else:
            settings[name] = value
    return settings
