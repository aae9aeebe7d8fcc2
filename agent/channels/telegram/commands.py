"""Commands that are the chat's own: they need no assistant, or are about the conversation itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import Talk
from agent.channels.telegram.follower import Follower
from agent.channels.telegram.menus import Menus
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.turns import Turns
from agent.core.account import Role
from agent.core.errors import Refusal
from agent.services.services import Services
from agent.texts import LANGUAGES, texts_for

if TYPE_CHECKING:
    from agent.assistant import Assistant

Command = Callable[[Talk, str], Awaitable[None]]


class Commands:
    """Answers commands.

    Args:
        outbox: sends answers.
        services: what can be done.
        turns: can be ended.
        follower: shows what was proposed.
        menus: change with the language.
        assistant: remembers what was said.
    """

    def __init__(  # noqa: PLR0913 - the parts of the channel that commands reach
        self,
        *,
        outbox: Outbox,
        services: Services,
        turns: Turns,
        follower: Follower,
        menus: Menus,
        assistant: "Callable[[], Awaitable[Assistant]]",
    ) -> None:
        self._outbox = outbox
        self._services = services
        self._turns = turns
        self._follower = follower
        self._menus = menus
        self._assistant = assistant
        self._commands: dict[str, Command] = {
            "help": self._help,
            "cancel": self._cancel,
            "reset": self._reset,
            "export": self._send_export,
            "language": self._language,
            "settings": self._settings,
            "access": self._access,
        }

    async def run(self, talk: Talk, words: str) -> bool:
        """Do a command; whether it was one of these."""
        name, _, rest = words.removeprefix("/").partition(" ")
        # Telegram begins every chat with a bare /start; one with a name would start a container.
        name = "help" if words == "/start" else name.lower()
        command = self._commands.get(name) if words.startswith("/") else None
        if command is None:
            return False
        try:
            await command(talk, rest.strip())
        except Refusal as refusal:
            await self._outbox.say(talk, phrases.refusal(talk.person.say, refusal.problem))
        return True

    async def _help(self, talk: Talk, _rest: str) -> None:
        if talk.chat.private:
            await self._menus.show(talk)
        await self._outbox.say(talk, phrases.help_text(talk.person.say, talk.person.role or Role.VIEWER))

    async def _cancel(self, talk: Talk, _rest: str) -> None:
        """End the turn, and what it asks; an operation that is under way goes on, and that is said."""
        say = talk.person.say
        stopped = self._turns.cancel(talk)
        operations = self._services.operations
        waiting = await asyncio.to_thread(operations.waiting, talk.owner, talk.chat.conversation)
        for operation in waiting:
            with suppress(Refusal):  # answered meanwhile
                await asyncio.to_thread(operations.deny, talk.owner, operation.id, by=talk.person.account)
        self._follower.look()
        text = say("Stopped.") if stopped or waiting else say("There is nothing to stop.")
        going = [
            one
            for one in await asyncio.to_thread(operations.list, talk.owner)
            if not one.state.ended and one.request.conversation == talk.chat.conversation
        ]
        lines = [phrases.goes_on(say, one) for one in going]
        await self._outbox.say(talk, "\n".join([text, *lines]))

    async def _reset(self, talk: Talk, _rest: str) -> None:
        assistant = await self._assistant()
        await asyncio.to_thread(assistant.forget, talk.owner, talk.chat.conversation)
        text = talk.person.say("Forgotten. We start afresh; your containers stay as they are.")
        await self._outbox.say(talk, text)

    async def _send_export(self, talk: Talk, _rest: str) -> None:
        say = talk.person.say
        if not talk.chat.private:
            raise Refusal(say("Your data goes to you alone: ask for it in our private chat."))
        assistant = await self._assistant()
        data = await asyncio.to_thread(assistant.export, talk.owner)
        name = f"voxnix-{date.today():%Y-%m-%d}.json"  # noqa: DTZ011 - a file's name, for a person
        await self._outbox.send_file(talk.chat, name, data.encode())

    async def _language(self, talk: Talk, rest: str) -> None:
        code = next((code for code, name in LANGUAGES.items() if rest.lower() in {code, name.lower()}), None)
        if code is None:
            known = ", ".join(f"/language {code} ({name})" for code, name in LANGUAGES.items())
            await self._outbox.say(talk, talk.person.say("I speak these: {languages}", languages=known))
            return
        await asyncio.to_thread(self._services.preferences.set_language, talk.person.account, code)
        say = texts_for(code)
        await self._outbox.say(talk, say("From now on I speak {language}.", language=LANGUAGES[code]))
        await self._menus.show(talk, say)

    async def _settings(self, talk: Talk, _rest: str) -> None:
        preference = await asyncio.to_thread(self._services.preferences.of, talk.person.account)
        await self._outbox.say(talk, phrases.settings(talk.person.say, preference))

    async def _access(self, talk: Talk, rest: str) -> None:
        """For admins: who is let in, and changes of that."""
        access, by = self._services.access, talk.person.account
        match rest.split():
            case ["approve", code, *role]:
                await asyncio.to_thread(access.approve, by, code, _role(role))
            case ["role", account, role]:
                await asyncio.to_thread(access.set_role, by, account, _role([role]))
            case ["revoke", account]:
                await asyncio.to_thread(access.revoke, by, account)
            case ["share" | "unshare" as what] if not talk.chat.private:
                await asyncio.to_thread(access.share, by, talk.chat.account, shared=what == "share")
            case _:
                pass
        accounts = await asyncio.to_thread(access.accounts, by)
        pairings = await asyncio.to_thread(access.pairings, by)
        await self._outbox.say(talk, phrases.access(talk.person.say, accounts, pairings))


def _role(given: list[str]) -> Role:
    try:
        return Role((given or [Role.OPERATOR.value])[0].lower())
    except ValueError:
        raise Refusal(
            f"There is no role {given[0][:20]}.", f"The roles are {', '.join(role.value for role in Role)}."
        ) from None
