"""Lanes: what comes in of one chat is handled in order; chats do not wait for each other."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from agent.channels.telegram.chat import chat_of
from agent.core.chat import Incoming

log = logging.getLogger(__name__)
CANCEL = "/cancel"


class Lanes:
    """Hands incoming things to whoever handles them. Nothing is lost here: what is open is in the database.

    Args:
        handle: handles one; what it raises is logged.
    """

    def __init__(self, handle: Callable[[Incoming], Awaitable[None]]) -> None:
        self._handle = handle
        self._queues: dict[str, deque[Incoming]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, arrived: Iterable[Incoming]) -> None:
        """Take what arrived, oldest first."""
        for one in arrived:
            queue = self._queues.get(one.lane)
            if queue is not None:
                queue.append(one)
                continue
            self._queues[one.lane] = deque([one])
            task = asyncio.create_task(self._run(one.lane), name=f"lane {one.lane}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop handling. What was not finished is still open in the database."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, lane: str) -> None:
        queue = self._queues[lane]
        try:
            while queue:
                try:
                    await self._handle(queue[0])
                except Exception:  # the next one has a right to be handled too
                    log.exception("%s could not be handled", queue[0].key)
                queue.popleft()
        finally:
            del self._queues[lane]


def lane_of(update: Mapping[str, Any]) -> str:
    """Where an update stands in line, whatever is in it or missing.

    A tap on a button and ``/cancel`` overtake: each has a lane of its own.
    """
    number = update.get("update_id")
    for kind in ("message", "edited_message"):
        message: Mapping[str, Any] = update.get(kind) or {}
        try:
            if str(message.get("text", "")).split("@")[0].strip().lower() == CANCEL:
                return f"cancel {number}"
            return chat_of(message).conversation
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return f"update {number}"
