"""The values of the setting `judge_check`: whether a judge is checked before it scores, and what its failure does."""

from typing import Literal

JudgeCheckSetting = Literal["stop", "warn", "skip"]

STOP: JudgeCheckSetting = "stop"
"""The judge is checked, and a judge that fails is refused."""
WARN: JudgeCheckSetting = "warn"
"""The judge is checked, and a judge that fails scores all the same, with a warning."""
SKIP: JudgeCheckSetting = "skip"
"""The judge is not checked."""
