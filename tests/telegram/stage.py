"""What happens on the people's side: who there is, and what they do. Tests and the page ask for it by name.

A place is named by a person and a chat as the person sees it: a bot's id is the private chat with it, any other is a group.
"""

import base64
import time
from collections.abc import Callable
from typing import cast

from tests.telegram import files
from tests.telegram.marks import is_for, with_marks
from tests.telegram.server import Server
from tests.telegram.texts import Json
from tests.telegram.updates import Updates
from tests.telegram.world import Account, Bot, Chat, Message, Tap

MOST_TAPS = 10_000


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


def place(server: Server, person: int, chat: int) -> tuple[Account, Chat]:
    """A person, and the chat that they mean; a private one is there once somebody goes to it."""
    account = account_of(server, person)
    if chat < 0:
        found = server.world.chats.get((0, chat))
        assert found is not None, f"there is no group {chat}"
        return account, found
    key = (chat, person)
    if key not in server.world.chats:
        members = [account, bot_of(server, chat)]
        server.world.chats[key] = Chat(person, "private", "", members, server.world.keep)
    return account, server.world.chats[key]


def enter(server: Server, *, person: int, chat: int, status: str = "") -> None:
    """Go to a chat; who is not in it joins, and who gets a status has that there from now on."""
    account, found = place(server, person, chat)
    if account not in found.members:
        found.members.append(account)
    if status:
        found.roles[account.id] = status


def invite(server: Server, *, person: int, chat: int, bot: int) -> None:
    """Take a bot into a group; it is told so."""
    account, found = place(server, person, chat)
    invited = bot_of(server, bot)
    found.members.append(invited)
    _membership(account, found, invited, "left", "member")


def expel(server: Server, *, person: int, chat: int, bot: int) -> None:
    """Put a bot out of a group; it is told so."""
    account, found = place(server, person, chat)
    expelled = bot_of(server, bot)
    found.members.remove(expelled)
    _membership(account, found, expelled, "member", "kicked")


def block(server: Server, *, person: int, chat: int, blocked: bool) -> None:
    """Block the bot of a private chat, or let it write again."""
    account, found = place(server, person, chat)
    assert found.kind == "private", "only a private chat's bot can be blocked"
    found.blocked = blocked
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    _membership(account, found, bot_of(server, chat), old, new)


def _membership(by: Account, chat: Chat, bot: Bot, old: str, new: str) -> None:
    def member(status: str) -> Json:
        return {"status": status, "user": bot.as_json()} | ({"until_date": 0} if status == "kicked" else {})

    change: Json = {"chat": chat.as_json(), "from": by.as_json(), "date": int(time.time())}
    bot.updates.put(
        "my_chat_member", change | {"old_chat_member": member(old), "new_chat_member": member(new)}
    )
    chat.touch()


def topic(server: Server, *, person: int, chat: int, name: str) -> int:
    """Open a topic, in a group or in a private chat."""
    account, found = place(server, person, chat)
    number = server.world.random.randrange(2, 10**6)
    found.topics[number] = name
    content: Json = {"forum_topic_created": {"name": name, "icon_color": 0x6FB9F0}}
    _send(server, account, found, content, thread=number)
    return number


def say(
    server: Server, *, person: int, chat: int, text: str, thread: int | None = None, reply_to: int = 0
) -> Json:
    """Write a message."""
    account, found = place(server, person, chat)
    answered = found.messages.get(reply_to) if reply_to else None
    return _send(server, account, found, with_marks("text", text), thread=thread, reply_to=answered)


def say_all(server: Server, *, people: list[int], chat: int, text: str) -> int:
    """Let many people say the same, each in their own chat with a bot; returns how many did."""
    for person in people:
        account, found = place(server, person, chat)
        _send(server, account, found, with_marks("text", text))
    return len(people)


def send(server: Server, *, person: int, chat: int, content: Json, thread: int | None = None) -> Json:
    """Send a message with any content of the Bot API, right or wrong."""
    account, found = place(server, person, chat)
    return _send(server, account, found, content, thread=thread)


def upload(
    server: Server,
    *,
    person: int,
    chat: int,
    kind: str,
    content: str,
    name: str = "",
    media_type: str = "",
    caption: str = "",
    seconds: int = 1,
    thread: int | None = None,
) -> Json:
    """Send a file as one of `document photo voice`; its content is base64."""
    account, found = place(server, person, chat)
    usual = {"document": "application/octet-stream", "photo": "image/jpeg", "voice": "audio/ogg"}[kind]
    kept = server.world.store(base64.b64decode(content), name, media_type or usual)
    shown = {"document": files.document, "photo": files.photo}.get(
        kind, lambda file: files.voice(file, seconds)
    )
    return _send(server, account, found, shown(kept) | with_marks("caption", caption), thread=thread)


