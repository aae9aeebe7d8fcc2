"""The fake server as a whole."""

import asyncio
import json

import pytest
import telegram
from telegram.constants import ChatAction
from telegram.error import BadRequest, InvalidToken, NetworkError

from tests.telegram.conftest import Connect
from tests.telegram.client import Telegram, serving
from tests.telegram.people import Account


async def test_a_wrong_token_is_refused(server: Telegram, connect: Connect) -> None:
    """401 is the library's InvalidToken, also for files."""
    wrong = Account(1, "", "", server.bot().token + "0")
    with pytest.raises(InvalidToken, match="rejected by the server"):
        async with connect(wrong):
            pass


async def test_an_unknown_method_is_refused_and_named(server: Telegram, connect: Connect) -> None:
    """A test can see that a bot uses what the fake does not have."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    async with connect(account) as bot:
        with pytest.raises(InvalidToken, match="method not found"):
            await bot.send_dice(ann.id)
        with pytest.raises(NetworkError, match="parse_mode HTML"):
            await bot.send_message(ann.id, "hi", parse_mode="HTML")
    assert [what.split(":")[0] for what in server.unknown] == ["sendDice", "sendMessage"]


async def test_what_else_a_bot_says(server: Telegram, connect: Connect) -> None:
    """Menus, what it is doing, and its webhook."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    async with connect(account) as bot:
        await bot.set_my_commands([("list", "Show everything")], language_code="en")
        assert server.menus(account)["default en"][0]["command"] == "list"
        with pytest.raises(BadRequest, match=r"(?i)BOT_COMMAND_INVALID"):
            await bot.set_my_commands([("List!", "Show everything")])
        await bot.delete_my_commands(language_code="en")
        assert not server.menus(account)
        await bot.send_chat_action(ann.id, ChatAction.TYPING)
        await ann.sees_action("typing")
        with pytest.raises(BadRequest, match=r"(?i)wrong parameter action"):
            await bot.send_chat_action(ann.id, "dancing")
        with pytest.raises(BadRequest, match=r"(?i)HTTPS URL must be provided"):
            await bot.set_webhook("http://example.org")
        await bot.set_webhook("https://example.org/hook")
        assert (await bot.get_webhook_info()).pending_update_count == 1
        await bot.delete_webhook(drop_pending_updates=True)
        assert await bot.get_updates() == ()


async def test_every_call_is_on_record(server: Telegram, connect: Connect) -> None:
    """A test reads what was called with what, and what was refused."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hi")
    async with connect(account) as bot:
        await asyncio.gather(*[bot.send_message(ann.id, str(number)) for number in range(3)])
        with pytest.raises(BadRequest):
            await bot.send_message(ann.id, "x" * 5000)
    calls = server.calls("sendMessage")
    assert sorted(call["params"]["text"] for call in calls[:3]) == ["0", "1", "2"]
    assert json.loads(calls[0]["params"]["chat_id"]) == ann.id
    assert [bool(call["refused"]) for call in calls] == [False, False, False, True]


async def test_equal_seeds_are_equal_worlds() -> None:
    """Ids are random, and those of a failed test come again."""
    tokens: list[str] = []
    for seed in (7, 7, 8):
        with serving(seed=seed) as server:
            tokens.append(server.bot().token)
    assert tokens[0] == tokens[1] != tokens[2]
    assert telegram.__version__.startswith("22.")
