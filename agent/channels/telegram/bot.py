"""The bot: its parts put together, started and stopped."""

import asyncio
import gc
import json
import logging
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from telegram import Bot
from telegram.error import InvalidToken
from telegram.ext import AIORateLimiter, ExtBot

from agent.channels.telegram.commands import Commands
from agent.channels.telegram.door import Door
from agent.channels.telegram.files import Files
from agent.channels.telegram.follower import Follower
from agent.channels.telegram.intake import Polling, Webhook, persist
from agent.channels.telegram.lanes import Lanes, ended, lane_of
from agent.channels.telegram.menus import Menus
from agent.channels.telegram.notices import Announcer
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.people import People
from agent.channels.telegram.reception import Reception
from agent.channels.telegram.request import WholeRequest
from agent.channels.telegram.taps import Taps
from agent.channels.telegram.turns import CHANNEL, Turns
from agent.channels.telegram.voice import Voice
from agent.core.chat import Incoming
from agent.core.errors import InvalidSettings
from agent.services.services import Services

if TYPE_CHECKING:
    from agent.assistant import Assistant
    from agent.voice import Transcriber

CONNECTIONS = 6
"""To Telegram, side by side. It takes some 30 messages a second, and httpx slows down with each of them."""
RETRIES = 5
"""Of a request that Telegram asks to make later; after these it is made later all the same."""
BEAT_EVERY = 10.0
"""Seconds between two signs of life."""
HOUSEKEEPING = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Connection:
    """How Telegram is reached.

    Attributes:
        token: the bot's.
        api: base URL of the Bot API.
        rate: messages per second that are sent at most; 0 for as many as there are.
        webhook: URL where Telegram finds us; empty where it is asked for updates.
        listen: address and port of the webhook here.
    """

    token: SecretStr
    api: str
    rate: int
    webhook: str = ""
    listen: str = ""


