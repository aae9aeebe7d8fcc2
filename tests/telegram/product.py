"""The bot as people meet it: all of it is real, between a simulated node and a fake Telegram."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from agent.channels.telegram.bot import Connection, TelegramBot
from agent.core.account import CONSOLE, Role
from agent.core.owner import Owner
from tests.simulation import Simulation
from tests.telegram.client import Telegram
from tests.telegram.people import PATIENCE, Account, Person, Talk

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from agent.voice import Transcriber


class Silence:
    """Understands nothing, where a test has nobody who speaks."""

    async def transcribe(self, audio: bytes, *, language: str = "", hints: Sequence[str] = ()) -> str:
        """See :class:`Transcriber`."""
        raise AssertionError(f"nobody speaks here: {len(audio)} {language} {hints}")


class Product:
    """A bot in a chat with people.

    Args:
        simulation: the product below the channel.
        server: Telegram.
        account: the bot's there.

    Attributes:
        model: the language model; the phrasebook where there is none.
        transcriber: understands speech.
        webhook: port at which it is told of updates; 0 where it asks for them.
    """

    def __init__(self, simulation: Simulation, server: Telegram, account: Account) -> None:
        self.simulation = simulation
        self.server = server
        self.account = account
        self.model: Model | None = None
        self.transcriber: Transcriber = Silence()
        self.webhook = 0
        self._going = asyncio.Event()

    @property
    def bot(self) -> TelegramBot:
        """A bot that is not running yet."""
        app = self.simulation.app
        at = f"127.0.0.1:{self.webhook}" if self.webhook else ""
        connection = Connection(
            SecretStr(self.account.token), self.server.url, 0, webhook=at and f"http://{at}", listen=at
        )
        return TelegramBot(connection, app.services, lambda: app.assistant(self.model), self.transcriber)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """The bot runs within the block."""
        serving = asyncio.create_task(self.bot.run())
        try:
            yield
        finally:
            serving.cancel()
            results = await asyncio.gather(serving, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]

    async def handled(self) -> None:
        """Wait until all that was said is handled."""
        source = f"tg:{self.account.id}"
        chats = self.simulation.app.services.chats
        async with asyncio.timeout(PATIENCE):
            while self.server.updates(self.account)["pending"] or chats.unhandled(source):  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.02)

    async def troubled(self, by: str) -> None:
        """Wait until it says to who looks after it what is wrong; an empty text is that nothing is."""
        chats = self.simulation.app.services.chats
        async with asyncio.timeout(PATIENCE):
            while True:  # the database knows
                health = chats.health("telegram")
                if health and (by in health.problem if by else not health.problem):
                    return
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """For a model's script: say nothing more until :meth:`go_on`."""
        await self._going.wait()

    def go_on(self) -> None:
        """Let the model say the rest."""
        self._going.set()

    def let_in(self, name: str, role: Role = Role.OPERATOR, language: str = "en") -> tuple[Person, Talk]:
        """Somebody who may speak, in their private chat."""
        person = self.server.person(name, language)
        access = self.simulation.app.services.access
        pairing = access.knock(f"tg:{person.id}", name, person.id)
        access.approve(CONSOLE, pairing.code, role)
        return person, person.opens(self.account)

    def owner(self, person: Person) -> Owner:
        """Whose containers theirs are."""
        return Owner(f"tg:{person.id}")
