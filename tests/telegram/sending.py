"""The methods that put messages into chats and change them."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

from tests.telegram import texts
from tests.telegram.calls import Call
from tests.telegram.markup import inline_only, reply_markup
from tests.telegram.refusals import Refused, bad, forbidden, not_modelled
from tests.telegram.texts import Json
from tests.telegram.world import Chat, File, Message

LARGEST_UPLOAD = 50 * 2**20

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def _send(call: Call, content: Json) -> Json:
    chat = call.writable()
    thread = call.thread(chat)
    reply_to = _replied(call, chat)
    markup = reply_markup(call.text("reply_markup"))
    call.limits.spend(call.bot.id, chat.id)
    chat.drafts = {number: draft for number, draft in chat.drafts.items() if draft["thread"] != thread}
    chat.action = ("", None, 0)
    if chat.asked:
        call.world.waits.append(time.monotonic() - chat.asked)
        chat.asked = 0
    return chat.add(call.bot, content, thread=thread, reply_to=reply_to, markup=markup).as_json()


def _replied(call: Call, chat: Chat) -> Message | None:
    if not call.text("reply_parameters"):
        return None
    try:
        given: Any = json.loads(call.text("reply_parameters"))
    except ValueError:
        raise bad("can't parse reply parameters JSON object") from None
    if not isinstance(given, dict):
        raise bad("object expected as reply parameters")
    wanted = cast("Json", given)
    found = chat.messages.get(wanted.get("message_id", 0))
    if found is None and not wanted.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return found


def _with_entities(name: str, text: str, entities: list[Json]) -> Json:
    where = "entities" if name == "text" else "caption_entities"
    return ({name: text} if text else {}) | ({where: entities} if entities else {})


async def send_message(call: Call) -> Json:
    """Show a text."""
    text = texts.message_text(call.text("text"), call.text("entities"), call.text("parse_mode"))
    return _send(call, _with_entities("text", *text))


async def send_draft(call: Call) -> bool:
    """Show what the bot is writing."""
    text, entities = texts.formatted(call.text("text"), call.text("entities"), call.text("parse_mode"))
    if texts.units(text) > texts.LONGEST_TEXT:
        raise bad("message is too long")
    chat = call.writable()
    if chat.kind != "private":
        raise bad("message drafts can be sent only to private chats")
    number = call.number("draft_id")
    if number == 0:
        raise bad("RANDOM_ID_INVALID")
    draft = _with_entities("text", text, entities) | {"thread": call.thread(chat)}
    chat.drafts[number] = draft
    chat.touch()
    return True


def _file(call: Call, name: str) -> File:
    given = call.text(name)
    upload = call.uploads.get(given.removeprefix("attach://") or name)
    if upload is not None:
        if len(upload.content) > LARGEST_UPLOAD:
            raise Refused(413, "Request Entity Too Large")
        if not upload.content:
            raise bad("file must be non-empty")
        return call.world.store(upload.content, upload.name, upload.media_type)
    if not given or given.startswith("attach://"):
        raise bad(f"there is no {name} in the request")
    if "://" in given:
        raise not_modelled("files by URL")
    if given not in call.world.files:
        raise bad("wrong file identifier/HTTP URL specified")
    return call.world.files[given]


def send_file(name: str, content: Callable[[File], Json]) -> Callable[[Call], Awaitable[Json]]:
    """The method that shows one kind of file.

    Args:
        name: of its parameter.
        content: what the message becomes.
    """

    async def send(call: Call) -> Json:
        caption = texts.caption(call.text("caption"), call.text("caption_entities"), call.text("parse_mode"))
        return _send(call, content(_file(call, name)) | _with_entities("caption", *caption))

    return send


def _edit(call: Call, message: Message, content: Json) -> Json:
    markup = inline_only(reply_markup(call.text("reply_markup")))
    if message.sender is not call.bot:
        raise bad("message can't be edited")
    if message.chat.blocked:
        raise forbidden("bot was blocked by the user")
    if (content, markup) == (message.content, message.markup):
        raise bad(_NOT_MODIFIED)
    call.limits.spend(call.bot.id, message.chat.id)
    message.content, message.markup = content, markup
    message.edits += 1
    message.chat.touch(message)
    return message.as_json()


async def edit_text(call: Call) -> Json:
    """Change a text and what hangs below it."""
    text = texts.message_text(call.text("text"), call.text("entities"), call.text("parse_mode"))
    message = call.message("edit")
    if "text" not in message.content:
        raise bad("there is no text in the message to edit")
    return _edit(call, message, _with_entities("text", *text))


async def edit_markup(call: Call) -> Json:
    """Change what hangs below a message."""
    message = call.message("edit")
    return _edit(call, message, message.content)
