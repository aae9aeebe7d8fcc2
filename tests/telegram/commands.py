"""The menus of commands that a bot sets, and which one a person sees."""

import json
import re
from typing import Any, cast

from tests.telegram import texts
from tests.telegram.calls import Call
from tests.telegram.refusals import bad
from tests.telegram.texts import Json
from tests.telegram.world import Account, Bot, Chat

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")
_NAMES = {"chat": ("chat_id",), "chat_administrators": ("chat_id",), "chat_member": ("chat_id", "user_id")}
_PLAIN = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}


def _menu(call: Call) -> tuple[str, str]:
    """Which menu is meant: its scope, written as one text, and its language."""
    try:
        given: Any = json.loads(call.text("scope") or '{"type": "default"}')
    except ValueError:
        raise bad("can't parse BotCommandScope JSON object") from None
    if not isinstance(given, dict):
        raise bad("BotCommandScope must be an Object")
    scope = cast("Json", given)
    kind = scope.get("type")
    if kind not in _PLAIN | _NAMES.keys():
        raise bad("unsupported type specified")
    names = _NAMES.get(str(kind), ())
    if any(name not in scope for name in names):
        raise bad("chat_id is empty" if "chat_id" not in scope else "user_id is empty")
    language = call.text("language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad("invalid language code specified")
    return ":".join([str(kind), *(str(scope[name]) for name in names)]), language


def _commands(text: str) -> list[Json]:
    try:
        given: Any = json.loads(text or "[]")
    except ValueError:
        raise bad("can't parse commands JSON array") from None
    if not isinstance(given, list):
        raise bad("expected an Array of BotCommand")
    commands = cast("list[Json]", given)
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(command.get("command", "")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= texts.units(command.get("description", "")) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return commands


async def set_commands(call: Call) -> bool:
    """Replace a menu."""
    menu = _menu(call)
    commands = _commands(call.text("commands"))
    if commands:
        call.bot.commands[menu] = commands
    else:
        call.bot.commands.pop(menu, None)
    return True


async def delete_commands(call: Call) -> bool:
    """Take a menu away."""
    call.bot.commands.pop(_menu(call), None)
    return True


async def get_commands(call: Call) -> list[Json]:
    """A menu as it was set, and no other in its place."""
    return call.bot.commands.get(_menu(call), [])


def seen_by(bot: Bot, person: Account, chat: Chat) -> list[Json]:
    """The menu that a person sees in a chat: the narrowest, in their language before the one for all."""
    here = chat.id
    if chat.kind == "private":
        scopes = [f"chat:{here}", "all_private_chats", "default"]
    elif chat.roles.get(person.id):
        scopes = [f"chat_member:{here}:{person.id}", f"chat_administrators:{here}", f"chat:{here}"]
        scopes += ["all_chat_administrators", "all_group_chats", "default"]
    else:
        scopes = [f"chat_member:{here}:{person.id}", f"chat:{here}", "all_group_chats", "default"]
    for scope in scopes:
        for language in (person.language[:2], ""):
            if found := bot.commands.get((scope, language)):
                return found
    return []
