"""Voice messages: what was understood is said back before it is done."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import Talk
from agent.channels.telegram.outbox import Outbox
from agent.core.errors import VoxnixError
from agent.services.services import Services
from agent.voice import check_limits

if TYPE_CHECKING:
    from agent.voice import Transcriber


class Voice:
    """Turns speech into a sentence.

    Args:
        outbox: answers, and fetches what was spoken.
        services: knows the names that may be spoken.
        transcriber: understands speech; None where nothing is set up for that.
    """

    def __init__(self, outbox: Outbox, services: Services, transcriber: "Transcriber") -> None:
        self._outbox = outbox
        self._services = services
        self._transcriber = transcriber

    async def understood(self, talk: Talk, voice: Mapping[str, Any]) -> str:
        """The sentence of a voice message, echoed; empty where there is none, and that was said."""
        try:
            check_limits(float(voice.get("duration") or 0), int(voice.get("file_size") or 0))
            names = await asyncio.to_thread(
                lambda: [one.name for one in self._services.workloads.list(talk.owner)]
            )
            audio = await self._outbox.fetch(str(voice["file_id"]))
            words = await self._transcriber.transcribe(audio, language=talk.person.say.language, hints=names)
        except VoxnixError as error:
            await self._outbox.say(talk, phrases.refusal(talk.person.say, error.problem))
            return ""
        await self._outbox.say(talk, phrases.heard(talk.person.say, words), key=f"{talk.key}/heard")
        return words
