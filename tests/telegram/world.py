"""The state of the fake Telegram: accounts, chats, messages and files. Only the server's loop touches it."""

import asyncio
import random
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tests.telegram.texts import Json
from tests.telegram.updates import Updates

DELETED = 100
"""So many deleted messages of a chat are remembered, for who looks only at what changed."""


@dataclass(eq=False)
class Account:
    """A person or a bot, as messages name it."""

    id: int
    name: str
    username: str
    language: str = "en"
    is_bot: bool = False

    def as_json(self) -> Json:
        """The `User` of the Bot API."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        user["username"] = self.username
        return user if self.is_bot else user | {"language_code": self.language}


@dataclass(eq=False)
class Tap:
    """A tap on a button.

    Attributes:
        id: of the callback query.
        bot: whose button it is.
        at: when it was tapped.
        answer: what the bot answered; None until then.
        answered: set then.
    """

    id: str
    bot: "Bot"
    at: float
    answer: Json | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False, kw_only=True)
class Bot(Account):
    """A bot account.

    Attributes:
        token: opens the API.
        updates: what waits for it.
        privacy: in groups it gets only what is meant for it.
        commands: its menus, by scope and language; a scope is its type and what it names.
        taps: on its buttons, by id.
    """

    token: str
    updates: Updates
    privacy: bool = True
    is_bot: bool = True
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict[tuple[str, str], list[Json]])
    taps: dict[str, Tap] = field(default_factory=dict[str, Tap])


@dataclass(eq=False, slots=True)
class Message:
    """A message as its chat shows it now.

    Attributes:
        id: its number in the chat.
        chat: where it is.
        sender: who wrote it.
        content: `text` and `entities`, or a file with its caption, as in the Bot API.
        thread: topic that it is in.
        reply_to: message that it answers.
        markup: what hangs below it.
        edits: how often it was changed.
        reactions: emoji by account.
        version: of the chat, when the message last changed.
        date: when it was sent, in Unix time.
    """

    id: int
    chat: "Chat"
    sender: Account
    content: Json
    thread: int | None = None
    reply_to: "Message | None" = None
    markup: Json | None = None
    edits: int = 0
    reactions: dict[int, str] | None = None
    version: int = 0
    date: int = field(default_factory=lambda: int(time.time()))

    @property
    def text(self) -> str:
        """What it says, or what stands under its file."""
        return self.content.get("text", self.content.get("caption", ""))

    def as_json(self, *, nested: bool = False) -> Json:
        """The `Message` of the Bot API; the message that a nested one answers is left out."""
        shown: Json = {
            "message_id": self.id,
            "date": self.date,
            "chat": self.chat.as_json(),
            "from": self.sender.as_json(),
            **self.content,
        }
        if self.thread is not None:
            shown |= {"message_thread_id": self.thread, "is_topic_message": True}
        if self.edits:
            shown["edit_date"] = self.date
        if self.markup and "inline_keyboard" in self.markup:
            shown["reply_markup"] = self.markup
        if self.reply_to is not None and not nested:
            shown["reply_to_message"] = self.reply_to.as_json(nested=True)
        return shown

    def shown(self) -> Json:
        """The message as people see it: with what the Bot API does not say."""
        shown = self.as_json() | {"edits": self.edits, "version": self.version}
        if self.markup is not None:
            shown["reply_markup"] = self.markup
        if self.reactions:
            shown["reactions"] = [{"from": who, "emoji": emoji} for who, emoji in self.reactions.items()]
        return shown


@dataclass(eq=False, slots=True)
class Chat:
    """A private chat of a person with one bot, or a group.

    Attributes:
        id: of the chat; in private chats that of the person.
        kind: what it is.
        title: of a group.
        members: who is in it.
        keep: how many messages it keeps; None is all.
        topics: names of the threads that it has.
        roles: the status of who is more than a member.
        messages: what it shows, by number.
        deleted: versions at which messages went away, by number.
        drafts: what bots are writing, by draft id; gone when the message is sent.
        action: what a bot said last that it was doing, where, and when.
        started: the person wrote first, so the bot may.
        blocked: the person has blocked the bot.
        asked: when something was said that no bot has answered yet, in monotonic time; 0 if nothing was.
        version: counts the changes.
    """

    id: int
    kind: Literal["private", "supergroup"]
    title: str
    members: list[Account]
    keep: int | None = None
    topics: dict[int, str] = field(default_factory=dict[int, str])
    roles: dict[int, str] = field(default_factory=dict[int, str])
    messages: dict[int, Message] = field(default_factory=dict[int, Message])
    deleted: dict[int, int] = field(default_factory=dict[int, int])
    drafts: dict[int, Json] = field(default_factory=dict[int, Json])
    action: tuple[str, int | None, float] = ("", None, 0.0)
    started: bool = False
    blocked: bool = False
    asked: float = 0
    last_id: int = 0
    version: int = 0
    _waiting: list[asyncio.Future[None]] = field(default_factory=list[asyncio.Future[None]])

    def as_json(self) -> Json:
        """The `Chat` of the Bot API."""
        if self.kind == "private":
            person = next(member for member in self.members if not member.is_bot)
            shown: Json = {"id": self.id, "type": self.kind}
            return shown | {"first_name": person.name, "username": person.username}
        shown = {"id": self.id, "type": self.kind, "title": self.title}
        return shown | ({"is_forum": True} if self.topics else {})

    def bots(self) -> Iterator[Bot]:
        """The bots that are in it."""
        return (member for member in self.members if isinstance(member, Bot))

    def add(
        self,
        sender: Account,
        content: Json,
        *,
        thread: int | None = None,
        reply_to: Message | None = None,
        markup: Json | None = None,
    ) -> Message:
        """Show one more message."""
        self.last_id += 1
        message = Message(self.last_id, self, sender, content, thread, reply_to, markup)
        self.messages[message.id] = message
        while self.keep is not None and len(self.messages) > self.keep:
            del self.messages[next(iter(self.messages))]
        self.touch(message)
        return message

    def remove(self, message: Message) -> None:
        """Show a message no more."""
        del self.messages[message.id]
        self.touch()
        self.deleted[message.id] = self.version
        if len(self.deleted) > DELETED:
            del self.deleted[next(iter(self.deleted))]

    def touch(self, message: Message | None = None) -> None:
        """Count a change, of a message maybe, and wake up whoever looks at the chat."""
        self.version += 1
        if message is not None:
            message.version = self.version
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changes(self, since: int, seconds: float) -> None:
        """Wait until the chat is newer than a version, or for so long."""
        if self.version <= since and seconds > 0:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await asyncio.wait([future], timeout=seconds)
            if future in self._waiting:
                self._waiting.remove(future)


@dataclass
class File:
    """A file that Telegram keeps.

    Attributes:
        id: what a bot asks for it with.
        path: under which it is downloaded.
        name: as its sender called it.
        media_type: likewise.
        content: the bytes.
    """

    id: str
    path: str
    name: str
    media_type: str
    content: bytes

    def as_json(self) -> Json:
        """The fields that every kind of file has in the Bot API."""
        return {"file_id": self.id, "file_unique_id": f"u{self.id}", "file_size": len(self.content)}


@dataclass
class World:
    """Everything that one server knows.

    Attributes:
        random: source of all ids, seeded.
        bots: by token.
        people: by id.
        chats: private ones by bot and person, groups by 0 and their id.
        files: by id.
        query_lifetime: seconds in which a tap can be answered.
        keep: how many messages new chats keep; None is all.
        waits: seconds from what a person said to what a bot sent next, per thing said.
    """

    random: random.Random
    bots: dict[str, Bot] = field(default_factory=dict[str, Bot])
    people: dict[int, Account] = field(default_factory=dict[int, Account])
    chats: dict[tuple[int, int], Chat] = field(default_factory=dict[tuple[int, int], Chat])
    files: dict[str, File] = field(default_factory=dict[str, File])
    query_lifetime: float = 15
    keep: int | None = None
    waits: "array[float]" = field(default_factory=lambda: array("d"))

    def number(self) -> int:
        """An id that nothing else has."""
        return self.random.randrange(10**8, 10**10)

    def store(self, content: bytes, name: str, media_type: str) -> File:
        """Take a file."""
        identity = f"F{self.number():010d}"
        file = File(identity, f"files/{identity}", name, media_type, content)
        self.files[identity] = file
        return file

    def chat_of(self, bot: int, chat_id: int) -> Chat | None:
        """The chat that a bot means by an id, if it can see it."""
        return self.chats.get((bot, chat_id)) or self.chats.get((0, chat_id))
