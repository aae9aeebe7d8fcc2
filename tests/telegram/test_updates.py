"""Polling: what is confirmed, what comes again, and who may poll."""

import asyncio
import sys
import time
from typing import Any

import pytest
from telegram import Update
from telegram.error import Conflict, TelegramError
from telegram.ext import Application, ApplicationBuilder, ContextTypes, MessageHandler, filters

from tests.telegram.conftest import Connect
from tests.telegram.client import Telegram
from tests.telegram.people import Account


async def test_an_offset_confirms(server: Telegram, connect: Connect) -> None:
    """What was not confirmed comes again, also to the next poller; what was does not."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    for number in range(5):
        ann.says(str(number))
    async with connect(account) as bot:
        first = await bot.get_updates(limit=2)
        assert [update.message.text for update in first if update.message] == ["0", "1"]
        assert await bot.get_updates(limit=2) == first
        await bot.get_updates(offset=first[0].update_id + 1, limit=1)
    assert server.updates(account)["confirmed"] == 1
    async with connect(account) as bot:
        rest = await bot.get_updates()
        assert [update.message.text for update in rest if update.message] == ["1", "2", "3", "4"]
        (last,) = await bot.get_updates(offset=-1)
        assert last == rest[-1]
    assert server.updates(account)["confirmed"] == 4


async def test_a_long_poll_ends_with_the_first_update(server: Telegram, connect: Connect) -> None:
    """It waits as long as it is told, and no longer than there is nothing."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    async with connect(account) as bot:
        began = time.monotonic()
        assert await bot.get_updates(timeout=1) == ()
        assert time.monotonic() - began >= 1
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await asyncio.sleep(0.05)
        ann.says("hi")
        assert len(await asyncio.wait_for(poll, 1)) == 1


async def test_a_poller_that_vanished_holds_nobody_up(server: Telegram, connect: Connect) -> None:
    """What came while nobody listened any more is for who comes next."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    async with connect(account) as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await asyncio.sleep(0.05)
        poll.cancel()
    ann.says("hi")
    async with connect(account) as bot:
        (update,) = await asyncio.wait_for(bot.get_updates(timeout=30), 5)
        assert update.message
        assert update.message.text == "hi"


async def test_the_kinds_that_are_allowed(server: Telegram, connect: Connect) -> None:
    """They hold until others are named; none means the usual ones."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    async with connect(account) as bot:
        await bot.get_updates(allowed_updates=["edited_message"])
        ann.edits(ann.says("a"), "b")
        (only,) = await bot.get_updates()
        assert only.edited_message
        await bot.get_updates(offset=only.update_id + 1, allowed_updates=[])
        ann.says("c")
        assert len(await bot.get_updates()) == 1


async def test_two_pollers_conflict(server: Telegram, connect: Connect) -> None:
    """The one that was first is ended with 409, the library's Conflict; so is one under a webhook."""
    account = server.bot()
    async with connect(account) as one, connect(account) as two:
        first = asyncio.create_task(one.get_updates(timeout=30))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(two.get_updates(timeout=30))
        with pytest.raises(Conflict, match="other getUpdates request"):
            await first
        await one.set_webhook("https://example.org/hook")
        with pytest.raises(Conflict, match="terminated by setWebhook"):
            await second
        with pytest.raises(Conflict, match="webhook is active"):
            await one.get_updates()


App = Application[Any, Any, Any, Any, Any, Any]


def application(server: Telegram, account: Account) -> App:
    """The library's application, connected."""
    builder = ApplicationBuilder().token(account.token)
    builder = builder.base_url(server.base_url).base_file_url(server.base_file_url)
    return builder.connection_pool_size(64).concurrent_updates(64).build()


POLL_AND_HANG = """
import asyncio, sys, telegram

async def main(token, url):
    async with telegram.Bot(token, base_url=url) as bot:
        (update,) = await bot.get_updates(timeout=10)
        print(update.message.text, flush=True)
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say the same."""
    assert update.effective_message
    await update.effective_message.reply_text(f"echo {update.effective_message.text}")


async def test_an_update_comes_again_to_who_comes_after_a_kill(server: Telegram) -> None:
    """A poller that dies before it moved the offset has lost nothing."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hello")
    poller = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", POLL_AND_HANG, account.token, server.base_url), stdout=asyncio.subprocess.PIPE
    )
    assert poller.stdout
    assert await poller.stdout.readline() == b"hello\n"
    poller.kill()
    await poller.wait()
    assert server.updates(account)["confirmed"] == 0
    app = application(server, account)
    app.add_handler(MessageHandler(filters.TEXT, echo))
    async with app:
        assert app.updater
        await app.updater.start_polling()
        await app.start()
        await ann.hears("echo hello")
        await app.updater.stop()
        await app.stop()


async def test_two_thousand_updates_from_two_hundred_chats(server: Telegram) -> None:
    """The server is fast enough to measure a bot with."""
    account = server.bot()
    talks = [server.person(f"P{number}").opens(account) for number in range(200)]
    app = application(server, account)
    app.add_handler(MessageHandler(filters.TEXT, echo))
    failures: list[TelegramError] = []
    async with app:
        assert app.updater
        await app.updater.start_polling(error_callback=failures.append)
        await app.start()
        began = time.monotonic()
        for number in range(10):
            for talk in talks:
                talk.says(f"{number}")
        for talk in talks:
            await talk.sees(lambda message: message.id == 20, within=30)
        took = time.monotonic() - began
        await app.updater.stop()
        await app.stop()
    assert not failures
    assert took < 20
    assert all({text for _, text in talk.screen()} >= {f"echo {n}" for n in range(10)} for talk in talks)
