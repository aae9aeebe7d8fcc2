"""Slash commands about what a person prefers: ``/quiet 22:00-07:00``, ``/mute quota``."""

import re

from agent.phrasebook.meaning import Act, Call, Lost, Meaning

PREFERENCES = {"quiet": "set_quiet_hours", "mute": "mute_messages", "unmute": "unmute_messages"}
"""The tool of each; what is said without more is shown."""

_BETWEEN = re.compile(r"\s*(?:-|\u2013|\bto\b|\s)\s*")
_HOURS = 2
"""A beginning and an end."""


def preference(command: str, rest: str) -> Meaning:
    """What is meant by one of these commands.

    Args:
        command: one of :data:`PREFERENCES`.
        rest: what stands behind it.
    """
    tool = PREFERENCES[command]
    if not rest:
        return Act((Call("show_preferences", {}),))
    if tool != "set_quiet_hours":
        return Act((Call(tool, {"kind": rest}),))
    hours = ["", ""] if rest.lower() == "off" else _BETWEEN.split(rest)
    if len(hours) != _HOURS:
        return Lost("/quiet 22:00-07:00")
    return Act((Call(tool, {"begin": hours[0], "end": hours[1]}),))
