"""Who there is on the people's side: what tests and the page ask for by name, first part."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.telegram.server import Server
from tests.telegram.texts import Json
from tests.telegram.updates import Updates
from tests.telegram.world import Account, Bot, Chat


def bot(
    server: Server,
    *,
    name: str = "Voxnix",
    username: str = "voxnix_bot",
    privacy: bool = True,
    token: str = "",
) -> Json:
    """Make a bot account, as BotFather would; with a token of one's own it is known by that."""
    world = server.world
    number = int(token.partition(":")[0]) if token else world.number()
    token = token or f"{number}:{world.random.getrandbits(200):050x}"
    updates = Updates(world.random.randrange(10**8, 10**9))
    world.bots[token] = Bot(number, name, username, token=token, updates=updates, privacy=privacy)
    return {"id": number, "name": name, "username": username, "token": token}


def people(server: Server, *, names: list[str], language: str = "en") -> list[Json]:
    """Make accounts of people."""
    made = [Account(server.world.number(), name, name.lower(), language) for name in names]
    server.world.people |= {account.id: account for account in made}
    return [{"id": account.id, "name": account.name, "language": account.language} for account in made]


def group(server: Server, *, title: str, members: list[int], topics: list[str]) -> Json:
    """Make a group; with topics it is a forum."""
    number = -(10**12) - server.world.number()
    chat = Chat(number, "supergroup", title, [account_of(server, one) for one in members], server.world.keep)
    chat.started = True
    chat.topics = {server.world.random.randrange(2, 10**6): topic for topic in topics}
    server.world.chats[0, number] = chat
    return {"id": number, "topics": list(chat.topics)}


def account_of(server: Server, number: int) -> Account:
    """The person or the bot with an id."""
    if number in server.world.people:
        return server.world.people[number]
    return bot_of(server, number)


def bot_of(server: Server, number: int) -> Bot:
    """The bot with an id."""
    for one in server.world.bots.values():
        if one.id == number:
            return one
    raise AssertionError(f"there is no bot {number}")


@dataclass(frozen=True)
class Place:
    """A person in a chat, named as the person sees it: a bot's id is the private chat with it.

    Attributes:
        server: on which.
        account: the person.
        chat: where they are.
        thread: the topic that they are in.
    """

    server: Server
    account: Account
    chat: Chat
    thread: int | None


def place(server: Server, person: int, chat: int, thread: int | None = None) -> Place:
    """A person in a chat that they mean; a private one is there once somebody goes to it."""
    account = account_of(server, person)
    key = (0, chat) if chat < 0 else (chat, person)
    if chat > 0 and key not in server.world.chats:
        members = [account, bot_of(server, chat)]
        server.world.chats[key] = Chat(person, "private", "", members, server.world.keep)
    assert key in server.world.chats, f"there is no group {chat}"
    return Place(server, account, server.world.chats[key], thread)


def put(server: Server, *, bot: int, kind: str, content: Json) -> int:
    """Queue any update at all for a bot; returns its id, or 0 if the bot does not want its kind."""
    return bot_of(server, bot).updates.put(kind, content)


def queue(server: Server, *, bot: int, updates: list[Json]) -> None:
    """Queue updates as they are, whatever is in them."""
    for update in updates:
        bot_of(server, bot).updates.queue(update)


VERBS: dict[str, Callable[..., object]] = {verb.__name__: verb for verb in (bot, people, group, put, queue)}
