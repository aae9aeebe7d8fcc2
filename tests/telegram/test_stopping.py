"""Stopping the bot: for a new version, for the night. What is on its way arrives, and arrives once."""

import asyncio

from tests.telegram.faults import Fault
from tests.telegram.product import Product


async def test_an_answer_on_its_way_when_the_bot_stops_is_sent_once(product: Product) -> None:
    """Telegram has taken it, and only then the bot hears of that: it waits to write that down."""
    _, ann = product.let_in("Ann")
    product.server.fault(Fault(hold="after"), method="sendMessage")
    async with product.running():
        ann.says("/list")
        await product.server.held()
        # By then the bot is being stopped.
        asyncio.get_running_loop().call_later(0.2, product.server.release)
    async with product.running():
        ann.says("/help")
        await ann.hears("/modules")
    assert sum("no containers" in text for _, text in ann.screen()) == 1


async def test_a_turn_that_is_under_way_when_the_bot_stops_is_answered_by_the_next(product: Product) -> None:
    """It is not told that it was ended, and what it asked for is not asked for twice."""
    person, ann = product.let_in("Ann")
    async with product.running():
        with product.simulation.standstill() as reached:
            ann.says("create a container called dev with git")
            await asyncio.to_thread(reached.wait, 10)
            await ann.sees("Creating dev")
    async with product.running():
        await ann.hears(lambda seen: "dev is running" in seen.text)
    assert product.simulation.changes(product.owner(person)) == ["create dev"]
