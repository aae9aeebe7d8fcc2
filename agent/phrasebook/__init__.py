"""What answers without a language model: plain phrases in, the same tool calls out."""

from agent.phrasebook.meaning import Act, Ask, Background, Call, Lost, Meaning, Say
from agent.phrasebook.model import METADATA, NO_ANSWER, NO_MODEL, Phrasebook
from agent.phrasebook.understand import understand

__all__ = [
    "METADATA",
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
]
