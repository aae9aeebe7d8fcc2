"""Being told of updates instead of asking for them: only Telegram's are taken, and none is lost."""

import asyncio
import socket

import httpx
import pytest

from agent.channels.telegram.intake import LARGEST, PATH, SECRET_HEADER
from tests.telegram.people import PATIENCE
from tests.telegram.product import Product


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def posted(port: int, content: bytes, secret: str = "") -> int:
    """What is answered to somebody who posts something."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"http://127.0.0.1:{port}{PATH}",
            content=content,
            headers={SECRET_HEADER.encode(): secret.encode()},
        )
    return answer.status_code


async def registered(product: Product) -> str:
    """The secret that Telegram was told, once it was."""
    async with asyncio.timeout(PATIENCE):
        while not (calls := product.server.calls("setWebhook")):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
    return calls[-1]["params"]["secret_token"]


async def test_what_is_posted_is_answered(product: Product, port: int) -> None:
    """As if it had been asked for: in order, and what waited is sent first."""
    product.webhook = port
    person, ann = product.let_in("Ann")
    ann.says("/new dev git")
    async with product.running():
        await ann.hears("dev is running")
        ann.says("/list")
        await ann.hears("dev")
        await product.handled()
    assert not product.server.calls("getUpdates")
    assert product.simulation.changes(product.owner(person)) == ["create dev"]


async def test_only_telegram_is_listened_to(product: Product, port: int) -> None:
    """It has a secret that nobody else has; and what it sends is an update, and not too large."""
    product.webhook = port
    person, ann = product.let_in("Ann")
    user, chat = {"id": person.id, "is_bot": False, "first_name": "Ann"}, {"id": person.id, "type": "private"}
    forged = {
        "update_id": 1,
        "message": {"message_id": 1, "from": user, "chat": chat, "text": "/new dev git"},
    }
    content = httpx.Request("POST", "http://x", json=forged).content
    async with product.running():
        secret = await registered(product)
        assert len(secret) >= 32
        assert await posted(port, content) == 403
        assert await posted(port, content, secret[:-1]) == 403
        assert await posted(port, content, "é") == 403
        assert await posted(port, b"no JSON", secret) == 400
        assert await posted(port, b"[]", secret) == 400
        assert await posted(port, b"{}", secret) == 400
        assert await posted(port, b" " * (LARGEST + 1), secret) == 413
        ann.says("/list")
        await ann.hears("no containers")
    assert secret not in repr(product.simulation.changes(product.owner(person)))


async def test_the_secret_is_another_one_at_each_start(product: Product, port: int) -> None:
    """What was found out once is worth nothing afterwards."""
    product.webhook = port
    secrets: set[str] = set()
    for _ in range(2):
        async with product.running():
            secrets.add(await registered(product))
        product.server.reset()
    assert len(secrets) == 2


async def test_what_the_database_does_not_take_is_sent_again(product: Product, port: int) -> None:
    """Telegram is told so, and keeps it."""
    product.webhook = port
    _, ann = product.let_in("Ann")
    async with product.running():
        secret = await registered(product)
        with product.simulation.refusing("inbox"):
            assert await posted(port, b'{"update_id": 5, "message": {}}', secret) == 500
            ann.says("/list")
        await ann.hears("no containers")


async def test_a_bot_that_asks_again_takes_its_webhook_away(product: Product, port: int) -> None:
    """Telegram does not do both."""
    product.webhook = port
    _, ann = product.let_in("Ann")
    async with product.running():
        await registered(product)
    product.webhook = 0
    async with product.running():
        ann.says("/list")
        await ann.hears("no containers")
        assert product.server.calls("deleteWebhook")


async def test_an_address_that_is_taken_is_named(product: Product, port: int) -> None:
    """With the setting to look at."""
    product.webhook = port
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(Exception, match=f"cannot listen at 127.0.0.1:{port}.*telegram_webhook_listen"),
    ):
        await asyncio.wait_for(product.bot.run(), 10)
