"""Who asks."""

import re
from dataclasses import dataclass

from agent.core.errors import InvalidName

OWNER_RULE = "1 to 64 lower-case letters, digits and . _ : - , beginning with a letter or a digit"
_OWNER = re.compile(r"[a-z0-9][a-z0-9._:-]{0,63}\Z")

UID_RANGE = 65_536
"""How many user ids a container has: what systemd-nspawn gives each one."""
FIRST_UID = 524_288
"""Where systemd's range for containers begins (systemd: docs/UIDS-GIDS.md)."""
LAST_UID = 1_879_048_191
"""Where systemd's range for containers ends."""


@dataclass(frozen=True)
class Owner:
    """A person or a group that owns workloads.

    Attributes:
        key: a stable name, such as ``admin`` on the console or ``tg:1234`` in a chat.
    """

    key: str

    def __post_init__(self) -> None:
        if not _OWNER.match(self.key):
            raise InvalidName(
                f"{self.key[:80]!r} cannot be an owner.", f"An owner is {OWNER_RULE}.", "Choose another name."
            )

    def __str__(self) -> str:
        return self.key


def uid_base(number: int) -> int:
    """The first user id on the node of an owner's containers.

    Each owner has one range of their own: what breaks out of a container of one person has no rights
    over the files of another, nor over the host's.

    Args:
        number: the owner's number in the database, from 1.

    Raises:
        InvalidName: more owners than there are ranges.
    """
    base = FIRST_UID + (number - 1) * UID_RANGE
    if number < 1 or base + UID_RANGE - 1 > LAST_UID:
        raise InvalidName(f"There is no range of user ids for owner number {number}.")
    return base
