"""Turns in a chat: what somebody says goes to the assistant, and its answer comes back while it is made."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from agent.channels.telegram.chat import Talk
from agent.channels.telegram.documents import answer as letter
from agent.channels.telegram.formatting import plain
from agent.channels.telegram.outbox import Outbox
from agent.channels.telegram.streaming import Growing, typing
from agent.core.conversation import SentFile
from agent.core.errors import problem_of
from agent.core.operation import Request
from agent.services.services import Services

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agent.assistant import Assistant, Finished

CHANNEL = "telegram"
VOICE = "telegram voice"
PATIENCE = 20.0
"""Seconds that the assistant waits for an operation before it says that it goes on; progress is shown."""

log = logging.getLogger(__name__)


class Turns:
    """Runs turns: in one chat one after another, in different chats side by side.

    Args:
        outbox: sends answers.
        services: what can be done.
        assistant: gives the assistant, which takes seconds the first time.
    """

    def __init__(
        self, outbox: Outbox, services: Services, assistant: "Callable[[], Awaitable[Assistant]]"
    ) -> None:
        self._outbox = outbox
        self._services = services
        self._assistant = assistant
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}

    def busy(self, conversation: str) -> bool:
        """Whether a turn is under way in a conversation."""
        return conversation in self._running

    def cancel(self, talk: Talk) -> bool:
        """End the turn that is under way where somebody speaks, if it is theirs; whether there was one."""
        account, task = self._running.get(talk.chat.conversation, ("", None))
        if task is None or account != talk.person.account:
            return False
        return task.cancel()

    def end_those_of(self, account: str) -> None:
        """End what is under way for somebody who may not speak any more, wherever that is."""
        for speaker, task in self._running.values():
            if speaker == account:
                task.cancel()

    async def run(self, talk: Talk, words: str, *, channel: str = CHANNEL, once: bool = False) -> None:
        """Answer what somebody said.

        Args:
            talk: who speaks where.
            words: what they said.
            channel: how.
            once: whether the answer is sent once for the key, however often that is run.
        """
        request = Request(
            channel=channel, conversation=talk.chat.conversation, words=words, by=talk.by, key=talk.key
        )
        async with self._lock(talk.chat.conversation):
            # A task of its own: a person may end it, and what waits behind it goes on.
            turn = asyncio.create_task(self._answer(talk, request, once=once), name=f"turn {talk.key}")
            self._running[talk.chat.conversation] = talk.person.account, turn
            try:
                await asyncio.shield(turn)
            except asyncio.CancelledError:
                if not turn.cancelled():  # it is us who are stopped: the next start goes on with it
                    turn.cancel()
                    await asyncio.gather(turn, return_exceptions=True)
                    return turn.result()  # its answer may have been on its way, and has arrived then
                assistant = await self._assistant()
                await asyncio.to_thread(assistant.break_off, talk.owner, request)
            finally:
                del self._running[talk.chat.conversation]

    async def _answer(self, talk: Talk, request: Request, *, once: bool) -> None:
        growing = Growing(self._outbox, talk)
        try:
            finished = await self._followed(talk, request, growing)
        finally:
            await growing.stop()
        for number, file in enumerate(finished.files):
            await self._send_file(talk, number, file)
        await self._send(talk, finished.text, growing, once=once)

    async def _followed(self, talk: Talk, request: Request, growing: Growing) -> "Finished":
        """How a turn ends; what is said until then is seen to grow."""
        async with typing(self._outbox, talk):
            assistant = await self._assistant()
            from agent.assistant import Finished, TextDelta  # noqa: PLC0415 - loaded just now

            events = assistant.reply(talk.owner, request, patience=PATIENCE, sends_files=True)
            async with aclosing(events):
                async for event in events:
                    match event:
                        case TextDelta(text=text):
                            growing.add(text)
                        case Finished():
                            return event
                        case _:
                            pass
        raise RuntimeError("a turn ended without an end")

    async def _send(self, talk: Talk, answer: str, growing: Growing, *, once: bool) -> None:
        whole = letter(answer, talk.person.say)
        *parts, last = await growing.end(list(whole.parts)) or [None]
        for number, part in enumerate(parts):
            if part is not None:
                await self._outbox.send(talk.chat, part, key=f"{talk.key}/{number}", reply_to=talk.quoted)
        if last is not None:
            # Who handles the update notes at once that this was sent: it needs no key of its own.
            key = f"{talk.key}/last" if once else ""
            await self._outbox.send(talk.chat, last, key=key, reply_to=talk.quoted)
        if (file := whole.document) is not None:
            key = f"{talk.key}/long"
            await self._outbox.send_file(talk.chat, file.filename, file.data, file.caption, key=key)

    async def _send_file(self, talk: Talk, number: int, file: SentFile) -> None:
        try:
            data = await asyncio.to_thread(self._services.files.get, talk.owner, file.workload, file.path)
        except Exception as error:  # it was there when the assistant looked
            log.info("a file could not be fetched", exc_info=True)
            part = plain(str(problem_of(error)))[0]
            await self._outbox.send(talk.chat, part, key=f"{talk.key}/file/{number}")
            return
        name = file.path.rpartition("/")[2]
        await self._outbox.send_file(talk.chat, name, data, key=f"{talk.key}/file/{number}")

    def _lock(self, conversation: str) -> asyncio.Lock:
        """One turn at a time in a conversation: two would each keep a history without the other."""
        lock = self._locks.get(conversation)
        if lock is None:
            lock = self._locks[conversation] = asyncio.Lock()
        return lock