class TelegramBot:
    """Serves chats until told to stop.

    Args:
        connection: how Telegram is reached.
        services: what can be done.
        assistant: makes the assistant, which takes seconds.
        transcriber: understands speech.
    """

    def __init__(
        self,
        connection: Connection,
        services: Services,
        assistant: "Callable[[], Assistant]",
        transcriber: "Transcriber",
    ) -> None:
        self._connection = connection
        self._services = services
        self._make_assistant = assistant
        self._transcriber = transcriber
        self._source = ""
        self._problem = ""
        self._news = asyncio.Event()
        self._lanes: Lanes | None = None
        self._loading: asyncio.Future[Assistant] | None = None

    def serve(self) -> None:
        """Run until SIGTERM or SIGINT.

        Raises:
            InvalidSettings: Telegram does not know the token.
            HostFailure: the webhook cannot be listened at.
        """
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        serving = asyncio.create_task(self.run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not serving.done():
            serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        if not serving.cancelled() and (error := serving.exception()) is not None:
            raise error

    async def run(self) -> None:
        """Run until cancelled. What is under way then is taken up by the next start.

        Raises:
            InvalidSettings: Telegram does not know the token.
            HostFailure: the webhook cannot be listened at.
        """
        async with AsyncExitStack() as stack:
            beating = asyncio.create_task(self._beat(), name="beat")
            stack.push_async_callback(ended, [beating])
            bot = await self._open(stack)
            me = bot.bot.to_dict()
            self._source = f"tg:{me['id']}"
            outbox = Outbox(bot, self._services.chats, CONNECTIONS)
            stack.push_async_callback(outbox.close)
            turns = Turns(outbox, self._services, self._assistant)
            follower = Follower(outbox, self._services, turns.busy)
            door = Door(outbox, self._services, Menus(bot))
            lanes = self._lanes = Lanes(self._reception(me, bot, outbox, turns, follower, door).handle)
            stack.push_async_callback(lanes.close)
            lanes.add(await asyncio.to_thread(self._services.chats.unhandled, self._source))
            tasks = [
                asyncio.create_task(part, name=part.__name__)
                for part in (
                    self._intake(bot).run(),
                    follower.run(),
                    door.run(),
                    Announcer(outbox, self._services).run(),
                    self._keep_house(bot),
                )
            ]
            stack.push_async_callback(ended, tasks)
            done, _ = await asyncio.wait([beating, *tasks], return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()  # none ends but by an error

    def _reception(  # noqa: PLR0913, PLR0917 - the parts that go on by themselves
        self,
        me: Mapping[str, Any],
        bot: "ExtBot[int]",
        outbox: Outbox,
        turns: Turns,
        follower: Follower,
        door: Door,
    ) -> Reception:
        services = self._services
        people, files, menus = People(services), Files(outbox, services), Menus(bot)
        return Reception(
            me=me,
            services=services,
            outbox=outbox,
            people=people,
            door=door,
            turns=turns,
            commands=Commands(
                outbox=outbox,
                services=services,
                turns=turns,
                follower=follower,
                door=door,
                menus=menus,
                assistant=self._assistant,
            ),
            taps=Taps(outbox, services, people, turns, follower, door, files),
            files=files,
            voice=Voice(outbox, services, self._transcriber),
        )

    async def _open(self, stack: AsyncExitStack) -> "ExtBot[int]":
        """The bot, known to Telegram.

        Raises:
            InvalidSettings: Telegram does not know the token.
        """
        rate = self._connection.rate
        limiter = AIORateLimiter(overall_max_rate=rate, max_retries=RETRIES)
        bot = ExtBot(
            self._connection.token.get_secret_value(),
            base_url=f"{self._connection.api}/bot",
            base_file_url=f"{self._connection.api}/file/bot",
            request=WholeRequest(connection_pool_size=CONNECTIONS, pool_timeout=60.0, read_timeout=20.0),
            rate_limiter=limiter,
        )

        async def known() -> None:
            try:
                await bot.initialize()
            except InvalidToken:
                # Its text holds the token.
                raise InvalidSettings(
                    "Telegram does not know this token.",
                    "It was mistyped, or @BotFather has given out a new one.",
                    "Correct the setting telegram_token.",
                ) from None

        stack.push_async_callback(bot.shutdown)
        await persist(known, self._health)
        return bot

    def _intake(self, bot: Bot) -> Polling | Webhook:
        to = self._connection
        if to.webhook:
            return Webhook(bot, to.webhook, to.listen, self._receive, self._health)
        return Polling(bot, self._receive, self._health)

    async def _receive(self, updates: Sequence[Mapping[str, Any]]) -> None:
        now = self._services.chats.now()
        arrived = [
            Incoming(self._source, int(one["update_id"]), lane_of(one), json.dumps(one), now)
            for one in updates
        ]
        new = await asyncio.to_thread(self._services.chats.receive, self._source, arrived)
        if self._lanes is None:
            return
        for one in new:
            if (changed := self._lanes.amend(one)) is not None:
                await asyncio.to_thread(self._services.chats.amend, changed, one)
            else:
                self._lanes.add([one])

    async def _assistant(self) -> "Assistant":
        """The assistant, loaded beside what else is to be done: updates are taken meanwhile."""
        if self._loading is None:
            executor = ThreadPoolExecutor(1, "voxnix-assistant")
            self._loading = asyncio.wrap_future(executor.submit(self._make_assistant))
            executor.shutdown(wait=False)
        return await asyncio.shield(self._loading)

    def _health(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._news.set()

    async def _beat(self) -> None:
        """Say how it goes, also while nothing comes in."""
        while True:
            with _logged():
                await asyncio.to_thread(self._services.chats.beat, CHANNEL, self._problem)
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_EVERY):
                    await self._news.wait()
            self._news.clear()

    async def _keep_house(self, bot: "ExtBot[int]") -> None:
        await Menus(bot).show_to_strangers()
        # Whoever waits for an operation starts a worker where none runs; what was queued before waits too.
        await asyncio.to_thread(self._services.operations.ensure_worker)
        await self._assistant()
        gc.freeze()  # what is imported by now stays: the collector need not walk it again and again
        while True:
            with _logged():
                await asyncio.to_thread(self._services.chats.prune)
            await asyncio.sleep(HOUSEKEEPING.total_seconds())


@contextmanager
def _logged() -> Generator[None]:
    """What goes wrong within the block is logged: it is done again later, and the bot serves on."""
    try:
        yield
    except Exception:
        log.exception("the database did not take it")
