"""An answer while it is written: as a draft in private chats, as one message that grows in groups."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from agent.channels.telegram.chat import Talk
from agent.channels.telegram.formatting import formatted
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.splitting import Part

if TYPE_CHECKING:
    from agent.core.chat import Delivery

TYPING_EVERY = 4.5
"""Seconds; what Telegram shows fades after five."""
OVERLOADED = 0.1
"""Seconds that a moment may come late."""
TYPING_AFTER = 0.3
"""Seconds. An answer that is there at once needs nobody who types."""
DRAFT_EVERY, EDIT_EVERY = 0.4, 1.1
"""Seconds between two looks at a growing answer, in private chats and in groups."""
DRAFT_AFTER = 0.5
"""Seconds. An answer that ends sooner is not shown growing."""


@contextlib.asynccontextmanager
async def typing(outbox: Outbox, talk: Talk) -> AsyncGenerator[None]:
    """Shows that an answer is being written, as long as that takes."""

    async def show() -> None:
        wait = TYPING_AFTER
        while True:
            if not await _slept_late(wait):
                await outbox.typing(talk.chat)
            wait = TYPING_EVERY

    shown = asyncio.create_task(show())
    try:
        yield
    finally:
        shown.cancel()
        await asyncio.gather(shown, return_exceptions=True)


async def _slept_late(seconds: float) -> bool:
    """Wait; whether it took much longer, so that there is more to do than can be done: no time for a show."""
    due = time.monotonic() + seconds
    await asyncio.sleep(seconds)
    return time.monotonic() > due + OVERLOADED


class Growing:
    """An answer as far as it has come. What is seen of it is at most a moment old.

    Args:
        outbox: sends it.
        talk: whom it is for.
    """

    def __init__(self, outbox: Outbox, talk: Talk) -> None:
        self._outbox = outbox
        self._talk = talk
        self._text = ""
        self._message: Delivery | None = None
        self._key = f"{talk.key}/answer"
        self._number = abs(hash(talk.key)) % 2**31 or 1
        self._every = DRAFT_EVERY if talk.chat.private else EDIT_EVERY
        self._due = time.monotonic() + self._every
        self._news = asyncio.Event()
        self._sending = asyncio.Lock()
        self._growing: asyncio.Task[None] | None = None

    def add(self, text: str) -> None:
        """More of it."""
        self._text += text
        self._news.set()
        if self._growing is None:
            self._growing = asyncio.create_task(self._grow())

    async def end(self, parts: list[Part]) -> list[Part]:
        """Stop growing.

        Args:
            parts: the whole answer.

        Returns:
            What of it is still to be sent: the message that grew has become the first part.
        """
        await self.stop()
        if not self._talk.chat.private and self._message is None:
            self._message = await self._outbox.known(self._key)
        if self._message is None or not parts:
            return parts
        await self._outbox.edit(self._message, parts[0])
        return parts[1:]

    async def stop(self) -> None:
        """Show nothing any more. What is on its way gets there first."""
        if self._growing is not None:
            async with self._sending:
                self._growing.cancel()
            await asyncio.gather(self._growing, return_exceptions=True)

    async def _grow(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if not await _slept_late(max(self._due - time.monotonic(), DRAFT_AFTER)):
                self._due = time.monotonic() + self._every
                async with self._sending:
                    await self._show()

    async def _show(self) -> None:
        parts = formatted(self._text)
        if not parts:
            return
        if self._talk.chat.private:
            await self._outbox.draft(self._talk.chat, self._number, parts[-1])
        elif self._message is None:
            # Known by its key: after a crash the same message goes on growing.
            self._message = await self._outbox.send(
                self._talk.chat, parts[0], key=self._key, reply_to=self._talk.quoted
            )
        else:
            await self._outbox.edit(self._message, parts[0])
