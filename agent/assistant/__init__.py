"""The agent: instructions, tools and a model, answering one sentence at a time."""

from agent.assistant.assistant import Assistant
from agent.assistant.events import Event, Finished, TextDelta, ToolEnded, ToolStarted

__all__ = ["Assistant", "Event", "Finished", "TextDelta", "ToolEnded", "ToolStarted"]