def _send(
    server: Server,
    account: Account,
    chat: Chat,
    content: Json,
    *,
    thread: int | None = None,
    reply_to: Message | None = None,
) -> Json:
    message = chat.add(account, content, thread=thread, reply_to=reply_to)
    chat.started = True
    chat.asked = chat.asked or time.monotonic()
    server.counts["said"] += 1
    _tell(chat, "message", message)
    return message.shown()


def _tell(chat: Chat, kind: str, message: Message) -> None:
    for bot in chat.bots():
        if not chat.blocked and (chat.kind == "private" or is_for(bot, message)):
            bot.updates.put(kind, message.as_json())


def _message(chat: Chat, number: int) -> Message:
    assert number in chat.messages, f"the chat shows no message {number}"
    return chat.messages[number]


def edit(server: Server, *, person: int, chat: int, message: int, text: str) -> Json:
    """Change a message of one's own."""
    account, found = place(server, person, chat)
    own = _message(found, message)
    assert own.sender is account, "only who wrote a message can change it"
    own.content = with_marks("text", text)
    own.edits += 1
    found.touch(own)
    _tell(found, "edited_message", own)
    return own.shown()


def tap(server: Server, *, person: int, chat: int, message: int, row: int, column: int) -> Json:
    """Tap a button of a message; returns the tap's id, or an empty one for a button that only opens something."""
    account, found = place(server, person, chat)
    shown = _message(found, message)
    rows = cast("list[list[Json]]", (shown.markup or {}).get("inline_keyboard", []))
    assert row < len(rows), "the message has no such button any more"
    assert column < len(rows[row]), "the message has no such button any more"
    data = rows[row][column].get("callback_data")
    if data is None or not isinstance(shown.sender, Bot):
        return {"id": ""}
    return _tap(server, account, shown, data)


def forge(server: Server, *, person: int, chat: int, message: int, data: str) -> Json:
    """Tap with data that no button has, as a modified app can."""
    account, found = place(server, person, chat)
    return _tap(server, account, _message(found, message), data)


def _tap(server: Server, account: Account, message: Message, data: str) -> Json:
    bot = message.sender
    assert isinstance(bot, Bot), "only a bot's message has buttons"
    tapped = Tap(str(server.world.number()), bot, time.monotonic())
    bot.taps[tapped.id] = tapped
    if len(bot.taps) > MOST_TAPS:
        del bot.taps[next(iter(bot.taps))]
    message.chat.asked = message.chat.asked or time.monotonic()
    query: Json = {"id": tapped.id, "from": account.as_json(), "message": message.as_json()}
    query |= {"chat_instance": str(message.chat.id), "data": data}
    bot.updates.put("callback_query", query)
    return {"id": tapped.id}


def react(server: Server, *, person: int, chat: int, message: int, emoji: str) -> None:
    """React to a message; no emoji takes the reaction back."""
    account, found = place(server, person, chat)
    shown = _message(found, message)
    old = (shown.reactions or {}).get(account.id, "")
    others = {who: what for who, what in (shown.reactions or {}).items() if who != account.id}
    shown.reactions = others | ({account.id: emoji} if emoji else {})
    found.touch(shown)
    change: Json = {
        "chat": found.as_json(),
        "message_id": message,
        "user": account.as_json(),
        "date": int(time.time()),
    }
    for name, one in (("old_reaction", old), ("new_reaction", emoji)):
        change[name] = [{"type": "emoji", "emoji": one}] if one else []
    for told in found.bots():
        told.updates.put("message_reaction", change)


def put(server: Server, *, bot: int, kind: str, content: Json) -> int:
    """Queue any update at all for a bot; returns its id, or 0 if the bot does not want its kind."""
    return bot_of(server, bot).updates.put(kind, content)


VERBS: dict[str, Callable[..., object]] = {
    verb.__name__: verb
    for verb in (
        bot,
        people,
        group,
        enter,
        invite,
        expel,
        block,
        topic,
        say,
        say_all,
        send,
        upload,
        edit,
        tap,
        forge,
        react,
        put,
    )
}
