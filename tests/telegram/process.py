"""The bot as a process of its own, on a simulated node where nothing takes time: to kill, or to measure."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Generator, Iterable
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Literal

from agent import settings
from agent.app import App
from agent.core.account import CONSOLE, Role
from agent.host.simulated import Pace, SimulatedNode
from agent.settings import Settings

TOKEN = "4711:storm"  # noqa: S105 - of a bot that exists nowhere
LONGEST = 60.0
"""Seconds that a bot may take until it comes to the moment at which it dies."""
Moment = Literal["", "received", "finished", "answered", "sent", "using", "used", "put"]
"""After an update has become a row; after a turn's end is noted; after an answer was taken and before the
update is noted as handled; after a message was taken and before that is noted; before a button is noted as
used, and after; after a file has got into a container."""
PRELOADED = ["agent.app", "agent.assistant", "agent.channels.telegram.bot", "agent.services.engine"]


def given(folder: Path, **more: object) -> Settings:
    """The settings of everything that works in one folder."""
    return settings.load(simulate=True, state_dir=folder, node_name="box", **more)


def let_in(folder: Path, people: Iterable[int]) -> None:
    """Let people speak."""
    with App.open(given(folder)) as app:
        for person in people:
            pairing = app.services.access.knock(f"tg:{person}", "", person)
            app.services.access.approve(CONSOLE, pairing.code, Role.OPERATOR)


def serve(  # noqa: PLR0913 - what a process is told at its start
    url: str, folder: Path, pace: Pace, more: dict[str, object], moment: Moment, *, instant: bool
) -> None:
    """Be the bot, until a signal or until a moment."""
    told = given(folder, telegram_token=TOKEN, telegram_api=url, telegram_rate=0, **more)
    state = told.state_folder / "node.json"
    node = SimulatedNode("box", pool=told.pool, bridge=told.bridge, state=state, pace=pace)
    app = App(told, node)
    if instant:
        _think_in_no_time(app)
    if moment:
        _die(app, moment)
    try:
        app.run_bot()
    finally:
        app.close()


def _die(app: App, moment: Moment) -> None:
    """Let it be killed once it comes to a moment."""
    chats, turns, files = app.services.chats, app.turns, app.services.files
    where: dict[str, tuple[object, str, bool]] = {
        "received": (chats, "receive", True),
        "finished": (turns, "finish", True),
        "answered": (chats, "handled", False),
        "sent": (chats, "send", False),
        "using": (chats, "use", False),
        "used": (chats, "use", True),
        "put": (files, "put", True),
    }
    owner, name, after = where[moment]
    do = getattr(owner, name)

    def last(*given: object, **more: object) -> None:
        if after:
            do(*given, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    vars(owner)[name] = last


def _think_in_no_time(app: App) -> None:
    """Give it a language model that says one sentence at once."""
    from pydantic_ai.messages import ModelMessage  # noqa: PLC0415 - preloaded where it is wanted
    from pydantic_ai.models.function import AgentInfo, FunctionModel  # noqa: PLC0415

    async def answer(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        yield "Hello, "
        yield "what can I do?"

    make = app.assistant
    vars(app)["assistant"] = lambda: make(FunctionModel(stream_function=answer, model_name="instant"))


class Bot:
    """The bot as a process that can be killed and started again.

    Args:
        context: starts processes that have imported everything already.
        url: of the fake Telegram.
        folder: for its state.
        pace: of the simulated node.
        more: settings.
        instant: whether there is a language model, which answers at once.
    """

    def __init__(  # noqa: PLR0913 - what a process is told at its start
        self,
        context: ForkServerContext,
        url: str,
        folder: Path,
        pace: Pace,
        more: dict[str, object],
        *,
        instant: bool,
    ) -> None:
        self._context = context
        self._arguments = url, folder, pace, more
        self._instant = instant
        self._process: ForkServerProcess | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def start(self, until: Moment = "") -> None:
        """Start it, maybe until it dies by itself."""
        self._process = self._context.Process(
            target=serve, args=(*self._arguments, until), kwargs={"instant": self._instant}, daemon=True
        )
        self._process.start()

    async def died(self) -> None:
        """Wait until it has died by itself."""
        assert self._process is not None
        await asyncio.to_thread(self._process.join, LONGEST)
        assert self._process.exitcode is not None, "it has not come to that moment"

    def kill(self) -> None:
        """End it as nothing can be prepared for."""
        if self._process is not None:
            self._process.kill()
            self._process.join()


@contextmanager
def bot_in(
    folder: Path,
    url: str,
    *,
    pace: Pace | None = None,
    instant: bool = False,
    more: dict[str, object] | None = None,
) -> Generator[Bot]:
    """A bot that is not started yet; it is killed at the end of the block."""
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    bot = Bot(context, url, folder, pace or Pace.instant(), more or {}, instant=instant)
    try:
        yield bot
    finally:
        bot.kill()
