"""How fast a bot may send. Telegram publishes these numbers as rules of thumb; its own are not known."""

import math
import time
from dataclasses import dataclass, field

from tests.telegram.refusals import too_many


@dataclass
class Bucket:
    """A budget that fills up again.

    Attributes:
        size: how many calls fit in it.
        rate: how many come back in a second.
    """

    size: float
    rate: float
    left: float = field(init=False)
    at: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.left = self.size

    def wait(self) -> float:
        """Seconds until one more call is allowed."""
        now = time.monotonic()
        self.left = min(self.size, self.left + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1 - self.left) / self.rate)


@dataclass
class Limits:
    """The limits of one server; all are off unless a test turns them on.

    Attributes:
        on: whether they hold.
        chat: size and rate of the budget of a chat.
        group: likewise, of a group.
        overall: likewise, of a bot.
    """

    on: bool = False
    chat: tuple[float, float] = (3, 1)
    group: tuple[float, float] = (20, 20 / 60)
    overall: tuple[float, float] = (30, 30)
    _buckets: dict[tuple[int, int], Bucket] = field(default_factory=dict[tuple[int, int], Bucket])

    def spend(self, bot: int, chat: int) -> None:
        """Count one message of a bot to a chat.

        Raises:
            Refused: that would be too many; it is not counted then.
        """
        if not self.on:
            return
        kind = self.group if chat < 0 else self.chat
        buckets = [
            self._buckets.setdefault((bot, 0), Bucket(*self.overall)),
            self._buckets.setdefault((bot, chat), Bucket(*kind)),
        ]
        seconds = max(bucket.wait() for bucket in buckets)
        if seconds > 0:
            raise too_many(math.ceil(seconds))
        for bucket in buckets:
            bucket.left -= 1
