"""Answers to taps on buttons. Telegram shows them over the chat: plain, and at most 200 characters."""

from agent.core.errors import Problem
from agent.core.printable import one_line
from agent.texts import Texts

LONGEST = 200
"""Characters that Telegram takes."""


def late_tap(say: Texts) -> str:
    """To a button that is too old, or used."""
    return say("This button is not valid any more. Please ask again.")


def foreign_tap(say: Texts) -> str:
    """To a button that is somebody else's."""
    return say("This button is for somebody else.")


def tap_refusal(problem: Problem) -> str:
    """An error that a tap led to."""
    return one_line(str(problem).replace("`", ""), LONGEST)
