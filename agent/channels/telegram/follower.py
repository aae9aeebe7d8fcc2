"""One message for each operation: its plan with buttons, its progress, its result. Also after a restart."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from agent.channels.telegram import phrases
from agent.channels.telegram.chat import Chat
from agent.channels.telegram.formatting import formatted
from agent.channels.telegram.lanes import ended
from agent.channels.telegram.outbox import Keyboard, Outbox
from agent.channels.telegram.turns import CHANNEL, PATIENCE
from agent.core.chat import Action, Delivery
from agent.core.operation import Operation, OperationKind, OperationState
from agent.core.owner import Owner
from agent.services.services import Services
from agent.texts import Texts, texts_for

LOOK_EVERY = 0.5
"""Seconds between two looks at what is under way."""
EDIT_EVERY = 1.1
"""Seconds between two edits of one message; Telegram takes about one a second."""
WORTH_A_MESSAGE = timedelta(seconds=1.5)
"""What is done sooner is told by the answer alone, where there is one to come."""
NUMBER = "operation:"
OFFERS: dict[OperationKind, tuple[str, ...]] = {
    OperationKind.CREATE: ("logs", "stop"),
    OperationKind.START: ("logs", "stop"),
    OperationKind.RESTART: ("logs", "stop"),
    OperationKind.UPDATE: ("logs", "rollback"),
    OperationKind.ROLLBACK: ("logs",),
    OperationKind.STOP: ("start",),
    OperationKind.CLONE: ("logs", "stop"),
    OperationKind.RESTORE: ("logs", "stop"),
    OperationKind.REVERT: ("logs",),
    OperationKind.DESTROY: ("restore",),
}
"""What is obvious to do after an operation, as commands."""

log = logging.getLogger(__name__)


@dataclass
class _Shown:
    """What is seen of an operation, when it may be changed again, and whether its chat takes nothing."""

    text: str = ""
    keyboard: Keyboard = ()
    due: float = 0.0
    closed: bool = False
    task: asyncio.Task[None] | None = field(default=None)


class Follower:
    """Shows how operations go that were asked for in chats.

    Args:
        outbox: sends and edits.
        services: what can be done.
        busy: whether a turn is under way in a conversation: its answer comes before a question.
    """

    def __init__(self, outbox: Outbox, services: Services, busy: Callable[[str], bool]) -> None:
        self._outbox = outbox
        self._services = services
        self._busy = busy
        self._shown: dict[int, _Shown] = {}
        self._look_now = asyncio.Event()

    def look(self) -> None:
        """Something has happened: look at once."""
        self._look_now.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            while True:
                try:
                    await self._look()
                except Exception:  # the next look may go well
                    log.exception("operations could not be looked at")
                try:
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._look_now.wait()
                except TimeoutError:
                    pass
                self._look_now.clear()
        finally:
            tasks = [shown.task for shown in self._shown.values() if shown.task is not None]
            await ended(tasks)

    async def _look(self) -> None:
        open_, following = await asyncio.to_thread(self._state)
        for operation in open_:
            known = following.get(operation.id)
            shown = self._shown.setdefault(operation.id, _Shown())
            # One chat that is slow holds up no other.
            if shown.task is None or shown.task.done():
                shown.task = asyncio.create_task(self._show(operation, shown, known))
        self._shown = {
            number: shown
            for number, shown in self._shown.items()
            if any(one.id == number for one in open_) or (shown.task and not shown.task.done())
        }

    def _state(self) -> tuple[list[Operation], dict[int, Delivery]]:
        """What is open, and what has ended but is not shown so yet; and the messages that show it."""
        following = {
            int(delivery.key.removeprefix(NUMBER)): delivery
            for delivery in self._services.chats.following()
            if delivery.key.startswith(NUMBER)
        }
        found = {one.id: one for one in self._services.operations.open_from(CHANNEL)}
        for number in following.keys() - found.keys():
            operation = self._services.operations.seen(number)
            if operation is not None:
                found[number] = operation
        return list(found.values()), following

    async def _show(self, operation: Operation, shown: _Shown, known: Delivery | None) -> None:
        try:
            await self._update(operation, shown, known)
        except Exception:
            log.exception("operation %d could not be shown", operation.id)

    async def _update(self, operation: Operation, shown: _Shown, known: Delivery | None) -> None:
        say = await asyncio.to_thread(self._texts, operation)
        chat = Chat.of(operation.request.conversation)
        now = asyncio.get_running_loop().time()
        if operation.state.ended:
            if known is not None:
                await self._end(operation, say, chat, known)
            return
        if known is None and (shown.closed or not await asyncio.to_thread(self._serves, operation)):
            return
        busy = self._busy(chat.conversation)
        if operation.state is OperationState.PROPOSED:
            if known is None and not busy:  # the answer comes first
                shown.closed = await self.ask(operation, say, None) is None
            return
        text = phrases.progress(say, operation)
        if operation.cancelled_by:
            shown.keyboard = ()
        elif not shown.keyboard:
            about = {"operation": operation.id, "owner": operation.owner}
            account = "" if operation.request.by else operation.owner
            shown.keyboard = await self._keyboard(chat, account, [(say("Cancel"), {"do": "cancel", **about})])
        age = self._services.chats.now() - operation.created_at
        if known is None and (age >= WORTH_A_MESSAGE or not busy):
            delivery = await self._outbox.send(
                chat, formatted(text)[0], shown.keyboard, key=f"{NUMBER}{operation.id}", following=True
            )
            shown.closed = delivery is None
            shown.text, shown.due = text, now + EDIT_EVERY
        elif known is not None and text != shown.text and now >= shown.due:
            shown.text, shown.due = text, now + EDIT_EVERY
            await self._outbox.edit(known, formatted(text)[0], shown.keyboard)

    def _serves(self, operation: Operation) -> bool:
        return self._services.access.serves(operation.request.by or operation.owner)

    async def ask(self, operation: Operation, say: Texts, shown: Delivery | None) -> Delivery | None:
        """Put a plan to the person who may agree to it, in the message that shows the operation.

        Returns:
            Where it is; None where the chat is closed to us.
        """
        chat = Chat.of(operation.request.conversation)
        digest = operation.plan.digest if operation.plan else ""
        about = {"operation": operation.id, "owner": operation.owner}
        account = "" if operation.request.by else operation.owner
        keyboard = await self._keyboard(
            chat,
            account,
            [
                (phrases.agree(say, operation), {"do": "approve", "digest": digest, **about}),
                (say("No, keep it"), {"do": "deny", **about}),
            ],
        )
        part = formatted(phrases.plan(say, operation))[0]
        if shown is not None:
            await self._outbox.edit(shown, part, keyboard)
            return shown
        return await self._outbox.send(chat, part, keyboard, key=f"{NUMBER}{operation.id}", following=True)

    async def _end(self, operation: Operation, say: Texts, chat: Chat, known: Delivery) -> None:
        offers: list[tuple[str, Action]] = []
        serves = await asyncio.to_thread(self._serves, operation)
        if serves and operation.state is OperationState.DONE:
            offers = [
                (phrases.label(say, command), {"do": "say", "words": f"/{command} {operation.outcome}"})
                for command in OFFERS.get(operation.kind, ())
            ]
        account = "" if operation.request.by else operation.owner
        kept = await asyncio.to_thread(self._kept, operation)
        part = formatted(phrases.result(say, operation, kept))[0]
        keyboard = await self._keyboard(chat, account, offers)
        await self._outbox.edit(known, part, keyboard)
        took = (operation.ended_at or operation.created_at) - (operation.started_at or operation.created_at)
        if serves and took > timedelta(seconds=PATIENCE) and operation.state is not OperationState.DENIED:
            # An edit rings no bell, and the answer has long said that it goes on.
            await self._outbox.send(chat, part, key=f"{NUMBER}{operation.id}/end", reply_to=known.message)
        await asyncio.to_thread(self._services.chats.settle, known.key)

    async def _keyboard(self, chat: Chat, account: str, offers: list[tuple[str, Action]]) -> Keyboard:
        def make() -> Keyboard:
            row = [(label, self._services.chats.offer(account, chat.id, action)) for label, action in offers]
            return [row] if row else []

        return await asyncio.to_thread(make)

    def _kept(self, operation: Operation) -> timedelta | None:
        """For how long what an operation destroyed can be brought back."""
        if operation.kind is not OperationKind.DESTROY or operation.state is not OperationState.DONE:
            return None
        trashed = self._services.trash.list(Owner(operation.owner))
        expires = next((one.expires_at for one in trashed if one.operation == operation.id), None)
        return expires - self._services.chats.now() if expires else None

    def _texts(self, operation: Operation) -> Texts:
        account = operation.request.by or operation.owner
        return texts_for(self._services.preferences.of(account).language)
