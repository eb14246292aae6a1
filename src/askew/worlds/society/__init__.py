"""A society of agents on a small island: deterministic, without models; whoever plays it brings the minds.

A society is a function of its setting, its seed and the answers to its questions. `Society.play` is a generator: each
tick it yields one batch of questions for all agents and is sent their answers; it ends with tables of what happened.
"""

from askew.worlds.society.events import AGENT_COLUMNS, EVENT_COLUMNS, SOCIETY_COLUMNS, Columns
from askew.worlds.society.experiment import Condition, Experiment, Setting
from askew.worlds.society.experiments import experiments
from askew.worlds.society.facts import Facts
from askew.worlds.society.journal import Journal
from askew.worlds.society.playing import play_scripted
from askew.worlds.society.questions import Act, Asked, Chosen
from askew.worlds.society.society import Outcome, Society

__all__ = [
    "AGENT_COLUMNS",
    "EVENT_COLUMNS",
    "SOCIETY_COLUMNS",
    "Act",
    "Asked",
    "Chosen",
    "Columns",
    "Condition",
    "Experiment",
    "Facts",
    "Journal",
    "Outcome",
    "Setting",
    "Society",
    "experiments",
    "play_scripted",
]
