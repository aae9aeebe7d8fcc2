"""The queue of updates of one bot."""

import asyncio
import json
import math
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from tests.telegram.refusals import Refused
from tests.telegram.texts import Json

LONGEST_POLL = 50
MOST_UPDATES = 100
LULL = 3.0
"""Seconds between two polls in which a bot still counts as listening."""

_WEBHOOK_SET = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
_OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
_OPT_IN = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass
class Updates:
    """What waits for a bot.

    Attributes:
        next_id: of the next update.
        pending: what was not confirmed yet, oldest first.
        put_in: how many updates were queued.
        confirmed: how many of them the bot took for good.
        allowed: kinds that are queued; none means all but a few that must be asked for.
        webhook: address that a webhook was set to, or empty.
        trouble: why the last delivery to the webhook failed, or empty.
        troubled_at: when one last did, in Unix time.
        delivery: what posts to the webhook.
    """

    next_id: int
    pending: deque[Json] = field(default_factory=deque[Json])
    put_in: int = 0
    confirmed: int = 0
    allowed: set[str] = field(default_factory=set[str])
    webhook: str = ""
    trouble: str = ""
    troubled_at: int = 0
    delivery: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _poller: object | None = None
    _polled: float = -math.inf
    _ended_by: str = ""

    def put(self, kind: str, content: Json) -> int:
        """Queue an update, if the bot wants its kind; returns its id, or 0."""
        if kind not in self.allowed if self.allowed else kind in _OPT_IN:
            return 0
        number = self.next_id
        self.next_id += 1
        self.put_in += 1
        self.pending.append({"update_id": number, kind: content})
        self._changed.set()
        return number

    def queue(self, update: Json) -> None:
        """Queue an update as it is, whatever is in it and whether the bot wants it or not."""
        self.pending.append(update | {"update_id": self.next_id})
        self.next_id += 1
        self.put_in += 1
        self._changed.set()

    def allow(self, text: str) -> None:
        """Take the `allowed_updates` of a call; without them the previous ones hold."""
        if text:
            given: Any = json.loads(text)
            self.allowed = set(cast("list[str]", given))

    def stop_polling(self, why: str) -> None:
        """End the poll that is under way."""
        if self._poller is not None:
            self._poller = None
            self._ended_by = why
            self._changed.set()

    def stop_delivery(self) -> None:
        """Post nothing to the webhook any more."""
        if self.delivery is not None:
            self.delivery.cancel()
        self.webhook, self.trouble, self.delivery = "", "", None

    def listening(self) -> bool:
        """Whether a bot is there that would take an update soon."""
        return bool(self.webhook) or self._poller is not None or time.monotonic() - self._polled < LULL

    async def get(self, offset: int, limit: int, timeout: float) -> list[Json]:  # noqa: ASYNC109 - Telegram's word
        """Confirm what is below the offset, and answer with what follows, if need be after waiting for it.

        Raises:
            Refused: a webhook is set, or another poller came meanwhile: the one that was first has to go.
        """
        if self.webhook:
            raise Refused(409, _WEBHOOK_SET)
        self.stop_polling(_OTHER_POLLER)
        self.confirm(offset if offset >= 0 else self.next_id + offset)
        me = self._poller = object()
        await self._wait(me, min(max(timeout, 0), LONGEST_POLL))
        if self._poller is not me:
            raise Refused(409, self._ended_by)
        self._poller, self._polled = None, time.monotonic()
        return list(islice(self.pending, min(max(limit, 1), MOST_UPDATES)))

    def confirm(self, first: int) -> None:
        """Forget what is below an id: the bot has it."""
        while self.pending and self.pending[0]["update_id"] < first:
            self.pending.popleft()
            self.confirmed += 1

    async def ready(self) -> None:
        """Wait until there is something."""
        while not self.pending:
            self._changed.clear()
            await self._changed.wait()

    async def _wait(self, me: object, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not self.pending and self._poller is me:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            # Who polled is gone.
            if self._poller is me:
                self._poller = None
            raise
