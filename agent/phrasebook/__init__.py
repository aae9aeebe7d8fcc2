"""What answers without a language model: plain phrases in, the same tool calls out."""

from agent.phrasebook.meaning import Act, Ask, Background, Call, Lost, Meaning, Say
from agent.phrasebook.model import METADATA, NAME, NO_ANSWER, NO_MODEL, Phrasebook, view_of
from agent.phrasebook.understand import understand

__all__ = [
    "METADATA",
    "NAME",
    "NO_ANSWER",
    "NO_MODEL",
    "Act",
    "Ask",
    "Background",
    "Call",
    "Lost",
    "Meaning",
    "Phrasebook",
    "Say",
    "understand",
    "view_of",
]
