"""What people do in a place: what is asked for by name, second part."""

import base64
import time
from collections.abc import Callable
from typing import cast

from tests.telegram import files
from tests.telegram.marks import is_for, with_marks
from tests.telegram.server import Server
from tests.telegram.stage import Place, bot_of, place
from tests.telegram.texts import Json
from tests.telegram.world import Bot, Message, Tap

MOST_TAPS = 10_000
"""Older ones are forgotten."""


def enter(here: Place, *, status: str = "") -> None:
    """Go to a chat; who is not in it joins, and who gets a status has that there from now on."""
    if here.account not in here.chat.members:
        here.chat.members.append(here.account)
    if status:
        here.chat.roles[here.account.id] = status


def invite(here: Place, *, bot: int) -> None:
    """Take a bot into a group; it is told so."""
    invited = bot_of(here.server, bot)
    here.chat.members.append(invited)
    _membership(here, invited, "left", "member")


def expel(here: Place, *, bot: int) -> None:
    """Put a bot out of a group; it is told so."""
    expelled = bot_of(here.server, bot)
    here.chat.members.remove(expelled)
    _membership(here, expelled, "member", "kicked")


def block(here: Place, *, blocked: bool) -> None:
    """Block the bot of a private chat, or let it write again."""
    assert here.chat.kind == "private", "only a private chat's bot can be blocked"
    here.chat.blocked = blocked
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    for bot in here.chat.bots():
        _membership(here, bot, old, new)


def _membership(here: Place, bot: Bot, old: str, new: str) -> None:
    def member(status: str) -> Json:
        return {"status": status, "user": bot.as_json()} | ({"until_date": 0} if status == "kicked" else {})

    change: Json = {"chat": here.chat.as_json(), "from": here.account.as_json(), "date": int(time.time())}
    change |= {"old_chat_member": member(old), "new_chat_member": member(new)}
    bot.updates.put("my_chat_member", change)
    here.chat.touch()


def topic(here: Place, *, name: str) -> int:
    """Open a topic, in a group or in a private chat; returns its number."""
    number = here.server.world.random.randrange(2, 10**6)
    here.chat.topics[number] = name
    there = Place(here.server, here.account, here.chat, number)
    _send(there, {"forum_topic_created": {"name": name, "icon_color": 0x6FB9F0}})
    return number


def say(here: Place, *, text: str, reply_to: int = 0) -> Json:
    """Write a message."""
    return _send(here, with_marks("text", text), _message(here, reply_to) if reply_to else None)


def say_all(server: Server, *, people: list[int], chat: int, text: str) -> int:
    """Let many people say the same, each in their own chat with a bot; returns how many did."""
    for person in people:
        say(place(server, person, chat), text=text)
    return len(people)


def send(here: Place, *, content: Json) -> Json:
    """Send a message with any content of the Bot API, right or wrong."""
    return _send(here, content)


def upload(here: Place, *, kind: str, file: Json, caption: str = "") -> Json:
    """Send a file.

    Args:
        here: where.
        kind: `document photo voice`.
        file: `content` as base64, and maybe `name media_type seconds`.
        caption: what stands under it.
    """
    usual = {"document": "application/octet-stream", "photo": "image/jpeg", "voice": "audio/ogg"}
    content = base64.b64decode(file["content"])
    media_type = file.get("media_type") or usual[kind]
    kept = here.server.world.store(content, file.get("name", ""), media_type)
    match kind:
        case "photo":
            shown = files.photo(kept)
        case "voice":
            shown = files.voice(kept, file.get("seconds", 1))
        case _:
            shown = files.document(kept)
    return _send(here, shown | with_marks("caption", caption))


def _send(here: Place, content: Json, reply_to: Message | None = None) -> Json:
    message = here.chat.add(here.account, content, thread=here.thread, reply_to=reply_to)
    here.chat.started = True
    here.chat.asked = here.chat.asked or time.monotonic()
    here.server.counts["said"] += 1
    _tell(here, "message", message)
    return message.shown()


def _tell(here: Place, kind: str, message: Message) -> None:
    for bot in here.chat.bots():
        if not here.chat.blocked and (here.chat.kind == "private" or is_for(bot, message)):
            bot.updates.put(kind, message.as_json())


def _message(here: Place, number: int) -> Message:
    assert number in here.chat.messages, f"the chat shows no message {number}"
    return here.chat.messages[number]


def edit(here: Place, *, message: int, text: str) -> Json:
    """Change a message of one's own."""
    own = _message(here, message)
    assert own.sender is here.account, "only who wrote a message can change it"
    own.content = with_marks("text", text)
    own.edits += 1
    here.chat.touch(own)
    _tell(here, "edited_message", own)
    return own.shown()


def tap(here: Place, *, message: int, row: int, column: int) -> Json:
    """Tap a button of a message; returns the tap's id, an empty one if the button only opens something."""
    shown = _message(here, message)
    rows = cast("list[list[Json]]", (shown.markup or {}).get("inline_keyboard", []))
    assert row < len(rows), "the message has no such button any more"
    assert column < len(rows[row]), "the message has no such button any more"
    data = rows[row][column].get("callback_data")
    return {"id": ""} if data is None else forge(here, message=message, data=data)


def forge(here: Place, *, message: int, data: str) -> Json:
    """Tap with data that no button has, as a modified app can."""
    shown = _message(here, message)
    bot = shown.sender
    assert isinstance(bot, Bot), "only a bot's message has buttons"
    tapped = Tap(str(here.server.world.number()), bot, time.monotonic())
    bot.taps[tapped.id] = tapped
    if len(bot.taps) > MOST_TAPS:
        del bot.taps[next(iter(bot.taps))]
    query: Json = {"id": tapped.id, "from": here.account.as_json(), "message": shown.as_json()}
    query |= {"chat_instance": str(here.chat.id), "data": data}
    bot.updates.put("callback_query", query)
    return {"id": tapped.id}


def react(here: Place, *, message: int, emoji: str) -> None:
    """React to a message; no emoji takes the reaction back."""
    shown = _message(here, message)
    reactions = dict(shown.reactions or {})
    old = reactions.pop(here.account.id, "")
    shown.reactions = reactions | ({here.account.id: emoji} if emoji else {})
    here.chat.touch(shown)
    change: Json = {"chat": here.chat.as_json(), "message_id": message, "user": here.account.as_json()}
    change["date"] = int(time.time())
    for name, one in (("old_reaction", old), ("new_reaction", emoji)):
        change[name] = [{"type": "emoji", "emoji": one}] if one else []
    for bot in here.chat.bots():
        bot.updates.put("message_reaction", change)


VERBS: dict[str, Callable[..., object]] = {say_all.__name__: say_all}
HERE: dict[str, Callable[..., object]] = {
    verb.__name__: verb
    for verb in (enter, invite, expel, block, topic, say, send, upload, edit, tap, forge, react)
}
"""Those that are done in a place."""
