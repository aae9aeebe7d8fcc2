"""Commands that are the chat's own: they need no assistant, or are about the conversation itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import Talk
from agent.channels.telegram.door import Door
from agent.channels.telegram.follower import Follower
from agent.channels.telegram.menus import Menus
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.turns import Turns
from agent.core.account import Role
from agent.core.errors import Refusal
from agent.services.services import Services
from agent.texts import LANGUAGES, Texts, texts_for

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
        door: tells people what they may now.
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
        door: Door,
        menus: Menus,
        assistant: "Callable[[], Awaitable[Assistant]]",
    ) -> None:
        self._outbox = outbox
        self._services = services
        self._turns = turns
        self._follower = follower
        self._door = door
        self._menus = menus
        self._assistant = assistant
        self._commands: dict[str, Command] = {
            "start": self._greet,
            "help": self._help,
            "cancel": self._cancel,
            "reset": self._reset,
            "export": self._send_export,
            "language": self._language,
            "settings": self._settings,
            "access": self._access,
            "usage": self._usage,
            "trash": self._trash,
        }

    async def run(self, talk: Talk, words: str) -> bool:
        """Do a command; whether it was one of these."""
        name, _, rest = words.removeprefix("/").partition(" ")
        command = self._commands.get(name.lower()) if words.startswith("/") else None
        # Telegram begins every chat with a bare /start; one with a name starts a container.
        if command is None or (command == self._greet and rest.strip()):
            return False
        try:
            await command(talk, rest.strip())
        except Refusal as refusal:
            await self._outbox.say(talk, phrases.refusal(talk.person.say, refusal.problem))
        return True

    async def _greet(self, talk: Talk, _rest: str) -> None:
        await self._menus.show(talk)
        await self._outbox.say(talk, phrases.greeting(talk.person.say, talk.person.name))

    async def _help(self, talk: Talk, _rest: str) -> None:
        await self._menus.show(talk)
        await self._outbox.say(talk, phrases.help_text(talk.person.say, talk.person.role or Role.VIEWER))

    async def _cancel(self, talk: Talk, rest: str) -> None:
        """End the turn, what it asks, and the change under way in this chat, where that is one alone."""
        say = talk.person.say
        if rest:
            if not rest.isdecimal():
                raise Refusal(say("Which one is meant?"), say("It has a number, such as: /cancel 17"))
            await self._withdraw(talk, int(rest))
            return
        stopped = self._turns.cancel(talk)
        operations = self._services.operations
        for operation in await asyncio.to_thread(operations.waiting, talk.owner, talk.chat.conversation):
            with suppress(Refusal):  # answered meanwhile, or they may not
                await asyncio.to_thread(operations.deny, talk.owner, operation.id, by=talk.person.account)
                stopped = True
        going = [
            one
            for one in await asyncio.to_thread(operations.list, talk.owner)
            if not one.state.ended and one.request.conversation == talk.chat.conversation
        ]
        if len(going) == 1:
            with suppress(Refusal):  # it has ended meanwhile, or they may not
                going = [
                    await asyncio.to_thread(operations.cancel, talk.owner, going[0].id, talk.person.account)
                ]
                stopped = True
        text = say("Stopped.") if stopped else say("There is nothing to stop.")
        lines = [phrases.goes_on(say, one) for one in going]
        await self._outbox.say(talk, "\n\n".join([text, *lines]))
        self._follower.look()

    async def _withdraw(self, talk: Talk, number: int) -> None:
        """End one operation before its time, wherever it was asked for."""
        cancel = self._services.operations.cancel
        operation = await asyncio.to_thread(cancel, talk.owner, number, talk.person.account)
        await self._outbox.say(talk, phrases.goes_on(talk.person.say, operation))
        self._follower.look()

    async def _reset(self, talk: Talk, _rest: str) -> None:
        # What a group has said together is not a viewer's to forget.
        needed = Role.OPERATOR if talk.by else Role.VIEWER
        await asyncio.to_thread(self._services.access.authorise, talk.owner.key, talk.by, needed)
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
        await self._menus.show(talk, say)
        await self._outbox.say(talk, say("From now on I speak {language}.", language=LANGUAGES[code]))

    async def _settings(self, talk: Talk, _rest: str) -> None:
        preference = await asyncio.to_thread(self._services.preferences.of, talk.owner.key)
        await self._outbox.say(talk, phrases.settings(talk.person.say, preference))

    async def _usage(self, talk: Talk, _rest: str) -> None:
        space = await asyncio.to_thread(self._services.storage.space, talk.owner)
        await self._outbox.say(talk, phrases.usage(talk.person.say, space))

    async def _trash(self, talk: Talk, _rest: str) -> None:
        found = await asyncio.to_thread(self._services.trash.list, talk.owner)
        text = phrases.trash(talk.person.say, found, self._services.chats.now())
        await self._outbox.say(talk, text)

    async def _access(self, talk: Talk, rest: str) -> None:
        """For admins: who is let in, and changes of that."""
        access, by, say = self._services.access, talk.person.account, talk.person.say
        if not talk.chat.private:
            await self._share(talk, rest)
            return
        match rest.split():
            case ["approve", code, *role]:
                await asyncio.to_thread(access.approve, by, code, _role(say, role))
                self._door.look()
            case ["role", account, role]:
                changed = await asyncio.to_thread(access.set_role, by, account, _role(say, [role]))
                await self._door.changed(account, changed.role)
            case ["revoke", account]:
                await asyncio.to_thread(access.revoke, by, account)
                self._turns.end_those_of(account)
                await self._door.changed(account, None)
            case _:
                pass
        accounts = await asyncio.to_thread(access.accounts, by)
        pairings = await asyncio.to_thread(access.pairings, by)
        await self._outbox.say(talk, phrases.access(say, accounts, pairings))

    async def _share(self, talk: Talk, rest: str) -> None:
        """In a group only what concerns it is said: who else uses the server is nobody's business there."""
        say, chat = talk.person.say, talk.chat
        if rest not in {"share", "unshare"}:
            raise Refusal(
                say("In a group I say nothing of who may use this server."), say("Ask me in private.")
            )
        shared = rest == "share"
        share = self._services.access.share
        await asyncio.to_thread(share, talk.person.account, chat.account, shared=shared, name=chat.title)
        text = (
            say("From now on this group has containers of its own, which its people share.")
            if shared
            else say(
                "From now on everybody here has their own containers. Those of the group stay as they are."
            )
        )
        await self._outbox.say(talk, text)


def _role(say: Texts, given: list[str]) -> Role:
    try:
        return Role((given or [Role.OPERATOR.value])[0].lower())
    except ValueError:
        roles = ", ".join(role.value for role in Role)
        raise Refusal(say("There is no such role."), say("The roles are: {roles}.", roles=roles)) from None
