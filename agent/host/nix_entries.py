"""The entries of nix's ``internal-json`` log, those that are looked at: ``@nix {…}``, one a line."""

from enum import IntEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

PREFIX = "@nix "
"""How an entry begins; every other line is text."""


class Level(IntEnum):
    """How much a message matters: those of higher numbers are for who mends nix."""

    ERROR = 0
    INFO = 3


class Activity(IntEnum):
    """Kinds of activities."""

    COPY_PATH = 100
    COPY_PATHS = 103
    BUILDS = 104
    BUILD = 105


class Outcome(IntEnum):
    """Kinds of results of activities."""

    LOG_LINE = 101
    PROGRESS = 105
    EXPECTED = 106


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True)


class Start(_Entry):
    """An activity begins.

    Attributes:
        id: its number.
        type: its kind, one of :class:`Activity` or another.
        level: how much it matters.
        text: what it is, for a person.
        fields: of a build, first the ``.drv`` file.
    """

    action: Literal["start"]
    id: int
    type: int
    level: int = 0
    text: str = ""
    fields: tuple[str | int, ...] = ()


class Stop(_Entry):
    """An activity has ended, well or not.

    Attributes:
        id: its number.
    """

    action: Literal["stop"]
    id: int


class Result(_Entry):
    """Something that an activity has to tell.

    Attributes:
        id: the number of the activity.
        type: its kind, one of :class:`Outcome` or another.
        fields: by kind: a line of a builder's; how much is done and of how much; what else is expected.
    """

    action: Literal["result"]
    id: int
    type: int
    fields: tuple[str | int, ...] = ()


class Message(_Entry):
    """A sentence.

    Attributes:
        level: how much it matters.
        msg: all of it, with the trace of an error.
        raw_msg: of an error, what is wrong; a daemon leaves it out.
        file: of an error, file, line and column that it is about.
    """

    action: Literal["msg"]
    level: int
    msg: str
    raw_msg: str = ""
    file: str | None = None


Entry = Start | Stop | Result | Message
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="action")])


def entry_of(line: str) -> Entry | None:
    """The entry of a line that begins with :data:`PREFIX`; None for one that only a later nix knows."""
    try:
        return _ENTRY.validate_json(line.removeprefix(PREFIX))
    except ValidationError:
        return None
