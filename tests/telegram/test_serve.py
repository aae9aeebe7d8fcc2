"""The fake as a process of its own."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import telegram

from tests.telegram.client import Telegram, connected
from tests.telegram.conftest import buttons
from tests.telegram.faults import Fault
from tests.telegram.people import Account

TOKEN = "42:abc"  # noqa: S105 - of a bot that is nowhere else


@pytest.fixture
async def remote() -> AsyncIterator[Telegram]:
    """A fake in another process, with a bot."""
    options = ("-m", "tests.telegram.serve", "--token", TOKEN, "--people", "Ann")
    process = await asyncio.create_subprocess_exec(sys.executable, *options, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    url = (await process.stdout.readline()).decode().strip()
    try:
        with connected(url) as fake:
            yield fake
    finally:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_it_has_the_same_words_in_another_process(remote: Telegram) -> None:
    """People talk, tap, send files and wait there as they do in this process."""
    account = Account(42, "Voxnix", "voxnix_bot", TOKEN)
    ben = remote.person("Ben").opens(account)
    bot = telegram.Bot(TOKEN, base_url=remote.base_url, base_file_url=remote.base_file_url)
    async with bot:
        ben.says("hello")
        (update,) = await bot.get_updates()
        waiting = asyncio.create_task(ben.hears("Welcome"))
        await bot.send_message_draft(ben.id, 1, "Welc")
        assert await ben.reads("Wel") == "Welc"
        await bot.send_message(ben.id, "Welcome", reply_markup=buttons("yes"))
        assert (await waiting).buttons == [["yes"]]
        tap = ben.taps("yes")
        update, *_ = await bot.get_updates(offset=update.update_id + 1)
        assert update.callback_query
        await update.callback_query.answer("Fine")
        assert (await ben.answered(tap))["text"] == "Fine"
        await bot.send_document(ben.id, b"\0\1", filename="a.bin")
        assert ben.downloads(await ben.hears(lambda one: "document" in one.json)) == b"\0\1"
    counts = remote.counts()
    assert (counts["calls"]["sendMessage"], counts["waits"]["count"]) == (1, 1)
    with pytest.raises(AssertionError, match="there is no group -1"):
        remote.wire.call("say", {"person": ben.person.id, "chat": -1, "text": "x"})


async def test_who_asks_from_a_page_elsewhere_is_refused(remote: Telegram) -> None:
    """A browser sends JSON to another site only after it asked, and it is not allowed to."""
    async with httpx.AsyncClient(base_url=remote.url) as client:
        answer = await client.post("/control/counts", content=b"{}", headers={"content-type": "text/plain"})
        assert answer.status_code == 400
        answer = await client.post("/control/nothing", json={})
        assert "there is no “nothing”" in answer.json()["error"]


async def test_a_call_can_stand_still_in_another_process(remote: Telegram) -> None:
    """That is the moment to kill a bot at: carried out, and the bot does not know."""
    ann = remote.person("Ann").opens(Account(42, "", "", TOKEN))
    ann.says("hello")
    remote.fault(Fault(hold="after"), method="sendMessage")
    async with telegram.Bot(TOKEN, base_url=remote.base_url) as bot:
        sending = asyncio.create_task(bot.send_message(ann.id, "x"))
        await remote.held()
        assert ann.screen() == [("Ann", "hello"), ("Voxnix", "x")]
        assert not sending.done()
        assert remote.release() == 1
        await sending
