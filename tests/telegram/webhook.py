"""Delivery of updates to a webhook: in order, one at a time, each until it is taken."""

import asyncio
import re
import time
from urllib.parse import urlsplit

import httpx

from tests.telegram.refusals import bad
from tests.telegram.texts import Json
from tests.telegram.updates import Updates

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def check(url: str, secret: str) -> None:
    """Hold an address to what Telegram accepts; on the loopback interface the fake does without TLS.

    Raises:
        Refused: it is not accepted, or its secret is not.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")


async def deliver(updates: Updates, url: str, secret: str) -> None:
    """Post what is queued to an address, for ever."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    pause = FIRST_PAUSE
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=60) as client:
        while True:
            await updates.ready()
            update = updates.pending[0]
            updates.trouble = await _post(client, url, update)
            if not updates.trouble:
                updates.confirm(update["update_id"] + 1)
                pause = FIRST_PAUSE
                continue
            updates.troubled_at = int(time.time())
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _post(client: httpx.AsyncClient, url: str, update: Json) -> str:
    """What went wrong; empty if it was taken."""
    try:
        answer = await client.post(url, json=update)
    except httpx.HTTPError:
        return "Connection refused"
    return (
        ""
        if answer.is_success
        else f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
    )
