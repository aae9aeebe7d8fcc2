"""Requests to Telegram: one that nobody waits for any more costs no connection."""

import asyncio
import random

from telegram import Bot
from telegram.constants import ChatAction

from agent.channels.telegram.request import WholeRequest
from tests.telegram.client import Telegram

CONNECTIONS = 2


async def test_who_stops_waiting_leaves_the_connection_usable(server: Telegram) -> None:
    """However many of them there are, and wherever each request is at that moment."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    ann.says("hello")
    chance = random.Random(1)  # noqa: S311 - a test's
    request = WholeRequest(connection_pool_size=CONNECTIONS, pool_timeout=10.0)
    async with Bot(account.token, base_url=server.base_url, request=request) as bot:
        for _ in range(100):
            typing = [asyncio.create_task(bot.send_chat_action(ann.id, ChatAction.TYPING)) for _ in range(4)]
            await asyncio.sleep(chance.random() * 0.004)
            for task in typing:
                task.cancel()
            await asyncio.gather(*typing, return_exceptions=True)
        await asyncio.gather(*(bot.send_message(ann.id, f"{number}") for number in range(4)))
    await ann.hears("3")
