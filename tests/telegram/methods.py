"""The methods of the Bot API that the fake knows."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

from tests.telegram import commands, files, sending, texts, webhook
from tests.telegram.calls import Call
from tests.telegram.refusals import bad
from tests.telegram.texts import Json

LARGEST_DOWNLOAD = 20 * 2**20

_ACTIONS = {"typing", "upload_photo", "upload_document", "upload_voice", "record_voice", "choose_sticker"}
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


async def _get_me(call: Call) -> Json:
    can = {"can_join_groups": True, "can_read_all_group_messages": not call.bot.privacy}
    return call.bot.as_json() | can | {"supports_inline_queries": False}


async def _get_updates(call: Call) -> list[Json]:
    updates = call.bot.updates
    updates.allow(call.text("allowed_updates"))
    return await updates.get(call.number("offset"), call.number("limit") or 100, call.number("timeout"))


async def _set_webhook(call: Call) -> bool:
    updates = call.bot.updates
    url, secret = call.text("url"), call.text("secret_token")
    if url:
        webhook.check(url, secret)
    if call.text("drop_pending_updates") == "true":
        updates.pending.clear()
    updates.allow(call.text("allowed_updates"))
    updates.stop_delivery()
    if url:
        updates.stop_polling("Conflict: terminated by setWebhook request")
        updates.webhook = url
        updates.delivery = asyncio.create_task(webhook.deliver(updates, url, secret))
    return True


async def _delete_webhook(call: Call) -> bool:
    if call.text("drop_pending_updates") == "true":
        call.bot.updates.pending.clear()
    call.bot.updates.stop_delivery()
    return True


async def _get_webhook_info(call: Call) -> Json:
    updates = call.bot.updates
    shown: Json = {"url": updates.webhook, "has_custom_certificate": False}
    shown["pending_update_count"] = len(updates.pending)
    if updates.trouble:
        shown |= {"last_error_date": updates.troubled_at, "last_error_message": updates.trouble}
    return shown | ({"allowed_updates": sorted(updates.allowed)} if updates.allowed else {})


async def _delete(call: Call) -> bool:
    message = call.message("delete")
    if message.sender is not call.bot and message.chat.kind != "private":
        raise bad("message can't be deleted")
    message.chat.remove(message)
    return True


async def _send_action(call: Call) -> bool:
    if call.text("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat = call.writable()
    chat.action = (call.text("action"), call.thread(chat), time.monotonic())
    chat.touch()
    return True


async def _answer_tap(call: Call) -> bool:
    tap = call.bot.taps.get(call.text("callback_query_id"))
    if tap is None or tap.answer is not None or time.monotonic() - tap.at > call.world.query_lifetime:
        raise bad(_TOO_OLD)
    if texts.units(call.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    tap.answer = {"text": call.text("text"), "alert": call.text("show_alert") == "true"}
    tap.answered.set()
    return True


async def _get_file(call: Call) -> Json:
    if not call.text("file_id"):
        raise bad("file_id not specified")
    file = call.world.files.get(call.text("file_id"))
    if file is None:
        raise bad("invalid file_id")
    if len(file.content) > LARGEST_DOWNLOAD:
        raise bad("file is too big")
    return file.as_json() | {"file_path": file.path}


async def _get_chat(call: Call) -> Json:
    full: Json = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}
    return call.chat().as_json() | full


_NO_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


async def _get_member(call: Call) -> Json:
    chat = call.chat()
    for member in chat.members:
        if member.id == call.number("user_id"):
            status = chat.roles.get(member.id, "member")
            return {"status": status, "user": member.as_json()} | _RIGHTS.get(status, {})
    raise bad("PARTICIPANT_ID_INVALID" if call.number("user_id") else "invalid user_id specified")


_POWERS = ("can_be_edited", "can_manage_chat", "can_delete_messages", "can_manage_video_chats")
_POWERS += ("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users")
_POWERS += ("can_post_stories", "can_edit_stories", "can_delete_stories")
_RIGHTS: dict[str, Json] = {
    "creator": {"is_anonymous": False},
    "administrator": {"is_anonymous": False} | dict.fromkeys(_POWERS, True),
}


async def _react(call: Call) -> bool:
    message = call.message("react")
    try:
        given: list[Json] = json.loads(call.text("reaction") or "[]")
    except ValueError:
        raise bad("can't parse reaction types JSON object") from None
    if len(given) > 1:
        raise bad("REACTIONS_TOO_MANY")
    if any(one.get("type") != "emoji" or one.get("emoji") not in REACTIONS for one in given):
        raise bad("REACTION_INVALID")
    others = {who: emoji for who, emoji in (message.reactions or {}).items() if who != call.bot.id}
    message.reactions = others | {call.bot.id: one["emoji"] for one in given}
    message.chat.touch(message)
    return True


REACTIONS = frozenset(
    "👍👎🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🙏👌🥱🥴😍🐳💯🤣🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝🤗🫡🎅🎄💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)
REACTIONS |= {"❤", "⚡", "🕊", "🌚", "🌭", "✍", "☃", "👨‍💻", "🤷‍♂", "🤷", "🤷‍♀", "❤‍🔥"}
"""Emoji that Telegram takes for a reaction."""


METHODS: dict[str, Callable[[Call], Awaitable[object]]] = {
    "getme": _get_me,
    "getupdates": _get_updates,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "getwebhookinfo": _get_webhook_info,
    "setmycommands": commands.set_commands,
    "deletemycommands": commands.delete_commands,
    "getmycommands": commands.get_commands,
    "sendmessage": sending.send_message,
    "sendmessagedraft": sending.send_draft,
    "senddocument": sending.send_file("document", files.document),
    "sendphoto": sending.send_file("photo", files.photo),
    "sendvoice": sending.send_file("voice", files.voice),
    "editmessagetext": sending.edit_text,
    "editmessagereplymarkup": sending.edit_markup,
    "deletemessage": _delete,
    "sendchataction": _send_action,
    "answercallbackquery": _answer_tap,
    "getfile": _get_file,
    "setmessagereaction": _react,
    "getchat": _get_chat,
    "getchatmember": _get_member,
}
"""By their names in lower case: Telegram's are not case-sensitive."""
