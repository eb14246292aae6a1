"""The servers of the tests in `tests/real_servers`, for attacks that need a server."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests" / "real_servers"))

from scripted_server import Refusal, scripted_server
from tuning_server import TuningServer

__all__ = ["Refusal", "TuningServer", "scripted_server"]
