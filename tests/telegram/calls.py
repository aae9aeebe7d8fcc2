"""A call of a bot: its parameters, and what they mean in the world."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.telegram.limits import Limits
from tests.telegram.refusals import bad, forbidden
from tests.telegram.world import Bot, Chat, Message, World


@dataclass(frozen=True)
class Upload:
    """A file that came with a call."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """One call of a bot, as the server read it."""

    world: World
    limits: Limits
    bot: Bot
    params: Mapping[str, str]
    uploads: Mapping[str, Upload]

    def text(self, name: str) -> str:
        """A parameter; empty if it is missing."""
        return self.params.get(name, "")

    def number(self, name: str) -> int:
        """A parameter that is a number; 0 if it is none, as on the real server."""
        try:
            return int(self.text(name))
        except ValueError:
            return 0

    def chat(self) -> Chat:
        """The chat that is meant.

        Raises:
            Refused: there is none, or the bot may not see it.
        """
        if not self.text("chat_id"):
            raise bad("chat_id is empty")
        chat_id = self.number("chat_id")
        chat = self.world.chat_of(self.bot.id, chat_id)
        if chat is None and chat_id in self.world.people:
            raise forbidden("bot can't initiate conversation with a user")
        if chat is None:
            raise bad("chat not found")
        if self.bot not in chat.members:
            raise forbidden("bot is not a member of the supergroup chat")
        return chat

    def writable(self) -> Chat:
        """The chat that is meant, where the bot may write.

        Raises:
            Refused: it may not, or not so fast.
        """
        chat = self.chat()
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.kind == "private" and not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        return chat

    def thread(self, chat: Chat) -> int | None:
        """The topic that is meant.

        Raises:
            Refused: the chat has no such topic.
        """
        thread = self.number("message_thread_id")
        if thread and thread not in chat.topics:
            raise bad("message thread not found")
        return thread or None

    def message(self, what: str) -> Message:
        """The message that is meant.

        Raises:
            Refused: the chat shows none with this number.
        """
        message = self.chat().messages.get(self.number("message_id"))
        if message is None:
            raise bad(f"message to {what} not found")
        return message
