"""An answer while it is written: as a draft in private chats, as one message that grows in groups."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator

from agent.channels.telegram.chat import Talk
from agent.channels.telegram.formatting import formatted
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.splitting import Part
from agent.core.chat import Delivery

TYPING_EVERY = 4.5
"""Seconds; what Telegram shows fades after five."""
TYPING_AFTER = 0.3
"""Seconds. An answer that is there at once needs nobody who types."""
DRAFT_EVERY, EDIT_EVERY = 0.4, 1.1
"""Seconds between two looks at a growing answer, in private chats and in groups."""
DRAFT_AFTER = 0.1
"""Seconds. An answer that ends sooner is not shown growing."""


@contextlib.asynccontextmanager
async def typing(outbox: Outbox, talk: Talk) -> AsyncGenerator[None]:
    """Shows that an answer is being written, as long as that takes."""

    async def show() -> None:
        await asyncio.sleep(TYPING_AFTER)
        while True:
            await outbox.typing(talk.chat)
            await asyncio.sleep(TYPING_EVERY)

    shown = asyncio.create_task(show())
    try:
        yield
    finally:
        shown.cancel()
        await asyncio.gather(shown, return_exceptions=True)


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
        self._shown = ""
        self._message: Delivery | None = None
        self._key = f"{talk.key}/answer"
        self._number = abs(hash(talk.key)) % 2**31 or 1
        self._every = DRAFT_EVERY if talk.chat.private else EDIT_EVERY
        self._due = time.monotonic() + self._every
        self._ended = asyncio.Event()
        self._showing: asyncio.Task[None] | None = None

    def add(self, text: str) -> None:
        """More of it."""
        self._text += text
        # One at a time: where Telegram is slow, it is asked less often.
        if self._showing is None or self._showing.done():
            self._showing = asyncio.create_task(self._keep_showing())

    async def end(self, parts: list[Part]) -> list[Part]:
        """Stop growing.

        Args:
            parts: the whole answer.

        Returns:
            What of it is still to be sent: the message that grew has become the first part.
        """
        self._ended.set()
        if self._showing is not None:
            await asyncio.gather(self._showing, return_exceptions=True)
        if not self._talk.chat.private and self._message is None:
            self._message = await self._outbox.known(self._key)
        if self._message is None or not parts:
            return parts
        await self._outbox.edit(self._message, parts[0])
        return parts[1:]

    def stop(self) -> None:
        """Show no more of it, whether it ended or not."""
        if self._showing is not None:
            self._showing.cancel()

    async def _keep_showing(self) -> None:
        """Show what came until that is all of it: nothing may follow for long."""
        while self._shown != self._text:
            try:
                async with asyncio.timeout(max(self._due - time.monotonic(), DRAFT_AFTER)):
                    await self._ended.wait()
            except TimeoutError:
                self._due = time.monotonic() + self._every
                await self._show()
            else:
                return  # it is all there: it is sent, not shown growing

    async def _show(self) -> None:
        self._shown = self._text
        parts = formatted(self._text)
        if not parts:
            return
        if self._talk.chat.private:
            await self._outbox.draft(self._talk.chat, self._number, parts[-1])
        elif self._message is None:
            # Known by its key: after a crash the same message goes on growing.
            self._message = await self._outbox.send(
                self._talk.chat, parts[0], key=self._key, reply_to=self._talk.message
            )
        else:
            await self._outbox.edit(self._message, parts[0])
