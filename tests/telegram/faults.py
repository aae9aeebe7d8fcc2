"""What goes wrong on the way, on demand."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Literal

Moment = Literal["", "before", "after"]
"""Before a call is carried out, or after it."""


@dataclass(frozen=True)
class Fault:
    """One way to fail.

    Attributes:
        status: answered instead of carrying out the call.
        retry_after: of a 429.
        drop: the connection is cut: before the call is carried out, or after, so that the bot cannot know.
        hold: the call stands still there until the faults are released: a moment to kill a bot at.
        delay: seconds between carrying out and answering.
        moved_to: the number that the group has now, of which Telegram does not take the old one any more.
    """

    status: int = 0
    retry_after: int = 0
    drop: Moment = ""
    hold: Moment = ""
    delay: float = 0
    moved_to: int = 0


@dataclass
class _Rule:
    fault: Fault
    method: str
    left: int


@dataclass
class Faults:
    """The faults that are still to come.

    Attributes:
        held: how many calls stand still now.
    """

    held: int = 0
    _rules: list[_Rule] = field(default_factory=list[_Rule])
    _gone_until: float = 0
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)
    _releases: int = 0

    def add(self, fault: Fault, times: int = 1, method: str = "") -> None:
        """Let the next calls fail.

        Args:
            fault: how.
            times: how many of them.
            method: only calls of this method; any if empty.
        """
        self._rules.append(_Rule(fault, method.lower(), times))

    def clear(self) -> None:
        """Let nothing fail that has not begun to."""
        self._rules.clear()
        self._gone_until = 0

    def outage(self, seconds: float) -> None:
        """Cut every connection on which something is asked or answered, for a while."""
        self._gone_until = time.monotonic() + seconds

    def gone(self) -> bool:
        """Whether the network is gone now."""
        return time.monotonic() < self._gone_until

    def take(self, method: str) -> Fault:
        """What happens to this call."""
        if self.gone():
            return Fault(drop="before")
        for rule in self._rules:
            if rule.left > 0 and rule.method in {"", method.lower()}:
                rule.left -= 1
                return rule.fault
        return Fault()

    async def hold(self) -> None:
        """Stand still until the next release."""
        async with self._moved:
            turn = self._releases
            self.held += 1
            self._moved.notify_all()
            try:
                await self._moved.wait_for(lambda: self._releases > turn)
            finally:
                self.held -= 1

    async def release(self) -> int:
        """Let everything go on that stands still; returns how many calls did."""
        async with self._moved:
            released = self.held
            self._releases += 1
            self._moved.notify_all()
        return released

    async def holding(self, calls: int, seconds: float) -> int:
        """Wait until so many calls stand still, or for so long; returns how many do."""
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self.held >= calls)
        except TimeoutError:
            pass
        return self.held
