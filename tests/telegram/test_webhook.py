"""Updates that are posted to a bot."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from telegram.error import BadRequest

from tests.telegram.client import Telegram
from tests.telegram.conftest import Connect


@dataclass
class Hook:
    """An address that updates are posted to.

    Attributes:
        answers: statuses to come; 200 when there are none left.
        got: the secret and the update of each request.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list[int])
    got: "asyncio.Queue[tuple[str, dict[str, Any]]]" = field(
        default_factory=asyncio.Queue["tuple[str, dict[str, Any]]"]
    )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = [line.split(": ", 1) for line in head.decode().lower().splitlines()[1:-1]]
                headers = {line[0]: line[1] for line in lines}
                body = await reader.readexactly(int(headers["content-length"]))
                status = self.answers.pop(0) if self.answers else 200
                await self.got.put((headers.get("x-telegram-bot-api-secret-token", ""), json.loads(body)))
                writer.write(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """An address on the loopback interface."""
    made = Hook()
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/hook"
    yield made
    listener.close()


async def test_updates_are_posted_in_order_with_the_secret(
    server: Telegram, connect: Connect, hook: Hook
) -> None:
    """Also those that waited before there was a webhook."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("one")
    async with connect(account) as bot:
        await bot.set_webhook(hook.url, secret_token="s3-cret", allowed_updates=["message"])  # noqa: S106
        ann.says("two")
        got = [await hook.got.get() for _ in range(2)]
        assert [(secret, update["message"]["text"]) for secret, update in got] == [
            ("s3-cret", "one"),
            ("s3-cret", "two"),
        ]
        assert list((await bot.get_webhook_info()).allowed_updates) == ["message"]


async def test_an_update_comes_until_it_is_taken(server: Telegram, connect: Connect, hook: Hook) -> None:
    """A later one waits for it, and the bot can ask what went wrong."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    hook.answers = [500, 500]
    async with connect(account) as bot:
        await bot.set_webhook(hook.url)
        ann.says("one")
        ann.says("two")
        got = [(await hook.got.get())[1]["message"]["text"] for _ in range(2)]
        info = await bot.get_webhook_info()
        assert info.pending_update_count == 2
        assert info.last_error_message == "Wrong response from the webhook: 500 Whatever"
        got += [(await hook.got.get())[1]["message"]["text"] for _ in range(2)]
        assert got == ["one", "one", "one", "two"]


async def test_a_webhook_that_is_taken_away_gets_nothing(
    server: Telegram, connect: Connect, hook: Hook
) -> None:
    """Polling has what came afterwards."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    async with connect(account) as bot:
        await bot.set_webhook(hook.url)
        await bot.delete_webhook()
        ann.says("one")
        assert len(await bot.get_updates()) == 1
    assert hook.got.empty()


@pytest.mark.parametrize(
    ("url", "secret", "description"),
    [
        ("http://example.org/", "", "HTTPS URL must be provided"),
        ("https://example.org/", "so secret", "unallowed characters"),
    ],
)
async def test_a_wrong_webhook_is_refused(
    server: Telegram, connect: Connect, url: str, secret: str, description: str
) -> None:
    """Nothing is posted without TLS beyond this machine, nor with a secret that no header can carry."""
    async with connect(server.bot()) as bot:
        with pytest.raises(BadRequest, match=f"(?i){description}"):
            await bot.set_webhook(url, secret_token=secret)
        assert not (await bot.get_webhook_info()).url
