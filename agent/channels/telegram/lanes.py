"""Lanes: what comes in of one chat is handled in order; chats do not wait for each other."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from agent.channels.telegram.chat import chat_of
from agent.core.chat import Incoming

log = logging.getLogger(__name__)
CANCEL = "/cancel"
GRACE = 5.0
"""Seconds for what is being sent while everything stops."""
EDITED = "edited_message"


class Lanes:
    """Hands incoming things to whoever handles them. Nothing is lost here: what is open is in the database.

    Args:
        handle: handles one; what it raises is logged.
    """

    def __init__(self, handle: Callable[[Incoming], Awaitable[None]]) -> None:
        self._handle = handle
        self._queues: dict[str, deque[Incoming]] = {}
        self._begun: dict[str, Incoming] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

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

    def amend(self, edit: Incoming) -> Incoming | None:
        """Put what a message was changed to in the place of one that waits still.

        Returns:
            The message as it is handled now; None where it has begun already, or this is no change of one.
        """
        if EDITED not in edit.payload or edit.lane not in self._queues:
            return None
        edited = _content(edit.payload, EDITED)
        queue = self._queues[edit.lane]
        for place, waiting in enumerate(queue):
            if waiting is self._begun.get(edit.lane):
                continue
            said = _content(waiting.payload, "message")
            if said and said.get("message_id") == edited.get("message_id"):
                update = {"update_id": waiting.number, "message": edited}
                queue[place] = replace(waiting, payload=json.dumps(update))
                return queue[place]
        return None

    async def close(self) -> None:
        """Stop handling. An answer that is on its way arrives; the rest is still open in the database."""
        self._closing = True
        await ended(list(self._tasks))

    async def _run(self, lane: str) -> None:
        queue = self._queues[lane]
        try:
            while queue and not self._closing:
                one = self._begun[lane] = queue[0]
                try:
                    await self._handle(one)
                except Exception:  # the next one has a right to be handled too
                    log.exception("%s could not be handled", one.key)
                queue.popleft()
        finally:
            del self._queues[lane]
            self._begun.pop(lane, None)


async def ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """End what runs. A message that is on its way arrives, where that does not take too long."""
    for _ in range(2):  # the second time also what is on its way
        if not (left := [task for task in tasks if not task.done()]):
            return
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=GRACE)


def stopping() -> bool:
    """Whether who asks was cancelled while a message was on its way, and has to end now that it arrived."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _content(payload: str, kind: str) -> dict[str, Any]:
    """What an update of a kind has in it; nothing where it is another one."""
    content: Any = json.loads(payload).get(kind)
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def lane_of(update: Mapping[str, Any]) -> str:
    """Where an update stands in line, whatever is in it or missing.

    A tap on a button and ``/cancel`` overtake: each has a lane of its own.
    """
    number = update.get("update_id")
    for kind in ("message", EDITED):
        message: Mapping[str, Any] = update.get(kind) or {}
        try:
            # In a group it is said to a bot by name, before or behind it.
            words = str(message.get("text", "")).lower().split()
            match [word.split("@")[0] for word in words if not word.startswith("@")]:
                case [command] | [command, _] if command == CANCEL:  # the second is a number
                    return f"cancel {number}"
                case _:
                    pass
            return chat_of(message).conversation
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return f"update {number}"
