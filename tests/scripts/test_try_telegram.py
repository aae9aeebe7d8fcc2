"""`scripts/try --telegram` on a simulated machine. In a box only the way to start a command is another."""

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from scripts.try_telegram import Machine
from tests.telegram.client import connected, serving
from tests.telegram.people import Account, Person

ROOT = Path(__file__).parents[2]


class Run:
    """A run, and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def says(self, pattern: str) -> str:
        """Wait until it says something; the first group of that."""
        assert self.process.stderr
        while (found := re.search(pattern, self.said)) is None:
            line = await asyncio.wait_for(self.process.stderr.readline(), 60)
            assert line, f"it ended, and said: {self.said}"
            self.said += line.decode()
        return found[1]

    async def ends(self) -> int:
        """How it ends, with the rest of what it says."""
        assert self.process.stderr
        self.said += (await self.process.stderr.read()).decode()
        return await self.process.wait()


@asynccontextmanager
async def trying(state: Path, stdin: int = subprocess.DEVNULL, **variables: str) -> AsyncGenerator[Run]:
    """Run it until the end of the block, where somebody presses Ctrl-C."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "scripts.try_telegram", "--state", str(state)),
        cwd=ROOT,
        env={**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": "", "PYTHONPATH": str(ROOT), **variables},
        stdin=stdin,
        stderr=asyncio.subprocess.PIPE,
    )
    run = Run(process)
    try:
        yield run
        process.send_signal(signal.SIGINT)
        assert await run.ends() == 0, run.said
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_newcomer_chats_in_a_browser(tmp_path: Path) -> None:
    """The page is there, its first person is an admin who lets in the second, and Ctrl-C ends all of it."""
    async with trying(tmp_path) as run:
        page = await run.says(r"(http://127\.0\.0\.1:\d+)")
        await run.says(r"(Ctrl-C) ends it all")
        with connected(page) as telegram:
            seen = telegram.wire.call("overview", {"most": 2})
            account = Account(seen["bots"][0]["id"], "Voxnix", "voxnix_bot", "")
            ann, ben = (
                Person(telegram.wire, one["id"], one["name"]).opens(account) for one in seen["people"]
            )
            ben.says("hello")
            await ben.hears("this code")
            await ann.hears("asks to use this server")
            ann.taps("Viewer")
            await ben.hears("You are let in")
            ann.says("/list")
            await ann.hears("no containers")
            async with httpx.AsyncClient() as browser:
                assert "<title>" in (await browser.get(page)).text
    async with httpx.AsyncClient() as browser:
        with pytest.raises(httpx.ConnectError):
            await browser.get(page)
    assert run.said.rstrip().endswith("Ended.")


async def test_with_a_token_it_is_telegram_itself(tmp_path: Path) -> None:
    """It names the bot, and who types the code that it gives is its admin."""
    ours, theirs = pty.openpty()
    with serving(seed=31) as telegram:
        account = telegram.bot(username="ann_bot")
        given = {"TELEGRAM_BOT_TOKEN": account.token, "VOXNIX_TELEGRAM_API": telegram.url}
        async with trying(tmp_path, theirs, **given) as run:
            await run.says(r"(https://t\.me/ann_bot)\n")
            ann = telegram.person("Ann").opens(account)
            ann.says("hello")
            code = re.search(r"code: (\w+)", (await ann.hears("this code")).text)
            assert code
            os.write(ours, b"WRONG\n")
            await run.says("(Nobody waits with the code WRONG)")
            os.write(ours, f"{code[1]}\n".encode())
            await run.says("(Ann is an admin now)")
            ann.says("/list")
            await ann.hears("no containers")
        assert account.token not in run.said
    os.close(ours)
    os.close(theirs)


def test_a_token_that_telegram_does_not_know_is_said(tmp_path: Path) -> None:
    """In a sentence without the token, before anything is started; so is a Telegram that is not there."""

    def said(api: str) -> str:
        variables = {"TELEGRAM_BOT_TOKEN": "42:wrong", "VOXNIX_TELEGRAM_API": api, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(
            [sys.executable, "-P", "-m", "scripts.try_telegram", "--state", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == 1
        return run.stderr

    with serving(seed=32) as telegram:
        assert said(telegram.url) == (
            "try: Telegram does not know the token in TELEGRAM_BOT_TOKEN: @BotFather has the right one.\n"
        )
    assert said(telegram.url) == "try: Telegram cannot be reached (URLError).\n"


def test_a_sentence_is_said_in_the_chat() -> None:
    """With --telegram there is none on the command line, and nothing is set up for one."""
    run = subprocess.run(
        [ROOT / "scripts/try", "--telegram", "list", "it"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (
        2,
        "try: with --telegram you say it in the chat: leave out “list it”.\n",
    )


def test_in_a_box_the_same_is_run_through_its_door() -> None:
    """The command of the product, and the fake from the checkout that is mounted there."""
    box = Machine("trial")
    enter = [str(ROOT / "scripts/box"), "run", "--name", "trial"]
    assert box.voxnix("bot") == [*enter, "voxnix", "bot"]
    assert box.telegram("--fd", "3")[:4] == enter
    assert box.telegram("--fd", "3")[-3:] == ["tests.telegram.serve", "--fd", "3"]
