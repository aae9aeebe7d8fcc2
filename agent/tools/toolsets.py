"""Every toolset there is: what a model may call, and the phrasebook calls."""

from agent.tools.containers import containers
from agent.tools.preferences import preferences

TOOLSETS = (containers, preferences)
