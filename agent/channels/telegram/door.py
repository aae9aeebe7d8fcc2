"""The door: who is not known gets a code and nothing else, and an admin is asked."""

import asyncio

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import PREFIX, Chat, Talk
from agent.channels.telegram.outbox import Outbox
from agent.core.account import Pairing, Role
from agent.core.errors import Refusal
from agent.services.services import Services
from agent.texts import texts_for

REPEATED_AFTER = 600
"""Seconds after which somebody who still knocks is told again."""


class Door:
    """Answers people who are not let in.

    Args:
        outbox: sends answers.
        services: what can be done.
    """

    def __init__(self, outbox: Outbox, services: Services) -> None:
        self._outbox = outbox
        self._services = services

    async def knock(self, talk: Talk) -> None:
        """Somebody unknown says something; what it is does not matter, and is given to no model."""
        if not talk.chat.private:
            return
        access, person = self._services.access, talk.person
        period = int(self._services.chats.now().timestamp()) // REPEATED_AFTER
        try:
            pairing = await asyncio.to_thread(access.knock, person.account, person.name, talk.chat.id)
        except Refusal as refusal:
            key = f"refused:{person.account}:{period}"
            await self._outbox.say(talk, phrases.refusal(person.say, refusal.problem), key=key)
            return
        text = phrases.pairing_code(person.say, pairing.code)
        await self._outbox.say(talk, text, key=f"pairing:{pairing.code}:{period}")
        await self._ask_admins(pairing)

    async def _ask_admins(self, pairing: Pairing) -> None:
        for admin in await asyncio.to_thread(self._services.access.admins):
            if admin.startswith(PREFIX):
                await self._ask(admin, pairing)

    async def _ask(self, admin: str, pairing: Pairing) -> None:
        chat = Chat(int(admin.removeprefix(PREFIX)))
        key = f"pairing:{pairing.code}:{admin}"
        if await self._outbox.known(key):
            return
        language = (await asyncio.to_thread(self._services.preferences.of, admin)).language
        say = texts_for(language)
        buttons = await asyncio.to_thread(
            lambda: [
                [
                    (
                        phrases.role(say, role),
                        self._services.chats.offer(
                            admin, chat.id, {
                                "do": "pair",
                                "code": pairing.code,
                                "account": pairing.account,
                                "role": role.value,
                            }
                        ),
                    )
                ]
                for role in Role
            ]
        )
        text = phrases.somebody_knocks(say, pairing.name, pairing.account, pairing.code)
        await self._outbox.tell(chat, text, buttons, key=key)
