"""What was sent is noted together, and one that cannot be noted keeps nothing else from it."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest

from agent.channels.telegram.records import Records
from agent.core.chat import Delivery

if TYPE_CHECKING:
    from agent.services.chats import Chats


class Memory:
    """Chats that keep what was sent, once they are let.

    Attributes:
        sent: the keys of what is noted.
        transactions: how much was noted in each.
        open: set where they may write.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.transactions: list[int] = []
        self.open = threading.Event()

    @contextmanager
    def together(self) -> Generator[None]:
        """A transaction."""
        assert self.open.wait(10)
        before = list(self.sent)
        try:
            yield
        except ValueError:
            self.sent = before
            raise
        self.transactions.append(len(self.sent) - len(before))

    def send(self, delivery: Delivery, *, following: bool) -> None:
        """Note one."""
        if delivery.key in self.sent:
            raise ValueError(f"{delivery.key} {following}")
        self.sent.append(delivery.key)


async def test_what_comes_up_meanwhile_is_noted_together() -> None:
    """However much is sent at once, each waits for two transactions at most."""
    memory = Memory()
    records = Records(cast("Chats", memory))
    noting = [asyncio.ensure_future(records.sent(Delivery("first", 1, 1)))]
    await asyncio.sleep(0)
    noting += [asyncio.ensure_future(records.sent(Delivery(f"{number}", 1, number))) for number in range(50)]
    await asyncio.sleep(0)
    memory.open.set()
    await asyncio.gather(*noting)
    assert memory.transactions == [1, 50]
    await records.close()


async def test_one_that_cannot_be_noted_is_told_alone() -> None:
    """The others of its transaction are noted all the same."""
    memory = Memory()
    records = Records(cast("Chats", memory))
    noting = [asyncio.ensure_future(records.sent(Delivery(key, 1, 1))) for key in ("a", "b", "b", "c")]
    await asyncio.sleep(0)
    memory.open.set()
    results = await asyncio.gather(*noting, return_exceptions=True)
    assert [type(one) for one in results] == [type(None), type(None), ValueError, type(None)]
    assert memory.sent == ["a", "b", "c"]
    await records.close()


async def test_who_does_not_wait_any_more_is_noted_too() -> None:
    """The bot is stopped: what Telegram has taken is known at the next start."""
    memory = Memory()
    records = Records(cast("Chats", memory))
    noting = asyncio.ensure_future(records.sent(Delivery("a", 1, 1)))
    await asyncio.sleep(0)
    noting.cancel()
    memory.open.set()
    await records.close()
    assert memory.sent == ["a"]
    with pytest.raises(asyncio.CancelledError):
        await noting
