"""Talking: what people say comes back answered, in their own chat, in order."""

import asyncio

from agent.core.account import Role
from tests.telegram.product import Product


async def test_a_sentence_is_answered(product: Product) -> None:
    """In plain words, in the chat where it was said."""
    _, ann = product.let_in("Ann")
    async with product.running():
        ann.says("create a container called dev with git")
        answer = await ann.hears("dev")
        assert "running" in answer.text
        ann.says("/list")
        assert "dev" in (await ann.hears("dev")).text
    assert not product.server.unknown


async def test_a_container_is_destroyed_by_a_tap_alone(product: Product) -> None:
    """The plan is shown in numbers, and nothing happens until its button is tapped."""
    person, ann = product.let_in("Ann")
    product.simulation.made(product.owner(person))
    async with product.running():
        ann.says("destroy dev")
        question = await ann.sees(lambda seen: bool(seen.buttons))
        assert product.simulation.changes(product.owner(person)) == ["create dev", "destroy dev"]
        ann.taps("Yes, destroy dev")
        await ann.sees(lambda seen: seen.id == question.id and "gone" in seen.text)
        ann.says("/list")
        await ann.hears("no containers")


async def test_who_is_not_known_gets_a_code_and_nothing_else(product: Product) -> None:
    """An admin lets them in with a button, and from then on they are answered."""
    _, admin = product.let_in("Ann", Role.ADMIN)
    ben = product.server.person("Ben").opens(product.account)
    async with product.running():
        admin.says("/help")  # a bot may not write to who never wrote to it
        await admin.hears("/list")
        ben.says("/list")
        code = await ben.hears("code")
        assert "container" not in code.text.lower().replace("look after containers", "")
        await admin.hears("Ben")
        admin.taps("Operator")
        await ben.hears("let in")
        ben.says("/list")
        await ben.hears("no containers")


async def test_chats_do_not_wait_for_each_other(product: Product) -> None:
    """What takes for ever in one is waited for there alone."""
    _, ann = product.let_in("Ann")
    _, ben = product.let_in("Ben")
    async with product.running():
        with product.simulation.standstill() as reached:
            ann.says("create a container called slow with git")
            await asyncio.to_thread(reached.wait, 10)
            ben.says("/list")
            await ben.hears("no containers")
