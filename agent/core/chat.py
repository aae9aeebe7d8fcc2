"""Chats: what came in, what went out, and what can be tapped on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Action = Mapping[str, str | int]
"""What a button does: ``do`` names it, the rest says with what."""


@dataclass(frozen=True)
class Incoming:
    """One thing that came in.

    Attributes:
        source: from where, such as ``tg:12345`` for one bot.
        number: of the source, growing.
        lane: what is handled in order, such as one chat; lanes do not wait for each other.
        payload: as it came, in JSON.
        received_at: in UTC.
    """

    source: str
    number: int
    lane: str
    payload: str
    received_at: datetime

    @property
    def key(self) -> str:
        """The one name of it, such as ``tg:12345:678``."""
        return f"{self.source}:{self.number}"


@dataclass(frozen=True)
class Delivery:
    """A message that was sent.

    Attributes:
        key: what it is, such as ``operation:17``.
        chat: where it is.
        message: its id there.
    """

    key: str
    chat: int
    message: int


@dataclass(frozen=True)
class Button:
    """Something to tap on.

    Attributes:
        id: what the chat sends back.
        account: who may tap it; empty where that is decided by what it does.
        chat: where it is.
        action: what it does.
        expires_at: until when, in UTC.
        used_at: when it was tapped, where it can be only once.
    """

    id: str
    account: str
    chat: int
    action: Action
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True)
class ChannelHealth:
    """How a channel is.

    Attributes:
        seen_at: when it was last heard of, in UTC.
        problem: what is wrong with it, one sentence; empty where nothing is.
    """

    seen_at: datetime
    problem: str
