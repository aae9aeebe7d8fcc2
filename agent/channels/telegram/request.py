"""How requests reach Telegram: once begun they run to their end, and what passes is tried again."""

import asyncio
from datetime import timedelta
from typing import Any

from telegram.error import RetryAfter
from telegram.request import HTTPXRequest
from tenacity import RetryCallState, wait_exponential_jitter

LONGEST_WAIT = 60.0
"""Seconds between two attempts at most, where Telegram does not say."""

_backoff = wait_exponential_jitter(initial=0.5, max=LONGEST_WAIT)


def as_told(state: RetryCallState) -> float:
    """Seconds until the next attempt: as many as Telegram says, or more each time."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryAfter) and isinstance(error.retry_after, timedelta):
        return error.retry_after.total_seconds()
    return _backoff(state)


class WholeRequest(HTTPXRequest):
    """Requests that are not cut.

    One that is cancelled on its way can leave its connection in the pool as in use for ever; with the last of
    them gone nothing is sent any more. So the waiting is cancelled, and not the request.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of the library
        super().__init__(**options)
        self._under_way: set[asyncio.Task[tuple[int, bytes]]] = set()

    async def do_request(self, *given: Any, **options: Any) -> tuple[int, bytes]:  # noqa: ANN401 - the library's
        """See :meth:`telegram.request.BaseRequest.do_request`."""
        request = asyncio.create_task(super().do_request(*given, **options))
        self._under_way.add(request)
        request.add_done_callback(self._ended)
        return await asyncio.shield(request)

    def _ended(self, request: "asyncio.Task[tuple[int, bytes]]") -> None:
        self._under_way.discard(request)
        if not request.cancelled():
            request.exception()  # who waited has heard of it, or does not want to
