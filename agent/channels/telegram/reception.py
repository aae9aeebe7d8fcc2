"""One update, from its row to its answer: who sent it, may they speak, and what is to be done with it."""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import Talk, chat_of
from agent.channels.telegram.commands import Commands
from agent.channels.telegram.door import Door
from agent.channels.telegram.files import Files
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.people import People
from agent.channels.telegram.taps import Taps
from agent.channels.telegram.turns import Turns
from agent.channels.telegram.voice import Voice
from agent.core.chat import Incoming
from agent.core.errors import Refusal, VoxnixError, problem_of
from agent.services.services import Services

LATE = timedelta(minutes=10)
"""What is older when it is handled is answered with a word about that."""
FILES = ("document", "photo", "video", "audio", "animation", "video_note")

log = logging.getLogger(__name__)


class Reception:
    """Handles updates.

    Args:
        me: the bot's own user, as Telegram has it.
        services: what can be done.
        outbox: sends answers.
        people: knows who speaks.
        door: lets people in.
        turns: answers sentences.
        commands: answers what is no sentence.
        taps: does what buttons do.
        files: takes in files.
        voice: understands speech.
    """

    def __init__(  # noqa: PLR0913 - the parts of the channel
        self,
        *,
        me: Mapping[str, Any],
        services: Services,
        outbox: Outbox,
        people: People,
        door: Door,
        turns: Turns,
        commands: Commands,
        taps: Taps,
        files: Files,
        voice: Voice,
    ) -> None:
        self._me = int(me["id"])
        self._mention = re.compile(rf"@{re.escape(me['username'])}\b", re.IGNORECASE)
        self._services = services
        self._outbox = outbox
        self._people = people
        self._door = door
        self._turns = turns
        self._commands = commands
        self._taps = taps
        self._files = files
        self._voice = voice

    async def handle(self, incoming: Incoming) -> None:
        """Handle an update to its end, and note that it was."""
        update = json.loads(incoming.payload)
        try:
            await self._route(incoming, update)
        except Refusal as refusal:
            await self._apologise(update, refusal)
        except Exception as error:
            # Whatever is in an update or goes wrong with it: it was handled, and its sender is told.
            log.exception("%s could not be handled", incoming.key)
            with suppress(Exception):  # not even its chat or its sender is one
                await self._apologise(update, error)
        await self._outbox.handled(incoming)

    async def _route(self, incoming: Incoming, update: Mapping[str, Any]) -> None:
        match update:
            case {"callback_query": {"id": str(), "from": {"id": int()}} as tap}:
                await self._taps.handle(incoming.key, tap)
            case {
                "message": {"from": {"id": int(), "is_bot": False} as user, "chat": {"id": int()}} as message
            }:
                await self._message(incoming, message, user)
            case {
                "edited_message": {
                    "from": {"id": int(), "is_bot": False} as user,
                    "chat": {"id": int()},
                } as edited
            }:
                await self._edited(incoming, edited, user)
            case _:
                log.debug("%s is nothing that is answered", incoming.key)

    async def _message(self, incoming: Incoming, message: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        words = self._addressed(message)
        if words is None:
            return
        talk = await asyncio.to_thread(self._people.talk, incoming.key, message, user)
        if talk.person.role is None:
            await self._door.knock(talk)
            return
        await self._say_that_it_is_late(talk, message)
        if "voice" in message:
            words = await self._voice.understood(talk, message["voice"])
            if words:
                await self._turns.run(talk, words, channel="telegram voice")
        elif kind := next((kind for kind in FILES if message.get(kind)), None):
            await self._files.take(talk, kind, message)
        elif words:
            if not await self._commands.run(talk, words):
                await self._turns.run(talk, words)
        elif not _is_service_message(message):
            await self._outbox.say(
                talk, talk.person.say("I can read text, voice messages, files and photos.")
            )

    async def _edited(self, incoming: Incoming, message: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """What was said is done already; what it was changed to is offered."""
        words = self._addressed(message)
        if not words:
            return
        talk = await asyncio.to_thread(self._people.talk, incoming.key, message, user)
        if talk.person.role is not None:
            await self._taps.offer_correction(talk, words)

    def _addressed(self, message: Mapping[str, Any]) -> str | None:
        """What is said to the bot, without its name; None where it is not meant."""
        text = message.get("text") or message.get("caption") or ""
        if not isinstance(text, str):
            return None
        mentioned = self._mention.search(text) is not None
        words = self._mention.sub("", text).strip()
        if chat_of(message).private:
            return words
        replied: Mapping[str, Any] = message.get("reply_to_message") or {}
        author: Mapping[str, Any] = replied.get("from") or {}
        to_us = author.get("id") == self._me
        # A command without a name is for every bot of the group, and so for none in particular.
        return words if mentioned or to_us else None

    async def _say_that_it_is_late(self, talk: Talk, message: Mapping[str, Any]) -> None:
        now, sent = self._services.chats.now(), message.get("date")
        # Compared as numbers: not every one is a moment.
        if isinstance(sent, int) and 0 < sent <= (now - LATE).timestamp():
            age = now - datetime.fromtimestamp(sent, UTC)
            await self._outbox.say(talk, phrases.late(talk.person.say, age), key=f"{talk.key}/late")

    async def _apologise(self, update: Mapping[str, Any], error: Exception) -> None:
        """Say what went wrong, to who is let in: over the chat where they tapped, else in it."""
        match update:
            case {"callback_query": {"id": str(tap), "from": {"id": int()} as user}}:
                chat = None
            case {"message": {"from": {"id": int()} as user, "chat": {"id": int()}} as message} | {
                "edited_message": {"from": {"id": int()} as user, "chat": {"id": int()}} as message
            }:
                tap, chat = "", chat_of(message)
            case _:
                return
        person = await asyncio.to_thread(self._people.person, user)
        problem = problem_of(error)
        if person.role is None:
            return
        if not isinstance(error, VoxnixError):
            problem = replace(problem, why="")  # words of a program, which the log has
        if chat is None:
            await self._outbox.answer(tap, phrases.tap_refusal(person.say, problem), alert=True)
        else:
            await self._outbox.tell(chat, phrases.refusal(person.say, problem))


def _is_service_message(message: Mapping[str, Any]) -> bool:
    """Somebody joined, a topic was made, a message was pinned: nobody waits for an answer."""
    said = {"sticker", "location", "contact", "poll", "dice", "venue", "game", "story"}
    return not said & message.keys()
