"""What each kind of operation does, step by step."""

from agent.services.changes.changes import Changes
from agent.services.changes.parts import Parts, Recipe, Step

__all__ = ["Changes", "Parts", "Recipe", "Step"]
