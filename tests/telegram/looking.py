"""What people see, what bots did, and what goes wrong: the other half of what tests and the page ask for by name."""

import asyncio
import base64
import time
from collections.abc import Callable

from tests.telegram import commands
from tests.telegram.faults import Fault
from tests.telegram.server import Server
from tests.telegram.stage import bot_of, place
from tests.telegram.texts import Json
from tests.telegram.world import Chat

FADES = 5.0
"""Seconds after which nobody sees any more what a bot said that it was doing."""


async def look(server: Server, *, person: int, chat: int, since: int = 0, wait: float = 0) -> Json:
    """What a chat shows that changed since a version; waits for a change if there was none."""
    _, found = place(server, person, chat)
    await found.changes(since, wait)
    return {
        "version": found.version,
        "messages": [message.shown() for message in found.messages.values() if message.version > since],
        "deleted": [number for number, version in found.deleted.items() if version > since],
        "drafts": [{"id": number} | draft for number, draft in found.drafts.items()],
        "action": _action(found),
        "blocked": found.blocked,
        "topics": [{"id": number, "name": name} for number, name in found.topics.items()],
    }


def _action(chat: Chat) -> Json | None:
    name, thread, at = chat.action
    left = at + FADES - time.monotonic()
    return {"name": name, "thread": thread, "left": round(left, 1)} if name and left > 0 else None


async def overview(server: Server, *, most: int = 100) -> Json:
    """Who and what there is: bots, people and groups, and how far their chats are."""
    world = server.world
    return {
        "bots": [{"id": bot.id, "name": bot.name, "username": bot.username} for bot in world.bots.values()],
        "people": [
            {"id": one.id, "name": one.name, "language": one.language}
            for one in list(world.people.values())[:most]
        ],
        "groups": [
            {"id": chat.id, "title": chat.title, "people": [one.id for one in chat.members if not one.is_bot]}
            for (bot, _), chat in list(world.chats.items())[:most]
            if bot == 0
        ],
        "chats": [
            {"bot": bot, "chat": number, "version": chat.version, "last": _last(chat)}
            for (bot, number), chat in list(world.chats.items())[:most]
        ],
    }


def _last(chat: Chat) -> Json | None:
    for message in reversed(chat.messages.values()):
        return {"id": message.id, "text": message.text[:80], "from": message.sender.id, "date": message.date}
    return None


async def answer(server: Server, *, bot: int, tap: str, wait: float = 0) -> Json | None:
    """What a bot answered to a tap, as soon as it did; None if it did not."""
    tapped = bot_of(server, bot).taps[tap]
    try:
        async with asyncio.timeout(wait):
            await tapped.answered.wait()
    except TimeoutError:
        pass
    return tapped.answer


def menu(server: Server, *, person: int, chat: int, bot: int = 0) -> list[Json]:
    """The commands that a person is offered in a chat."""
    account, found = place(server, person, chat)
    return commands.seen_by(bot_of(server, bot or chat), account, found)


def menus(server: Server, *, bot: int) -> Json:
    """Every menu that a bot set, by its scope and, after a space, its language."""
    return {
        f"{scope} {language}".strip(): menu
        for (scope, language), menu in bot_of(server, bot).commands.items()
    }


def file(server: Server, *, id: str) -> Json:  # noqa: A002 - the Bot API's word
    """A file, its content as base64."""
    found = server.world.files[id]
    content = base64.b64encode(found.content).decode()
    return {"name": found.name, "media_type": found.media_type, "content": content}


def counts(server: Server) -> Json:
    """How much happened: what was said, and each method's calls; what waits for the bots; how long people waited."""
    queues = [bot.updates for bot in server.world.bots.values()]
    return {
        "calls": dict(server.counts),
        "unknown": list(server.unknown),
        "pending": sum(len(queue.pending) for queue in queues),
        "confirmed": sum(queue.confirmed for queue in queues),
        "waiting": sum(chat.asked > 0 for chat in server.world.chats.values()),
        "waits": _quantiles(sorted(server.world.waits)),
    }


def _quantiles(seconds: list[float]) -> Json:
    def at(share: float) -> float:
        return round(seconds[min(int(share * len(seconds)), len(seconds) - 1)], 4) if seconds else 0

    return {"count": len(seconds), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "longest": at(1)}


def reset(server: Server) -> None:
    """Begin to count anew."""
    server.counts.clear()
    server.calls.clear()
    server.unknown.clear()
    del server.world.waits[:]


def calls(server: Server, *, method: str = "") -> list[Json]:
    """The calls that bots made, or those of one method, in order of their end; none unless all is kept."""
    return [
        {
            "bot": call.bot,
            "method": call.method,
            "params": call.params,
            "refused": call.refused,
            "at": call.at,
        }
        for call in server.calls
        if not method or call.method.lower() == method.lower()
    ]


def updates(server: Server, *, bot: int) -> Json:
    """What waits for a bot, and how much it took."""
    queue = bot_of(server, bot).updates
    return {"pending": list(queue.pending), "confirmed": queue.confirmed, "put_in": queue.put_in}


def fault(server: Server, *, times: int = 1, method: str = "", **how: object) -> None:
    """Let the next calls fail, as `Fault` says."""
    server.faults.add(Fault(**how), times, method)  # type: ignore[arg-type]


def outage(server: Server, *, seconds: float) -> None:
    """Cut every connection for a while; 0 ends it."""
    server.faults.outage(seconds)


def calm(server: Server) -> None:
    """Let nothing fail any more."""
    server.faults.clear()


async def holding(server: Server, *, calls: int = 1, wait: float = 0) -> int:
    """How many calls stand still, as soon as there are so many."""
    return await server.faults.holding(calls, wait)


async def release(server: Server) -> int:
    """Let the calls go on that stand still."""
    return await server.faults.release()


def rules(
    server: Server,
    *,
    limits: bool | None = None,
    chat: tuple[float, float] | None = None,
    group: tuple[float, float] | None = None,
    overall: tuple[float, float] | None = None,
    query_lifetime: float | None = None,
) -> None:
    """Change how fast bots may send (size and rate of each budget), and how long a tap can be answered."""
    kept = server.limits
    kept.on = kept.on if limits is None else limits
    kept.chat, kept.group, kept.overall = chat or kept.chat, group or kept.group, overall or kept.overall
    if query_lifetime is not None:
        server.world.query_lifetime = query_lifetime


VERBS: dict[str, Callable[..., object]] = {
    verb.__name__: verb
    for verb in (
        *(look, overview, answer, menu, menus, file, counts, reset, calls, updates),
        *(fault, outage, calm, holding, release, rules),
    )
}
