"""What is sent: once for each key, again after what passes, and never as a reason to fall over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from agent.channels.telegram.chat import Chat, Talk
from agent.channels.telegram.formatting import formatted
from agent.channels.telegram.records import Records
from agent.channels.telegram.request import as_told
from agent.channels.telegram.splitting import Part
from agent.core.chat import Delivery, Incoming
from agent.core.errors import HostFailure
from agent.services.chats import Chats

if TYPE_CHECKING:
    from telegram.ext import ExtBot

T = TypeVar("T")
Keyboard = Sequence[Sequence[tuple[str, str]]]
"""Rows of buttons: what stands on each, and what the chat sends back."""
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""What a model was made to write must not have Telegram fetch an address."""

log = logging.getLogger(__name__)


class Outbox:
    """Sends to chats.

    Args:
        bot: Telegram's.
        chats: remembers what was sent.
        lines: how many things can be sent at the same time.
    """

    def __init__(self, bot: "ExtBot[int]", chats: Chats, lines: int) -> None:
        self._bot = bot
        self._chats = chats
        self._records = Records(chats)
        self._lines = asyncio.Semaphore(lines)

    async def known(self, key: str) -> Delivery | None:
        """The message that was sent for a key, perhaps before the process was started again."""
        return await asyncio.to_thread(self._chats.sent, key)

    async def handled(self, incoming: Incoming) -> None:
        """Note that something is handled: what was sent for it last has no other record."""
        await self._records.handled(incoming)

    async def close(self) -> None:
        """Write down what was sent, when nothing more will be."""
        await self._records.close()

    async def send(  # noqa: PLR0913 - what a message is made of
        self,
        chat: Chat,
        part: Part,
        keyboard: Keyboard = (),
        *,
        key: str = "",
        reply_to: int | None = None,
        following: bool = False,
    ) -> Delivery | None:
        """Send a message.

        Args:
            chat: where to.
            part: what.
            keyboard: buttons below it.
            key: it is sent once for this key; empty where who calls takes care of that.
            reply_to: the message that it answers.
            following: whether it will be edited along with what it shows.

        Returns:
            Where it is; None where the chat is closed to us.
        """
        return await self._once(
            chat,
            key,
            lambda to: self._bot.send_message(
                to.id,
                part.text,
                entities=part.entities,
                link_preview_options=NO_PREVIEW,
                message_thread_id=to.thread,
                reply_markup=_markup(keyboard),
                reply_parameters=_reply(reply_to),
            ),
            following=following,
        )

    async def tell(
        self, chat: Chat, markdown: str, keyboard: Keyboard = (), *, key: str = "", following: bool = False
    ) -> None:
        """Send a fixed text, with buttons below its end; see :meth:`send`."""
        *parts, last = formatted(markdown)
        for number, part in enumerate(parts):
            await self.send(chat, part, key=f"{key}/{number}" if key else "")
        await self.send(chat, last, keyboard, key=key, following=following)

    async def say(self, talk: Talk, markdown: str, keyboard: Keyboard = (), *, key: str = "") -> None:
        """Tell somebody something where they speak."""
        await self.tell(talk.chat, markdown, keyboard, key=key)

    async def change(self, delivery: Delivery, markdown: str) -> None:
        """Put a fixed text, without buttons, in the place of a message."""
        await self.edit(delivery, formatted(markdown)[0])

    async def fetch(self, file: str) -> bytes:
        """What is in a file that was sent to the bot.

        Raises:
            HostFailure: Telegram does not give it.
        """

        async def get() -> bytes:
            return bytes(await (await self._bot.get_file(file)).download_as_bytearray())

        data = await self._try(get)
        if data is None:
            raise HostFailure("Telegram does not give that file any more.", hint="Send it again.")
        return data

    async def send_file(
        self, chat: Chat, name: str, data: bytes, caption: Part | None = None, *, key: str = ""
    ) -> Delivery | None:
        """Send a file; see :meth:`send`."""
        return await self._once(
            chat,
            key,
            lambda to: self._bot.send_document(
                to.id,
                InputFile(data, filename=name),
                caption=caption.text if caption else None,
                caption_entities=caption.entities if caption else None,
                message_thread_id=to.thread,
            ),
        )

    async def edit(self, delivery: Delivery, part: Part, keyboard: Keyboard = ()) -> None:
        """Change a message; the same again changes nothing."""
        with suppress(ChatMigrated):  # what a group was told before it moved stays as it is
            await self._try(
                lambda: self._bot.edit_message_text(
                    part.text,
                    delivery.chat,
                    delivery.message,
                    entities=part.entities,
                    link_preview_options=NO_PREVIEW,
                    reply_markup=_markup(keyboard),
                )
            )

    async def draft(self, chat: Chat, number: int, part: Part) -> None:
        """Show an answer while it is written. It is a preview: one that is lost is not repeated."""
        if self._lines.locked():
            return  # what is meant to stay goes first
        try:
            await self._bot.send_message_draft(
                chat.id, number, part.text, message_thread_id=chat.thread, entities=part.entities
            )
        except TelegramError as error:
            log.debug("a draft was not shown: %s", type(error).__name__)

    async def typing(self, chat: Chat) -> None:
        """Show that something is being written; it fades after some five seconds."""
        if self._lines.locked():
            return  # what is meant to stay goes first
        try:
            await self._bot.send_chat_action(chat.id, ChatAction.TYPING, message_thread_id=chat.thread)
        except TelegramError as error:
            log.debug("typing was not shown: %s", type(error).__name__)

    async def answer(self, callback: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a tap. Telegram takes that for some seconds only, so a late one is let go."""
        try:
            await self._bot.answer_callback_query(callback, text or None, show_alert=alert)
        except TelegramError as error:
            log.debug("a tap was not answered: %s", type(error).__name__)

    async def _once(
        self, chat: Chat, key: str, send: Callable[[Chat], Awaitable[Message]], *, following: bool = False
    ) -> Delivery | None:
        if key and (known := await self.known(key)) is not None:
            return known
        return await _to_the_end(self._sent(chat, key, send, following=following))

    async def _sent(
        self, chat: Chat, key: str, send: Callable[[Chat], Awaitable[Message]], *, following: bool
    ) -> Delivery | None:
        try:
            message = await self._try(lambda: send(chat))
        except ChatMigrated as moved:
            new = Chat(moved.new_chat_id, chat.thread)
            message = await self._try(lambda: send(new))
        if message is None:
            return None
        delivery = Delivery(key, message.chat_id, message.message_id)
        if key:
            await self._records.sent(delivery, following=following)
        return delivery

    async def _try(self, send: Callable[[], Awaitable[T]]) -> T | None:
        """Send until it is taken or refused; None where it is refused."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(_passes), wait=as_told, reraise=True, before_sleep=_tell
            ):
                with attempt:
                    async with self._lines:
                        return await send()
        except (BadRequest, Forbidden) as error:
            # Nobody can be told: the chat is gone, the bot was blocked, the message is as it should be.
            log.info("Telegram does not take a message: %s", error)
        return None


async def _to_the_end(sending: Coroutine[Any, Any, T]) -> T:
    """Send, and note that it was, also where that is cancelled meanwhile: half of it would be sent again.

    Cancelling it a second time ends it all the same.
    """
    task = asyncio.create_task(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        return await task


def _passes(error: BaseException) -> bool:
    """Whether it is worth trying again. PTB takes what is wrong with a request for a network error too."""
    return isinstance(error, NetworkError | RetryAfter) and not isinstance(error, BadRequest)


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    # Not its text: that of a network error can hold the address, and with it the token.
    log.warning("Telegram did not take a message, again in a while: %s", type(error).__name__)


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    if not keyboard:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=sent) for label, sent in row] for row in keyboard]
    )


def _reply(message: int | None) -> ReplyParameters | None:
    # What it answers may have been deleted meanwhile; the answer is still one.
    return None if message is None else ReplyParameters(message, allow_sending_without_reply=True)
