"""Where somebody speaks, and who: what the rest of the channel knows of an update's sender."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.core.account import Role
from agent.core.owner import Owner
from agent.texts import Texts

PREFIX = "tg:"
"""Of accounts and conversations that are Telegram's."""


@dataclass(frozen=True)
class Chat:
    """A chat, or one topic of it.

    Attributes:
        id: Telegram's; groups have negative ones.
        thread: the topic; None where there are none.
        title: of a group; never trusted.
    """

    id: int
    thread: int | None = None
    title: str = field(default="", compare=False)

    @property
    def private(self) -> bool:
        """Whether one person alone is there."""
        return self.id > 0

    @property
    def conversation(self) -> str:
        """The name of what is said here, such as ``tg:5`` or ``tg:-100:7``."""
        return f"{PREFIX}{self.id}" + (f":{self.thread}" if self.thread else "")

    @property
    def account(self) -> str:
        """The account that a group has."""
        return f"{PREFIX}{self.id}"

    @classmethod
    def of(cls, conversation: str) -> "Chat":
        """The chat of a conversation's name."""
        chat, _, thread = conversation.removeprefix(PREFIX).partition(":")
        return cls(int(chat), int(thread) if thread else None)


@dataclass(frozen=True)
class Person:
    """Somebody who speaks.

    Attributes:
        account: such as ``tg:5``.
        name: as Telegram shows it.
        role: what they may; None where they are not let in.
        say: fixed texts in their language.
    """

    account: str
    name: str
    role: Role | None
    say: Texts


@dataclass(frozen=True)
class Talk:
    """Somebody who may speak, somewhere.

    Attributes:
        key: of the update, such as ``tg:9:123``.
        chat: where.
        person: who.
        owner: whose containers are meant: the person's, or a group's that owns some.
        message: the id of what was said, or of what was tapped on; None where there is none.
    """

    key: str
    chat: Chat
    person: Person
    owner: Owner
    message: int | None = None

    @property
    def quoted(self) -> int | None:
        """The message that an answer quotes: in a group, where several speak."""
        return None if self.chat.private else self.message

    @property
    def by(self) -> str:
        """The account that speaks, where it is not the owner."""
        return "" if self.owner.key == self.person.account else self.person.account


def chat_of(message: Mapping[str, Any]) -> Chat:
    """The chat of a message as Telegram sends it.

    Raises:
        KeyError, TypeError, ValueError: it is no message.
    """
    thread = message.get("message_thread_id") if message.get("is_topic_message") else None
    title = str(message["chat"].get("title") or "")
    return Chat(_number(message["chat"]["id"]), None if thread is None else _number(thread), title)


def _number(given: object) -> int:
    """An id as Telegram gives them: of at most 52 bits."""
    if not isinstance(given, int) or isinstance(given, bool) or abs(given) >= 1 << 53:
        raise ValueError("that is no id")
    return given
