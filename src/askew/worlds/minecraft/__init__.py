"""A real Minecraft world for a society: a server and its players in one Node process, on this machine only.

The society's experiments run unchanged. Positions, sight and chat are Minecraft's, and are logged as they were
observed; goods, the common store and the draws are the island's.
"""

from askew.worlds.minecraft.bridge import Bridge, Left
from askew.worlds.minecraft.packages import DOWNLOAD, bridge_command, install, is_installed
from askew.worlds.minecraft.texts import chat_line, player_names
from askew.worlds.minecraft.world import MOST_AGENTS, Minecraft, check_agents

__all__ = [
    "DOWNLOAD",
    "MOST_AGENTS",
    "Bridge",
    "Left",
    "Minecraft",
    "bridge_command",
    "chat_line",
    "check_agents",
    "install",
    "is_installed",
    "player_names",
]
