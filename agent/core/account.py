"""Who may speak to the product from a chat, and how far that goes."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.core.owner import Owner

CONSOLE = "console"
"""Who types commands on the machine itself, whomever they act for."""
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What pairing codes are made of: nothing that is taken for something else when it is read aloud or typed."""
CODE_LENGTH = 8

_PERSON = re.compile(r"tg:[1-9][0-9]{0,18}\Z")
_GROUP = re.compile(r"tg:-[1-9][0-9]{0,18}\Z")


class Role(StrEnum):
    """How far somebody may go; each includes the ones before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether who has this role may do what takes the other one."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True)
class Account:
    """A person or a group of a chat, as an admin knows it.

    Attributes:
        key: ``tg:`` and a person's number, or ``tg:-`` and a group's.
        name: what it calls itself; never trusted.
        role: how far a person may go; None for who may not speak any more, and for every group.
        shared: whether a group may own containers.
        changed_by: who changed it last.
        changed_at: when, in UTC.
    """

    key: str
    name: str
    role: Role | None
    shared: bool = False
    changed_by: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Pairing:
    """An unknown person who waits to be let in.

    Attributes:
        code: what they tell an admin.
        account: theirs.
        name: what they call themselves; never trusted.
        chat: where they asked.
        expires_at: until when the code can be used, in UTC.
    """

    code: str
    account: str
    name: str
    chat: int
    expires_at: datetime


def is_person(key: str) -> bool:
    """Whether a key is a person's in a chat."""
    return _PERSON.match(key) is not None


def is_group(key: str) -> bool:
    """Whether a key is a group's."""
    return _GROUP.match(key) is not None


def is_local(key: str) -> bool:
    """Whether a key is of somebody on the machine itself, who can do everything there anyway.

    Raises:
        InvalidName: it is nobody's key.
    """
    return not Owner(key).key.startswith("tg:")


def typed_code(text: str) -> str:
    """A pairing code as it was made, however a person typed it."""
    return re.sub(r"[\s-]", "", text).upper()
