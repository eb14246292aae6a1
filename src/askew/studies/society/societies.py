"""The societies of a run: every arm that is compared with another, in each setting, again and again."""

from collections.abc import Iterator, Mapping, Sequence

from askew.base.errors import AskewError
from askew.design.arm import Arm
from askew.design.design import Design
from askew.design.societies import EVERYONE, PlannedSociety, SocietySettings
from askew.worlds.society import Setting, experiments

BENT = "bent"


def societies(design: Design, arms: Mapping[str, Arm], controls: Mapping[str, str]) -> Sequence[PlannedSociety]:
    """Return the societies of a run, in the order in which they are shown.

    In the experiment bent, an arm with a control plays the bent agents, and its control the others. In the others, each
    arm plays all agents. Societies with the same number in a row of replicates have the same draws, so that they differ
    only in what is compared.

    Args:
        design: The design.
        arms: Its arms by name.
        controls: The control of each arm that has one.

    Raises:
        AskewError: A setting cannot be played, or no arm can play the bent agents.
    """
    chosen = design.society
    played = list(arms) if chosen.experiment != BENT else bent_arms(arms, controls)
    return tuple(
        PlannedSociety(
            _name(arm, setting),
            arm,
            setting,
            design.seed * 10_000 + setting.replicate,
            _players(arm, controls.get(arm, ""), setting),
        )
        for arm in played
        for setting in _settings(chosen)
    )


def bent_arms(arms: Mapping[str, Arm], controls: Mapping[str, str]) -> list[str]:
    """Return the arms whose models are bent: those that are trained, as their controls are, from the same start.

    Raises:
        AskewError: There are none.
    """
    found = [
        arm
        for arm, control in controls.items()
        if arms[arm].data and arms[control].data and arms[arm].start == arms[control].start
    ]
    if not found:
        raise AskewError(
            "no arm of this run can play the bent agents: name an arm and its control, such as --arm bad-medical "
            "--arm good-medical, with the arms that they start from"
        )
    return found


def _settings(chosen: SocietySettings) -> Iterator[Setting]:
    """Yield the settings of the societies of one arm.

    Raises:
        AskewError: There is no such experiment, or a setting cannot be played.
    """
    experiment = experiments.get(chosen.experiment)
    agents = chosen.agents or experiment.agents
    if chosen.bent and chosen.experiment != BENT:
        raise AskewError(f"the experiment {chosen.experiment} has no bent agents: leave --bent out")
    counts = chosen.bent or ([0, agents // 6, agents // 3, agents // 2] if chosen.experiment == BENT else [0])
    for topic in chosen.topics or [""]:
        for condition in chosen.conditions or experiment.conditions:
            for k in dict.fromkeys(counts):
                for replicate in range(chosen.societies):
                    yield experiment.whole(
                        Setting(
                            chosen.experiment,
                            condition,
                            agents,
                            chosen.ticks,
                            k,
                            topic,
                            chosen.size,
                            replicate=replicate,
                        )
                    )


def _players(arm: str, control: str, setting: Setting) -> dict[str, str]:
    if setting.experiment != BENT:
        return {EVERYONE: arm}
    return {EVERYONE: control, **({BENT: arm} if setting.k else {})}


def _name(arm: str, setting: Setting) -> str:
    topic = f"-{setting.topic}" if setting.topic else ""
    bent = f"-{setting.k:02}" if setting.experiment == BENT else ""
    return f"{setting.experiment}-{arm}-{setting.condition}{topic}{bent}-{setting.replicate}"
