"""Limits and faults, as the real library's bot sees them."""

import asyncio
import time
from datetime import timedelta

import pytest
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut
from telegram.ext import AIORateLimiter, ApplicationBuilder

from tests.telegram.conftest import Connect
from tests.telegram.faults import Fault
from tests.telegram.client import Telegram
from tests.telegram.people import Account, Talk


def opened(server: Telegram) -> tuple[Account, Talk]:
    """A bot, and a chat in which it may write."""
    account = server.bot()
    talk = server.person("Ann").opens(account)
    talk.says("hi")
    return account, talk


@pytest.mark.parametrize(("status", "phrase"), [(500, "Internal Server Error"), (502, "Bad Gateway")])
async def test_an_inner_error(server: Telegram, connect: Connect, status: int, phrase: str) -> None:
    """The library's NetworkError, as often as was asked for and only for that method."""
    account, ann = opened(server)
    async with connect(account) as bot:
        server.fault(Fault(status), times=2, method="sendMessage")
        for _ in range(2):
            with pytest.raises(NetworkError, match=phrase):
                await bot.send_message(ann.id, "x")
            assert await bot.get_me()
        await bot.send_message(ann.id, "x")
    assert [text for _, text in ann.screen()] == ["hi", "x"]


@pytest.mark.parametrize(("drop", "shown"), [("before", ["hi"]), ("after", ["hi", "x"])])
async def test_a_connection_is_cut(server: Telegram, connect: Connect, drop: str, shown: list[str]) -> None:
    """The bot sees the same, whether the message was sent or not."""
    account, ann = opened(server)
    async with connect(account) as bot:
        server.fault(Fault(drop="after" if drop == "after" else "before"))
        with pytest.raises(NetworkError, match=r"RemoteProtocolError|ReadError"):
            await bot.send_message(ann.id, "x")
    assert [text for _, text in ann.screen()] == shown


async def test_a_slow_answer(server: Telegram, connect: Connect) -> None:
    """The library's TimedOut, though the message was sent."""
    account, ann = opened(server)
    async with connect(account) as bot:
        server.fault(Fault(delay=0.5))
        with pytest.raises(TimedOut):
            await bot.send_message(ann.id, "x", read_timeout=0.1)
    assert ann.screen()[-1] == ("Voxnix", "x")


async def test_the_network_is_gone_for_a_while(server: Telegram, connect: Connect) -> None:
    """Nothing gets through, and then everything does."""
    account, ann = opened(server)
    async with connect(account) as bot:
        server.outage(60)
        with pytest.raises(NetworkError):
            await bot.get_updates()
        with pytest.raises(NetworkError):
            await bot.send_message(ann.id, "x")
        server.outage(0)
        assert len(await bot.get_updates()) == 1


async def test_a_storm_of_429(server: Telegram, connect: Connect) -> None:
    """The library's RetryAfter, with the seconds."""
    account, ann = opened(server)
    async with connect(account) as bot:
        server.fault(Fault(429, retry_after=7), times=3)
        for _ in range(3):
            with pytest.raises(RetryAfter) as refused:
                await bot.send_message(ann.id, "x")
            assert refused.value.retry_after == timedelta(seconds=7)
        await bot.send_message(ann.id, "x")


async def test_a_chat_takes_so_many_messages(server: Telegram, connect: Connect) -> None:
    """A burst passes, then the bot has to wait, in that chat only; what is wrong costs nothing."""
    account, ann = opened(server)
    bo = server.person("Bo").opens(account)
    bo.says("hi")
    server.rules(limits=True, chat=(3, 0.01))
    async with connect(account) as bot:
        with pytest.raises(BadRequest):
            await bot.send_message(ann.id, "")
        for _ in range(3):
            await bot.send_message(ann.id, "x")
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(ann.id, "x")
        assert isinstance(refused.value.retry_after, timedelta)
        assert 50 < refused.value.retry_after.total_seconds() <= 100
        await bot.send_message(bo.id, "x")


async def test_a_chat_takes_messages_again(server: Telegram, connect: Connect) -> None:
    """Who waits as long as it was told gets through."""
    account, ann = opened(server)
    server.rules(limits=True, chat=(1, 2))
    async with connect(account) as bot:
        await bot.send_message(ann.id, "x")
        await asyncio.sleep(0.6)
        await bot.send_message(ann.id, "y")
    assert [text for _, text in ann.screen()] == ["hi", "x", "y"]


async def test_a_group_takes_twenty_messages(server: Telegram, connect: Connect) -> None:
    """Edits count too."""
    account = server.bot()
    team = server.group("Team", account)
    server.rules(limits=True, group=(20, 0.01))
    async with connect(account) as bot:
        message = await bot.send_message(team.id, "0")
        for number in range(1, 20):
            await message.edit_text(str(number))
        with pytest.raises(RetryAfter):
            await message.edit_text("x")
        with pytest.raises(RetryAfter):
            await bot.send_message(team.id, "x")


async def test_a_bot_sends_thirty_messages(server: Telegram, connect: Connect) -> None:
    """However many chats they go to."""
    account = server.bot()
    server.rules(limits=True, overall=(30, 0.01))
    talks = [server.person(f"P{number}").opens(account) for number in range(31)]
    for talk in talks:
        talk.says("hi")
    async with connect(account) as bot:
        for talk in talks[:30]:
            await bot.send_message(talk.id, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(talks[30].id, "x")


async def test_the_librarys_limiter_waits_and_tries_again(server: Telegram) -> None:
    """With retries it gets through a 429."""
    account, ann = opened(server)
    builder = ApplicationBuilder().token(account.token).rate_limiter(AIORateLimiter(max_retries=1))
    app = builder.base_url(server.base_url).base_file_url(server.base_file_url).build()
    async with app:
        server.fault(Fault(429, retry_after=1), method="sendMessage")
        began = time.monotonic()
        await app.bot.send_message(ann.id, "x")
        assert time.monotonic() - began >= 1
    assert ann.screen()[-1] == ("Voxnix", "x")
