"""What a test holds of a fake Telegram: the same words for one in its process and for one in another."""

import socket
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from tests.telegram.faults import Fault
from tests.telegram.people import PATIENCE, Account, Group, Person
from tests.telegram.server import Server
from tests.telegram.texts import Json
from tests.telegram.web import running
from tests.telegram.wires import Direct, Remote, Wire


class Telegram:
    """A fake Telegram, reached over a wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    @property
    def url(self) -> str:
        """Where it is served."""
        return self.wire.url

    @property
    def base_url(self) -> str:
        """For the library's bot."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """For the library's bot."""
        return f"{self.url}/file/bot"

    def bot(
        self, name: str = "Voxnix", username: str = "voxnix_bot", *, privacy: bool = True, token: str = ""
    ) -> Account:
        """Make a bot account, as BotFather would."""
        return Account(**self._ask("bot", name=name, username=username, privacy=privacy, token=token))

    def person(self, name: str, language: str = "en") -> Person:
        """Make a person's account."""
        return self.people([name], language)[0]

    def people(self, names: Iterable[str], language: str = "en") -> list[Person]:
        """Make accounts of many people."""
        made = self._ask("people", names=list(names), language=language)
        return [Person(self.wire, one["id"], one["name"]) for one in made]

    def group(self, title: str, *members: Account | Person, topics: Iterable[str] = ()) -> Group:
        """Make a group; with topics it is a forum."""
        ids = [member.id for member in members]
        return Group(**self._ask("group", title=title, members=ids, topics=list(topics)))

    def say_all(self, people: Iterable[Person], bot: Account, text: str) -> int:
        """Let many people say the same, each in their own chat with a bot."""
        return self._ask("say_all", people=[person.id for person in people], chat=bot.id, text=text)

    def put(self, bot: Account, kind: str, content: Json) -> int:
        """Queue any update for a bot; returns its id, or 0 if the bot does not want its kind."""
        return self._ask("put", bot=bot.id, kind=kind, content=content)

    def queue(self, bot: Account, updates: Iterable[Json]) -> None:
        """Queue updates as they are, whatever is in them."""
        self._ask("queue", bot=bot.id, updates=list(updates))

    def updates(self, bot: Account) -> Json:
        """What waits for a bot (`pending`), how much it took (`confirmed`), how much there was (`put_in`)."""
        return self._ask("updates", bot=bot.id)

    def menus(self, bot: Account) -> dict[str, list[Json]]:
        """Every menu of a bot, by its scope and, after a space, its language: `all_private_chats de`."""
        return self._ask("menus", bot=bot.id)

    def calls(self, method: str = "") -> list[Json]:
        """The calls of one method, or all: `bot method params refused at`."""
        return self._ask("calls", method=method)

    def counts(self) -> Json:
        """How much happened: `calls` by method, `unknown`, `pending`, `confirmed`, `waiting`, `waits`."""
        return self._ask("counts")

    def reset(self) -> None:
        """Begin to count anew."""
        self._ask("reset")

    @property
    def unknown(self) -> list[str]:
        """What was asked for and the fake does not know."""
        return self.counts()["unknown"]

    def fault(self, fault: Fault, times: int = 1, method: str = "") -> None:
        """Let the next calls fail."""
        self._ask("fault", times=times, method=method, **vars(fault))

    def outage(self, seconds: float) -> None:
        """Cut every connection for a while; 0 ends it."""
        self._ask("outage", seconds=seconds)

    def calm(self) -> None:
        """Let nothing fail any more."""
        self._ask("calm")

    async def held(self, calls: int = 1, within: float = PATIENCE) -> None:
        """Wait until so many calls stand still."""
        held = await self.wire.wait("holding", {"calls": calls, "wait": within})
        assert held >= calls, f"after {within} s {held} calls stand still, and {calls} should"

    def release(self) -> int:
        """Let the calls go on that stand still; returns how many did."""
        return self._ask("release")

    def rules(self, **rules: object) -> None:
        """Change `query_lifetime`, or limits: `on`, and `chat group overall` (size and rate)."""
        self._ask("rules", **rules)

    def _ask(self, verb: str, **params: object) -> Any:  # noqa: ANN401 - JSON
        return self.wire.call(verb, params)


@contextmanager
def serving(
    *, seed: int = 1, keep: int | None = None, port: int = 0, also: socket.socket | None = None
) -> Generator[Telegram]:
    """A fake in a thread of this process, for the length of a block.

    Args:
        seed: of all ids.
        keep: messages that each chat keeps; None keeps all, and every call as well.
        port: of the loopback interface; 0 is any.
        also: a socket that listens already, to be reached at as well.
    """
    with running(Server(seed, keep), port, also) as server:
        yield Telegram(Direct(server))


@contextmanager
def connected(url: str) -> Generator[Telegram]:
    """A fake that runs in another process, for the length of a block."""
    wire = Remote(url)
    try:
        yield Telegram(wire)
    finally:
        wire.close()
