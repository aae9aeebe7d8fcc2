"""What the bot says by itself, with a button for what is obvious: of a crash, or of a quota nearly full."""

import asyncio
import logging

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import PREFIX, Chat
from agent.channels.telegram.lanes import stopping
from agent.channels.telegram.outbox import Outbox
from agent.core.notice import Notice
from agent.services.services import Services
from agent.texts import texts_for

LOOK_EVERY = 5.0
"""Seconds between two looks for something to say."""

log = logging.getLogger(__name__)


class Announcer:
    """Delivers notices.

    Args:
        outbox: sends them.
        services: have them.
    """

    def __init__(self, outbox: Outbox, services: Services) -> None:
        self._outbox = outbox
        self._services = services

    async def run(self) -> None:
        """Deliver until cancelled."""
        while not stopping():
            try:
                for notice in await asyncio.to_thread(self._due):
                    await self._deliver(notice)
            except Exception:  # the next look may go well
                log.exception("notices could not be delivered")
            if not stopping():
                await asyncio.sleep(LOOK_EVERY)

    def _due(self) -> list[Notice]:
        due = self._services.notices.due(self._services.chats.now())
        return [
            one for one in due if one.owner.startswith(PREFIX) and self._services.access.serves(one.owner)
        ]

    async def _deliver(self, notice: Notice) -> None:
        chat = Chat(int(notice.owner.removeprefix(PREFIX)))
        language = (await asyncio.to_thread(self._services.preferences.of, notice.owner)).language
        say = texts_for(language)
        offers = phrases.notice_offers(say, notice)
        # In a group that owns containers everybody who may may tap.
        account = notice.owner if chat.private else ""
        keyboard = await asyncio.to_thread(
            lambda: [
                [
                    (label, self._services.chats.offer(account, chat.id, {"do": "say", "words": words}))
                    for label, words in offers
                ]
            ]
        )
        await self._outbox.tell(chat, phrases.notice(say, notice), keyboard, key=f"notice:{notice.id}")
        await asyncio.to_thread(self._services.notices.delivered, notice.id, self._services.chats.now())
