"""The scripted person on the other side of a bot."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.telegram.texts import Json
from tests.telegram.wires import Wire

PATIENCE = 15.0
"""Seconds that a person waits. Only a test that fails waits for so long."""

SLICE = 1.0
"""Seconds after which a person who waits asks again."""


@dataclass(frozen=True)
class Seen:
    """A message as a person saw it last.

    Attributes:
        id: its number in the chat.
        sender: the name of who wrote it.
        by_bot: whether a bot wrote it.
        text: what it says, or what stands under its file.
        entities: of that text.
        buttons: the labels of its inline keyboard, by row.
        thread: the topic that it is in.
        reply_to: number of the message that it answers, or 0.
        edits: how often it was changed.
        reactions: emoji below it.
        json: all of it, as in the Bot API.
    """

    id: int
    sender: str
    by_bot: bool
    text: str
    entities: list[Json]
    buttons: list[list[str]]
    thread: int | None
    reply_to: int
    edits: int
    reactions: list[str]
    json: Json


def seen(message: Json) -> Seen:
    """Read a message."""
    rows: list[list[Json]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return Seen(
        id=message["message_id"],
        sender=message["from"]["first_name"],
        by_bot=message["from"]["is_bot"],
        text=message.get("text", message.get("caption", "")),
        entities=message.get("entities", message.get("caption_entities", [])),
        buttons=[[button["text"] for button in row] for row in rows],
        thread=message.get("message_thread_id"),
        reply_to=message.get("reply_to_message", {}).get("message_id", 0),
        edits=message["edits"],
        reactions=[one["emoji"] for one in message.get("reactions", [])],
        json=message,
    )


Wanted = str | Callable[[Seen], bool]
"""Which message is waited for: one that contains these words, or one of which this holds."""


@dataclass(frozen=True)
class Account:
    """A bot's account: what its owner got from BotFather."""

    id: int
    name: str
    username: str
    token: str = ""


@dataclass(frozen=True)
class Group:
    """A group; with topics it is a forum."""

    id: int
    topics: list[int]


@dataclass(frozen=True)
class Tap:
    """A tap on a button; without an id the button only opened something."""

    id: str
    bot: int


@dataclass(frozen=True)
class Person:
    """Somebody with a Telegram account."""

    wire: Wire
    id: int
    name: str

    def opens(self, bot: Account) -> "Talk":
        """Go to the private chat with a bot; it may not write there before the person did."""
        self.wire.call("enter", {"person": self.id, "chat": bot.id})
        return Talk(self.wire, self, bot.id)

    def enters(self, group: Group, thread: int | None = None, status: str = "") -> "Talk":
        """Go to a group, or to a topic of it; who is not in it joins, maybe as `administrator`."""
        self.wire.call("enter", {"person": self.id, "chat": group.id, "status": status})
        return Talk(self.wire, self, group.id, thread)


