"""A kill at exactly one moment: what is asked for is done once, and answered, seldom twice."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from agent.app import App
from tests.telegram.client import Telegram
from tests.telegram.faults import Fault
from tests.telegram.people import Talk
from tests.telegram.process import TOKEN, Bot, given

PATIENT = 30.0
"""Seconds that a person waits for a bot that is started anew."""
MAKE = "create a container called dev with git"


@dataclass
class Stage:
    """A bot that can be killed, and Ann who talks to it."""

    telegram: Telegram
    folder: Path
    bot: Bot
    ann: Talk

    async def killed_at(self, fault: Fault, method: str) -> None:
        """Kill the bot while a call of it stands still."""
        self.telegram.fault(fault, method=method)
        yield_to = self.telegram.held(within=PATIENT)
        await yield_to
        self.bot.kill()
        self.telegram.release()

    async def answered(self) -> None:
        """Wait until nothing is open."""
        while self.unhandled():  # noqa: ASYNC110 - what is in a database is asked for
            await asyncio.sleep(0.02)

    def unhandled(self) -> int:
        """How much is not handled."""
        with App.open(given(self.folder)) as app:
            return len(app.services.chats.unhandled(f"tg:{TOKEN.partition(':')[0]}"))
