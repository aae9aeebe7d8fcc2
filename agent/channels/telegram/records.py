"""What is written down after something was sent: at once, for a crash before that sends it again."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from agent.core.chat import Delivery, Incoming
from agent.services.chats import Chats

Write = Callable[[], None]
"""Writes one thing down."""

log = logging.getLogger(__name__)


class Records:
    """Writes in a thread of its own, so that nothing stands before it in line.

    What comes up while a transaction is under way goes into the next one, all together: however much is
    sent at the same time, each waits for two transactions at most.

    Args:
        chats: keep it.
    """

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._thread = ThreadPoolExecutor(1, "voxnix-records")
        self._waiting: list[tuple[Write, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def sent(self, delivery: Delivery, *, following: bool = False) -> None:
        """Note that a message was sent."""
        await self._note(lambda: self._chats.send(delivery, following=following))

    async def handled(self, incoming: Incoming) -> None:
        """Note that something is handled, its answer sent."""
        await self._note(lambda: self._chats.handled(incoming))

    async def close(self) -> None:
        """Finish what is under way."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()

    async def _note(self, write: Write) -> None:
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((write, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="records")
        await written

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            errors = await loop.run_in_executor(self._thread, self._together, [write for write, _ in batch])
            for (_, written), error in zip(batch, errors, strict=True):
                if written.done():  # nobody waits for it any more
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(error)

    def _together(self, writes: list[Write]) -> list[Exception | None]:
        """Write in one transaction; each in its own, where one of them does not work."""
        try:
            with self._chats.together():
                for write in writes:
                    write()
        except Exception:
            if len(writes) > 1:
                log.exception("what was sent could not be written down together")
            return [_error(write) for write in writes]
        return [None] * len(writes)


def _error(write: Write) -> Exception | None:
    try:
        write()
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        return error
    return None
