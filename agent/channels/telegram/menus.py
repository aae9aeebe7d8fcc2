"""The commands that Telegram offers while somebody types: those that their role allows, in their language."""

import logging
from dataclasses import dataclass
from typing import Any

from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeChatMember
from telegram.error import TelegramError

from agent.channels.telegram.chat import PREFIX, Talk
from agent.core.account import Role
from agent.texts import LANGUAGES, Texts, texts_for

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One command of the menu.

    Attributes:
        name: without its slash.
        needs: the role that it takes.
        about: what it does, in a few words.
    """

    name: str
    needs: Role
    about: str


def entries(say: Texts) -> tuple[Entry, ...]:
    """Every command, in the order of the menu. A new one is a line here."""
    viewer, operator, admin = Role.VIEWER, Role.OPERATOR, Role.ADMIN
    return (
        Entry("list", viewer, say("your containers")),
        Entry("new", operator, say("make a container: /new dev git fish")),
        Entry("status", viewer, say("all about one: /status dev")),
        # /start is how Telegram opens a chat.
        Entry("start_", operator, say("start one: /start_ dev")),
        Entry("stop", operator, say("stop one: /stop dev")),
        Entry("restart", operator, say("restart one: /restart dev")),
        Entry("logs", viewer, say("its last log lines: /logs dev 20")),
        Entry("exec", operator, say("run a command in one: /exec dev uptime")),
        Entry("send", operator, say("get a file out of one: /send dev report.pdf")),
        Entry("modules", viewer, say("what a container can be made of")),
        Entry("snap", operator, say("take a snapshot of one: /snap dev")),
        Entry("snapshots", viewer, say("the snapshots of one: /snapshots dev")),
        Entry("usage", viewer, say("where your space goes")),
        Entry("trash", viewer, say("what was destroyed and can come back")),
        Entry("restore", operator, say("bring one back: /restore dev")),
        Entry("undo", operator, say("undo the last change")),
        Entry("cancel", viewer, say("stop what I am doing")),
        Entry("reset", viewer, say("forget our conversation")),
        Entry("export", viewer, say("all that is kept about you, as a file")),
        Entry("settings", viewer, say("language, quiet hours, messages")),
        Entry("language", viewer, say("the language that I write in")),
        Entry("quiet", viewer, say("when not to be disturbed: /quiet 22:00 7:00")),
        Entry("access", admin, say("who may use this server")),
        Entry("help", viewer, say("what I can do")),
    )


def allowed(say: Texts, role: Role) -> list[Entry]:
    """The commands of a role."""
    return [entry for entry in entries(say) if role.includes(entry.needs)]


class Menus:
    """Tells Telegram what to offer to whom.

    A menu is a convenience: where Telegram does not take it, that is logged, and everything works without.

    Args:
        bot: Telegram's.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._shown: dict[int, tuple[str, Role]] = {}

    async def show_to_strangers(self) -> None:
        """Offer nothing but the way in to who is not known."""
        for language in LANGUAGES:
            await self._set([_start(texts_for(language))], language_code=language)
        await self._set([_start(texts_for(None))])

    async def show(self, talk: Talk, say: Texts | None = None) -> None:
        """Offer to somebody what they may, where they speak.

        Args:
            talk: with somebody who is let in.
            say: their texts, where those have changed just now.
        """
        say, role = say or talk.person.say, talk.person.role
        if role is None:
            return
        if talk.chat.private:
            await self.offer(talk.chat.id, say, role)
            return
        person = int(talk.person.account.removeprefix(PREFIX))
        await self._set(_commands(say, role), scope=BotCommandScopeChatMember(talk.chat.id, person))

    async def offer(self, chat: int, say: Texts, role: Role) -> None:
        """Offer what a role allows in somebody's private chat."""
        if self._shown.get(chat) == (say.language, role):
            return
        if await self._set(_commands(say, role), scope=BotCommandScopeChat(chat)):
            self._shown[chat] = say.language, role

    async def hide(self, chat: int) -> None:
        """Offer nothing any more to somebody whose role was taken."""
        self._shown.pop(chat, None)
        try:
            await self._bot.delete_my_commands(scope=BotCommandScopeChat(chat))
        except TelegramError as error:
            log.warning("the menu of chat %d could not be taken away: %s", chat, error)

    async def _set(self, commands: list[BotCommand], **where: Any) -> bool:  # noqa: ANN401 - Telegram's
        try:
            return await self._bot.set_my_commands(commands, **where)
        except TelegramError as error:
            log.warning("a menu could not be shown: %s", error)
            return False


def _commands(say: Texts, role: Role) -> list[BotCommand]:
    return [BotCommand(entry.name, entry.about) for entry in allowed(say, role)]


def _start(say: Texts) -> BotCommand:
    return BotCommand("start", say("ask to be let in"))
