"""Nonsense: the bot goes on, tells nobody of its inside, and does nothing for strangers."""

import asyncio
import os
import re
from collections.abc import AsyncIterator

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel
from sqlalchemy import func, select

from agent.core.account import Role
from agent.store.schema import metadata
from tests.telegram.fuzz import Fuzz
from tests.telegram.people import Talk
from tests.telegram.product import Product

COUNT = int(os.environ.get("FUZZED_UPDATES", "10000"))
"""How many updates."""
INSIDE = re.compile(r"Traceback|\b\w*(?:Error|Exception)\b|\.py\b|\bNoneType\b|sqlite|psycopg", re.IGNORECASE)
"""What only a program would say."""
FOR_STRANGERS = {"inbox", "pairings", "deliveries", "preferences", "buttons", "channels", "nodes", "limits"}
"""Tables that strangers may leave something in: what they sent, their code, and the question to admins."""


def rows(product: Product) -> dict[str, int]:
    """How many rows each table has."""
    database = product.simulation.app._database  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    with database.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


async def all_handled(product: Product, zoe: Talk) -> None:
    """Wait until Zoe, who came last, is answered and nothing is open any more."""
    zoe.says("/help")
    await zoe.hears("", within=600)
    async with asyncio.timeout(600):
        # What its tables say is asked for.
        while product.simulation.app.services.chats.unhandled(f"tg:{product.account.id}"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def told(product: Product) -> list[str]:
    """All that the bot said."""
    calls = product.server.calls()
    return [str(call["params"].get(key, "")) for call in calls for key in ("text", "caption")]


async def test_nonsense_of_strangers_does_nothing(product: Product) -> None:
    """They get a code; no model is asked, no operation is entered, and no row but those is there."""
    asked: list[int] = []

    async def answer(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        asked.append(len(messages))
        yield "hello"

    product.model = FunctionModel(stream_function=answer, model_name="counting")
    strangers = [product.server.person(f"s{number}") for number in range(20)]
    for one in strangers:
        one.opens(product.account).says("hello")
    zoe = product.let_in("Zoe")[1]
    async with product.running():
        await all_handled(product, zoe)
        before = rows(product)
        fuzz = Fuzz(1, [one.id for one in strangers])
        product.server.queue(product.account, fuzz.updates(COUNT // 2))
        await all_handled(product, zoe)
        after = rows(product)
    changed = {name for name, count in before.items() if after[name] != count}
    assert changed <= FOR_STRANGERS
    assert asked == []
    assert not [text for text in told(product) if INSIDE.search(text)]
    assert not product.server.unknown


async def test_nonsense_of_people_does_no_harm(product: Product) -> None:
    """The bot goes on, and says nothing that only a program understands."""
    zoe = product.let_in("Zoe")[1]
    people: list[int] = []
    for number, role in enumerate((Role.VIEWER, *[Role.OPERATOR] * 18, Role.ADMIN)):
        person, talk = product.let_in(f"p{number}", role)
        talk.says("/list")
        people.append(person.id)
    async with product.running():
        fuzz = Fuzz(2, people)
        product.server.queue(product.account, fuzz.updates(COUNT - COUNT // 2))
        await all_handled(product, zoe)
    bad = [text for text in told(product) if INSIDE.search(text)]
    assert not bad, bad[:5]
    assert not product.server.unknown