@dataclass(eq=False)
class Talk:
    """A person in a chat.

    Attributes:
        person: who they are.
        place: the chat as the person sees it: a bot's id, or that of a group.
        thread: the topic that they are in.
        heard: number of the last message that was waited for.
    """

    wire: Wire
    person: Person
    place: int
    thread: int | None = None
    heard: int = 0
    _version: int = 0
    _messages: dict[int, Seen] = field(default_factory=dict[int, Seen])
    _now: Json = field(default_factory=dict[str, Any])

    @property
    def id(self) -> int:
        """The chat's id for the bot."""
        return self.person.id if self.place > 0 else self.place

    def here(self, thread: int | None) -> "Talk":
        """The same person in another topic."""
        return Talk(self.wire, self.person, self.place, thread)

    def opens_topic(self, name: str) -> "Talk":
        """Open a topic and go there."""
        return self.here(self._does("topic", name=name))

    def says(self, text: str, reply_to: Seen | None = None) -> Seen:
        """Write a message."""
        return seen(self._does("say", text=text, reply_to=reply_to.id if reply_to else 0))

    def edits(self, message: Seen, text: str) -> Seen:
        """Change a message of one's own."""
        return seen(self._does("edit", message=message.id, text=text))

    def sends_document(self, content: bytes, name: str, caption: str = "", media_type: str = "") -> Seen:
        """Send a file."""
        return self._uploads("document", content, caption, name=name, media_type=media_type)

    def sends_photo(self, content: bytes, caption: str = "") -> Seen:
        """Send a photo."""
        return self._uploads("photo", content, caption)

    def sends_voice(self, content: bytes, seconds: int = 1) -> Seen:
        """Speak."""
        return self._uploads("voice", content, "", seconds=seconds)

    def sends(self, content: Json) -> Seen:
        """Send a message with any content of the Bot API, right or wrong."""
        return seen(self._does("send", content=content))

    def taps(self, label: str, message: Seen | None = None) -> Tap:
        """Tap a button: of a message, or of the latest one that has it."""
        self.refresh()
        for shown in [message] if message else reversed(self.messages):
            for row, labels in enumerate(shown.buttons):
                if label in labels:
                    where = {"message": shown.id, "row": row, "column": labels.index(label)}
                    return Tap(self._does("tap", **where)["id"], shown.json["from"]["id"])
        raise AssertionError(f"no button “{label}” in: {self.screen()}")

    def forges(self, message: Seen, data: str) -> Tap:
        """Tap with data that no button has, as a modified app can."""
        return Tap(self._does("forge", message=message.id, data=data)["id"], message.json["from"]["id"])

    def reacts(self, message: Seen, emoji: str) -> None:
        """React to a message; no emoji takes the reaction back."""
        self._does("react", message=message.id, emoji=emoji)

    def blocks(self) -> None:
        """Block the bot of a private chat."""
        self._does("block", blocked=True)

    def unblocks(self) -> None:
        """Let it write again."""
        self._does("block", blocked=False)

    def invites(self, bot: Account) -> None:
        """Take a bot into the group."""
        self._does("invite", bot=bot.id)

    def expels(self, bot: Account) -> None:
        """Put a bot out of the group."""
        self._does("expel", bot=bot.id)

    def menu(self, bot: Account | None = None) -> list[Json]:
        """The commands that are offered here."""
        return self._does("menu", bot=bot.id if bot else 0)

    def downloads(self, message: Seen) -> bytes:
        """The file of a message."""
        json = message.json
        file: Json = json.get("document") or json.get("voice") or json["photo"][-1]
        found = self.wire.call("file", {"id": file["file_id"]})
        return base64.b64decode(found["content"])

    async def hears(self, wanted: Wanted, within: float = PATIENCE) -> Seen:
        """Wait for a new message of a bot; those before it count as heard too."""
        found = await self._waits(wanted, within, after=self.heard)
        self.heard = found.id
        return found

    async def sees(self, wanted: Wanted, within: float = PATIENCE) -> Seen:
        """Wait until a message of a bot looks so, be it new or an edited one."""
        return await self._waits(wanted, within, after=0)

    async def reads(self, words: str, within: float = PATIENCE) -> str:
        """Wait until a bot's draft contains words; returns the draft."""
        found = [""]

        def fits() -> bool:
            found[:] = [draft for draft in self.drafts if words in draft]
            return bool(found)

        await self._until(fits, within)
        return found[0]

    async def gone(self, message: Seen, within: float = PATIENCE) -> None:
        """Wait until a message is not shown any more."""
        await self._until(lambda: message.id not in self._messages, within)

    async def sees_action(self, name: str = "typing", within: float = PATIENCE) -> None:
        """Wait until a bot says that it is doing something."""
        await self._until(lambda: self.action == name, within)

    async def answered(self, tap: Tap, within: float = PATIENCE) -> Json:
        """Wait for the answer to a tap."""
        answer = await self.wire.wait("answer", {"bot": tap.bot, "tap": tap.id, "wait": within})
        assert answer is not None, f"{self.person.name} tapped, and waited {within} s for an answer"
        return answer

    def refresh(self) -> None:
        """Look at the chat."""
        self._take(self._does("look", since=self._version))

    def screen(self) -> list[tuple[str, str]]:
        """Who says what in the chat now."""
        self.refresh()
        return [(message.sender, message.text) for message in self.messages]

    @property
    def messages(self) -> list[Seen]:
        """What the topic showed at the last look, in order."""
        return [one for _, one in sorted(self._messages.items()) if one.thread == self.thread]

    @property
    def drafts(self) -> list[str]:
        """What bots were writing here at the last look."""
        return [one.get("text", "") for one in self._now.get("drafts", []) if one["thread"] == self.thread]

    @property
    def action(self) -> str:
        """What a bot was doing here at the last look: `typing` maybe, or nothing."""
        action: Json = self._now.get("action") or {}
        return action["name"] if action.get("thread") == self.thread and action else ""

    def _here(self) -> dict[str, object]:
        return {"person": self.person.id, "chat": self.place, "thread": self.thread}

    def _does(self, verb: str, **more: object) -> Any:  # noqa: ANN401 - JSON
        return self.wire.call(verb, self._here() | more)

    def _uploads(self, kind: str, content: bytes, caption: str, **about: object) -> Seen:
        file = about | {"content": base64.b64encode(content).decode()}
        return seen(self._does("upload", kind=kind, file=file, caption=caption))

    def _take(self, news: Json) -> None:
        self._now, self._version = news, news["version"]
        self._messages |= {one.id: one for one in map(seen, news["messages"])}
        for number in news["deleted"]:
            self._messages.pop(number, None)

    async def _waits(self, wanted: Wanted, within: float, after: int) -> Seen:
        found: list[Seen] = []

        def fits() -> bool:
            for one in self.messages:
                words = wanted in one.text if isinstance(wanted, str) else wanted(one)
                if one.by_bot and one.id > after and words:
                    found.append(one)
                    return True
            return False

        await self._until(fits, within)
        return found[0]

    async def _until(self, fits: Callable[[], bool], within: float) -> None:
        end = time.monotonic() + within
        self.refresh()
        while not fits():
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{self.person.name} waited {within} s; the chat shows {self.screen()}")
            params = self._here() | {"since": self._version, "wait": min(left, SLICE)}
            self._take(await self.wire.wait("look", params))
