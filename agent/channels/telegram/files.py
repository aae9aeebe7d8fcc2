"""Files that people send: into /workspace of the container that is named, the only one, or as they choose."""

import asyncio
from collections.abc import Mapping
from typing import Any

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import Talk
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.turns import CHANNEL
from agent.core.errors import Refusal
from agent.core.operation import Request
from agent.core.workload import WorkloadState
from agent.services.services import Services

LARGEST = 20_000_000
"""Bytes that Telegram gives to a bot."""
SUFFIX = {"photo": "jpg", "video": "mp4", "video_note": "mp4", "animation": "mp4", "audio": "mp3"}
"""Of what has no name, such as photos."""
MOST_OFFERED = 8
"""Containers that are offered to choose from."""


class Files:
    """Takes files in.

    Args:
        outbox: asks, answers, and fetches files.
        services: what can be done.
    """

    def __init__(self, outbox: Outbox, services: Services) -> None:
        self._outbox = outbox
        self._services = services

    async def take(self, talk: Talk, kind: str, message: Mapping[str, Any]) -> None:
        """Put a file where its caption says; ask where that is not clear."""
        say = talk.person.say
        # Of a photo there are several sizes, the largest last.
        file = message[kind][-1] if kind == "photo" else message[kind]
        size = int(file.get("file_size") or 0)
        if size > LARGEST:
            await self._outbox.say(talk, phrases.too_large(say, size, LARGEST), key=f"{talk.key}/large")
            return
        name = str(
            file.get("file_name") or f"{kind}-{message.get('message_id', 0)}.{SUFFIX.get(kind, 'bin')}"
        )
        containers = await asyncio.to_thread(self._services.workloads.list, talk.owner)
        running = [one.name for one in containers if one.state is WorkloadState.RUNNING]
        words = str(message.get("caption") or "").replace(",", " ").replace(".", " ").lower().split()
        named = [one for one in running if one in words] or (running if len(running) == 1 else [])
        if len(named) == 1:
            await self.place(talk, named[0], str(file["file_id"]), name)
        elif not running:
            text = say("A file goes into a container that runs, and you have none that does.")
            await self._outbox.say(talk, text)
        else:
            await self._ask(talk, running, str(file["file_id"]), name)

    async def place(self, talk: Talk, workload: str, file: str, name: str) -> None:
        """Put a file into a container's /workspace, and say where it is."""
        request = Request(
            channel=CHANNEL,
            conversation=talk.chat.conversation,
            words=name,
            by=talk.by,
            key=talk.key,
        ).part("file")
        data = await self._outbox.fetch(file)
        try:
            path = await asyncio.to_thread(
                self._services.files.put, talk.owner, workload, name, data, request
            )
        except Refusal as refusal:
            await self._outbox.say(talk, phrases.refusal(talk.person.say, refusal.problem))
            return
        await self._outbox.say(talk, phrases.file_saved(talk.person.say, path, workload, len(data)))

    async def _ask(self, talk: Talk, running: list[str], file: str, name: str) -> None:
        def offers() -> list[list[tuple[str, str]]]:
            return [
                [
                    (
                        one,
                        self._services.chats.offer(
                            talk.person.account,
                            talk.chat.id,
                            {"do": "put", "workload": one, "file": file, "name": name},
                        ),
                    )
                ]
                for one in running[:MOST_OFFERED]
            ]

        text = talk.person.say("Into which container?")
        await self._outbox.say(talk, text, await asyncio.to_thread(offers), key=f"{talk.key}/where")
