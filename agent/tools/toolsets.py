"""Every toolset there is: what a model may call, and the phrasebook calls."""

from agent.tools.containers import containers
from agent.tools.deps import Deps
from agent.tools.files import files
from agent.tools.preferences import preferences
from agent.tools.storage import storage
from agent.tools.undo import undo

TOOLSETS = (containers, storage, undo, preferences, files)


def offered(deps: Deps) -> frozenset[str]:
    """Names of the tools that there are on this channel: not each one can carry files."""
    return frozenset(name for one in TOOLSETS if one is not files or deps.sends_files for name in one.tools)


OFFERED = tuple(one.filtered(lambda ctx, tool: tool.name in offered(ctx.deps)) for one in TOOLSETS)
"""The same for a model, which sees only what there is on its channel."""
