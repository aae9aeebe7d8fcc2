"""What people write while nobody is there: it is handled at the next start, oldest first."""

import json
import time
from typing import Any

from agent.core.chat import Incoming
from tests.telegram.people import Talk
from tests.telegram.product import Product


def earlier(talk: Talk, text: str, seconds: float) -> dict[str, Any]:
    """A message that was sent some time ago."""
    person = talk.person
    return {
        "message_id": 900,
        "date": int(time.time() - seconds),
        "from": {"id": person.id, "is_bot": False, "first_name": person.name, "language_code": "en"},
        "chat": {"id": person.id, "type": "private", "first_name": person.name},
        "text": text,
    }


async def test_what_was_said_meanwhile_is_answered_in_order(product: Product) -> None:
    """Each once, also over one more restart."""
    person, ann = product.let_in("Ann")
    for words in ("/new one git", "/new two git", "stop it", "/list"):
        ann.says(words)
    async with product.running():
        await ann.hears("one is running")
        await ann.hears("two is running")
        await ann.hears("two is stopped")
        await ann.hears("one")
        await product.handled()
    async with product.running():
        ann.says("/help")
        await ann.hears("/list")
        ann.refresh()
        assert len([one for one in ann.messages if one.by_bot]) == 5
    assert product.simulation.changes(product.owner(person)) == ["create one", "create two", "stop two"]


async def test_a_late_answer_says_that_it_is_late(product: Product) -> None:
    """Of what is older than ten minutes: whoever wrote it may not think of it any more."""
    person, ann = product.let_in("Ann")
    ann.says("/start")
    async with product.running():
        await ann.hears("Hello Ann")
    product.server.put(product.account, "message", earlier(ann, "/new one git", 3 * 3600 + 60))
    product.server.put(product.account, "message", earlier(ann, "/list", 300))
    async with product.running():
        late = await ann.hears("You wrote this 3 hours ago")
        await ann.hears("one is running")
        await ann.hears("one")
        await product.handled()
        ann.refresh()
        assert [one.id for one in ann.messages if "You wrote this" in one.text] == [late.id]
    assert product.simulation.changes(product.owner(person)) == ["create one"]


async def test_what_was_kept_before_a_crash_is_answered(product: Product) -> None:
    """Once, whether Telegram sends it again or not."""
    person, ann = product.let_in("Ann")
    ann.says("/start")
    async with product.running():
        await ann.hears("Hello Ann")
    number = product.server.put(product.account, "message", earlier(ann, "/new one git", 5))
    (update,) = product.server.updates(product.account)["pending"]
    source, chats = f"tg:{product.account.id}", product.simulation.app.services.chats
    row = Incoming(source, number, f"tg:{person.id}", json.dumps(update), chats.now())
    assert chats.receive(source, [row])
    ann.says("/list")
    async with product.running():
        await ann.hears("one is running")
        await ann.hears("one")
    assert product.simulation.changes(product.owner(person)) == ["create one"]


async def test_chats_are_answered_side_by_side_after_a_pause(product: Product) -> None:
    """One that has much to say keeps the others waiting for nothing but itself."""
    (_, ann), (_, ben) = product.let_in("Ann"), product.let_in("Ben")
    with product.simulation.standstill():
        for number in range(5):
            ann.says(f"/new c{number} git")
        ben.says("/list")
        async with product.running():
            await ben.hears("no containers")
