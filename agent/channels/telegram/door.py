"""The door: who is not known gets a code and nothing else, an admin is asked, who is let in is told so."""

import asyncio
import logging
from contextlib import suppress

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import PREFIX, Chat, Talk
from agent.channels.telegram.lanes import stopping
from agent.channels.telegram.menus import Menus
from agent.channels.telegram.outbox import Outbox
from agent.core.account import Pairing, Role
from agent.core.chat import Delivery
from agent.core.errors import Refusal
from agent.services.services import Services
from agent.texts import Texts, texts_for

REPEATED_AFTER = 600
"""Seconds after which somebody who was sent away and still knocks is told again."""
LOOK_EVERY = 2.0
"""Seconds between two looks at who was let in: an admin may do that on the machine itself."""
CODE = "code:"
"""How the keys of messages with a code begin, which wait for an admin's answer."""

log = logging.getLogger(__name__)


class Door:
    """Answers people who are not let in, until they are.

    Args:
        outbox: sends answers.
        services: what can be done.
        menus: are shown to who is let in, and taken from who is not any more.
    """

    def __init__(self, outbox: Outbox, services: Services, menus: Menus) -> None:
        self._outbox = outbox
        self._services = services
        self._menus = menus
        self._look_now = asyncio.Event()

    def look(self) -> None:
        """Somebody was let in: tell them at once."""
        self._look_now.set()

    async def run(self) -> None:
        """Tell people that they were let in, until cancelled."""
        while not stopping():
            try:
                for waiting in await asyncio.to_thread(self._services.chats.following):
                    if waiting.key.startswith(CODE):
                        await self._welcome(waiting)
            except Exception:  # the next look may go well
                log.exception("the door could not be looked at")
            if not stopping():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._look_now.wait()
            self._look_now.clear()

    async def knock(self, talk: Talk) -> None:
        """Somebody unknown says something; what it is does not matter, and is given to no model."""
        if not talk.chat.private:
            return
        access, person = self._services.access, talk.person
        try:
            pairing = await asyncio.to_thread(access.knock, person.account, person.name, talk.chat.id)
        except Refusal as refusal:
            period = int(self._services.chats.now().timestamp()) // REPEATED_AFTER
            key = f"refused:{person.account}:{period}"
            if not await self._outbox.known(key):
                await self._menus.hide(talk.chat.id)
                await self._outbox.say(talk, phrases.refusal(person.say, refusal.problem), key=key)
            return
        key = f"{CODE}{pairing.code}"
        if await self._outbox.known(key):
            return  # they have their code; saying it again and again is what a flood is made of
        # What they speak is known now; who is let in on the machine is told so in it, too.
        await asyncio.to_thread(self._services.preferences.set_language, person.account, person.say.language)
        await self._ask_admins(pairing)
        await self._outbox.tell(
            talk.chat, phrases.pairing_code(person.say, pairing.code), key=key, following=True
        )

    async def changed(self, account: str, role: Role | None) -> None:
        """Tell somebody that they have another role now, or none."""
        chat, say = Chat(int(account.removeprefix(PREFIX))), await self._texts(account)
        if role is None:
            await self._menus.hide(chat.id)
            await self._outbox.tell(chat, phrases.revoked(say))
        else:
            await self._menus.offer(chat.id, say, role)
            await self._outbox.tell(chat, phrases.welcome(say, role))

    async def _welcome(self, waiting: Delivery) -> None:
        account = f"{PREFIX}{waiting.chat}"
        waits = await asyncio.to_thread(self._services.access.waits, account)
        role = await asyncio.to_thread(self._services.access.role, account)
        if role is not None:
            say = await self._texts(account)
            await self._menus.offer(waiting.chat, say, role)
            await self._outbox.tell(Chat(waiting.chat), phrases.welcome(say, role), key=f"{waiting.key}/in")
        elif waits:
            return
        await asyncio.to_thread(self._services.chats.settle, waiting.key)

    async def _texts(self, account: str) -> Texts:
        return texts_for((await asyncio.to_thread(self._services.preferences.of, account)).language)

    async def _ask_admins(self, pairing: Pairing) -> None:
        for admin in await asyncio.to_thread(self._services.access.admins):
            if admin.startswith(PREFIX):
                await self._ask(admin, pairing)

    async def _ask(self, admin: str, pairing: Pairing) -> None:
        chat, say = Chat(int(admin.removeprefix(PREFIX))), await self._texts(admin)
        buttons = await asyncio.to_thread(
            lambda: [
                [
                    (
                        phrases.role(say, role),
                        self._services.chats.offer(
                            admin, chat.id, {"do": "pair", "code": pairing.code, "role": role.value}
                        ),
                    )
                ]
                for role in Role
            ]
        )
        text = phrases.somebody_knocks(say, pairing.name, pairing.account, pairing.code)
        await self._outbox.tell(chat, text, buttons, key=f"pairing:{pairing.code}:{admin}")
