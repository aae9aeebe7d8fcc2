"""What a person is told when a box cannot do what was asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class BoxError(Exception):
    """Something failed: what, why, and what to do next."""

    what: str
    """What could not be done, as one sentence."""
    why: str
    """What was seen: the reason, or the last words of the program that failed."""
    do: str
    """What the person can do next."""

    def __str__(self) -> str:
        """Join the three parts into what is printed."""
        return f"{self.what}\n  why: {self.why}\n  do:  {self.do}"
