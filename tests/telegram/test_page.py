"""The page, and what it asks the server for."""

import asyncio
import re

import httpx
import pytest

from tests.telegram.client import Telegram
from tests.telegram.conftest import Connect, buttons
from tests.telegram.page import document
from tests.telegram.texts import Json


def test_it_is_one_document_that_loads_nothing() -> None:
    """Style and script are in it, and nothing in it is fetched from anywhere else."""
    page, headers = document()
    assert "{{" not in page
    assert not re.findall(
        r"<script[^>]*\ssrc=|<link[^>]*stylesheet|@import|url\(|\bimport\b[^.]*\bfrom\b", page
    )
    addresses = set(re.findall(r"https?://[^\s\"'\\)]+", page))
    assert {address.split("/")[2] for address in addresses if "[" not in address} == {"www.w3.org"}
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_its_script_runs_by_a_number_that_nobody_can_guess() -> None:
    """What people write cannot carry it: it is another one each time, and stands in page and header alike."""
    pages = [document() for _ in range(2)]
    nonces = [re.findall(r'nonce="([^"]+)"', page) for page, _ in pages]
    assert len({*nonces[0], *nonces[1]}) == 2
    assert all(
        nonce[0] in headers["content-security-policy"]
        for nonce, (_, headers) in zip(nonces, pages, strict=True)
    )


def test_what_people_wrote_is_never_markup() -> None:
    """Nothing in the script makes elements of text."""
    page, _ = document()
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", page
    )


async def test_it_is_served_where_the_bot_is(server: Telegram) -> None:
    """A browser opens the server's own address."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(server.url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-security-policy" in answer.headers
    assert "<title>Voxnix chat</title>" in answer.text


async def test_it_asks_only_for_what_changed(server: Telegram, connect: Connect) -> None:
    """What is new, changed or gone since the last look; it waits for the next change without asking again."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    here = {"person": ann.person.id, "chat": account.id}
    said = ann.says("hi")
    async with connect(account) as bot, httpx.AsyncClient(base_url=server.url) as client:

        async def look(since: int, wait: float = 0) -> Json:
            answer = await client.post("/control/look", json=here | {"since": since, "wait": wait})
            return answer.json()["result"]

        first = await look(0)
        assert [message["text"] for message in first["messages"]] == ["hi"]
        assert (await look(first["version"]))["messages"] == []
        waiting = asyncio.create_task(look(first["version"], 30))
        sent = await bot.send_message(ann.id, "hello", reply_markup=buttons("yes"))
        second = await waiting
        assert [message["text"] for message in second["messages"]] == ["hello"]
        await sent.edit_text("changed")
        await bot.delete_message(ann.id, said.id)
        third = await look(second["version"])
        assert [(message["text"], message["edits"]) for message in third["messages"]] == [("changed", 1)]
        assert third["deleted"] == [said.id]


async def test_a_file_is_never_a_page(server: Telegram) -> None:
    """What somebody sent as HTML is saved, and does not run where the page does."""
    account = server.bot()
    ann = server.person("Ann").opens(account)
    sent = ann.sends_document(b"<script>alert(1)</script>", "a.html", media_type="text/html")
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get(f"/control/file/{sent.json['document']['file_id']}")
        assert answer.content == b"<script>alert(1)</script>"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == "attachment"
        assert (await client.get("/control/file/nothing")).status_code == 404


async def test_it_says_whether_the_bot_listens(
    server: Telegram, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll that is under way counts, and one whose bot was killed does not."""
    monkeypatch.setattr("tests.telegram.updates.LULL", 0)
    account = server.bot()
    ann = server.person("Ann").opens(account)

    def listens() -> bool:
        return server.wire.call("overview", {})["bots"][0]["listening"]

    assert not listens()
    async with connect(account) as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        while not listens():  # noqa: ASYNC110 - what the server knows is asked for
            await asyncio.sleep(0)
        poll.cancel()
        while listens():  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0)
        ann.says("hi")
        assert len(await bot.get_updates()) == 1
