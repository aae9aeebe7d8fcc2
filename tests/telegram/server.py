"""One fake Telegram: what it knows, what bots did to it, and how a call is carried out."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from tests.telegram.calls import Call, Upload
from tests.telegram.faults import Faults
from tests.telegram.limits import Limits
from tests.telegram.methods import METHODS
from tests.telegram.refusals import Refused
from tests.telegram.texts import Json
from tests.telegram.world import Bot, World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Called:
    """A call that reached the server.

    Attributes:
        bot: id of who called.
        method: as the bot wrote it.
        params: without files.
        refused: why it was not carried out, or empty.
        at: when, in monotonic time.
    """

    bot: int
    method: str
    params: dict[str, str]
    refused: str
    at: float


@dataclass
class Server:
    """One server with its own bots, people and chats.

    Attributes:
        seed: of all ids.
        keep: messages that each chat keeps; None is all, and then every call is kept as well.
        limits: how fast bots may send.
        faults: what goes wrong on the way.
        world: what there is.
        calls: every call that was carried out or refused, in order of its end; empty unless all is kept.
        counts: how many calls there were of each method, and `refused` ones.
        unknown: what was asked for and the fake does not know.
        url: where it is served.
        loop: which everything happens in.
    """

    seed: int = 1
    keep: int | None = None
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    world: World = field(init=False)
    calls: list[Called] = field(default_factory=list[Called])
    counts: Counter[str] = field(default_factory=Counter[str])
    unknown: list[str] = field(default_factory=list[str])
    url: str = ""
    loop: asyncio.AbstractEventLoop | None = None

    def __post_init__(self) -> None:
        ids = random.Random(self.seed)  # noqa: S311 - ids that a test can repeat
        self.world = World(ids, keep=self.keep)

    def start(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Let something happen in the server's loop, from another thread."""
        assert self.loop is not None, "the server does not run"
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def carry_out(
        self, bot: Bot, method: str, params: Mapping[str, str], uploads: Mapping[str, Upload]
    ) -> object:
        """Do what a bot asks for.

        Raises:
            Refused: as Telegram does.
        """
        refused = ""
        try:
            call = Call(self.world, self.limits, bot, params, uploads)
            return await METHODS.get(method.lower(), _unknown)(call)
        except Refused as error:
            refused = error.description
            self.counts["refused"] += 1
            if error.code in {404, 501}:
                self.unknown.append(f"{method}: {refused}")
            raise
        finally:
            self.counts[method] += 1
            if self.keep is None:
                self.calls.append(Called(bot.id, method, dict(params), refused, time.monotonic()))

    def stop(self) -> None:
        """End what goes on by itself."""
        for bot in self.world.bots.values():
            bot.updates.stop_delivery()


async def _unknown(_call: Call) -> object:
    raise Refused(404, "Not Found: method not found")


def refusal(error: Refused) -> Json:
    """The body of an answer that refuses."""
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    return body | ({"parameters": error.parameters} if error.parameters else {})
