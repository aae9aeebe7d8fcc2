"""A backup: where it can lie, what it is made of, and what is needed to have all of it back."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.core.errors import InvalidRequest
from agent.core.printable import one_line
from agent.core.storage import Schedule
from agent.core.workload import Generation

LONGEST_PLACE = 1000
_FORBIDDEN = ("/proc", "/sys", "/dev", "/var/lib/machines", "/var/lib/voxnix")
"""Folders of a node in which no backup lies: it would be on no disk, or be lost with what it is of."""
# Neither for ssh nor for a shell nor for zfs there is anything in it but names.
_REMOTE = re.compile(
    r"ssh://([A-Za-z0-9_][A-Za-z0-9_.-]{0,31})@"
    r"(?:\[([0-9A-Fa-f:]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?))"
    r"(?::([0-9]{1,5}))?"
    r"/([A-Za-z][A-Za-z0-9_.:-]*(?:/[A-Za-z0-9][A-Za-z0-9_.:-]*)*)/?\Z"
)

_FILE = r"voxnix-backup-[0-9TZ]{16}-[a-z0-9]{1,40}\.[a-z]+\.zfs"

Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Guid = Annotated[str, Field(pattern=r"^[0-9a-f]{1,20}$")]
Snapshot = Annotated[str, Field(pattern=r"^voxnix-backup-[0-9TZ]{16}-[a-z0-9]{1,40}$")]


class Part(StrEnum):
    """A data set of a workload that a backup has."""

    ROOT = "root"
    WORKSPACE = "workspace"


class Piece(BaseModel):
    """A stream: a part of a workload as it was at one snapshot, or what became different until then.

    Attributes:
        part: which data set.
        snapshot: its name.
        guid: by which ZFS knows the snapshot, here and there.
        base: the snapshot that has to be there before; empty where it is a whole one.
        file: in which it is, beside the manifest; empty where the place has data sets.
        offset: where in the file it begins.
        size: how many bytes it has.
        sha256: of them; empty where the place has data sets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Part
    snapshot: Snapshot
    guid: Guid
    base: Snapshot | Literal[""] = ""
    file: Annotated[str, Field(pattern=f"^({_FILE})?$")] = ""
    offset: Annotated[int, Field(ge=0)] = 0
    size: Annotated[int, Field(ge=0)]
    sha256: Digest = ""


class Manifest(BaseModel):
    """What makes files a backup. It is written last, so what an interrupted backup left is none.

    Attributes:
        version: of this form.
        id: of the backups of one workload in one place: label of the snapshots that they need.
        owner: whose workload it is.
        generation: what the workload is made of.
        builder: what makes the node's containers: their roots are alike only for the same one.
        uid_base: first user id of its files; 0 where they have those that they have inside.
        quota: of the workload, in bytes; 0 for the setting.
        reservation: of the workload, in bytes.
        schedule: which snapshots of it are taken by themselves.
        made_at: when the workload was made, in UTC: it tells two of one name apart.
        taken_at: when the newest snapshot was taken, in UTC.
        pieces: of both parts; each part begins with a whole one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,40}$")]
    owner: str
    generation: Generation
    builder: str
    uid_base: Annotated[int, Field(ge=0)]
    quota: Annotated[int, Field(ge=0)] = 0
    reservation: Annotated[int, Field(ge=0)] = 0
    schedule: Schedule = Schedule()
    made_at: datetime
    taken_at: datetime
    pieces: tuple[Piece, ...]

    @property
    def name(self) -> str:
        """What the workload was called."""
        return self.generation.spec.name

    @property
    def size(self) -> int:
        """Bytes of all pieces."""
        return sum(piece.size for piece in self.pieces)

    @classmethod
    def read(cls, text: str, where: str) -> "Manifest":
        """The manifest that was written like this, with whole chains.

        Args:
            text: what was written.
            where: for the message.

        Raises:
            InvalidRequest: it is none.
        """
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidRequest(
                f"What is in {where} is not a backup of Voxnix, or damaged.",
                one_line(f"Its manifest is wrong: {'.'.join(map(str, first['loc']))} {first['msg']}")[:300],
                "Look with `voxnix backups PLACE` for what there is.",
            ) from None
        if len({found.newest(part).snapshot for part in Part}) != 1:
            raise _broken(found.name, "Its parts are not of the same moment.")
        return found

    def chain(self, part: Part) -> tuple[Piece, ...]:
        """What has to be received to have a part back, a whole stream first.

        Raises:
            InvalidRequest: a piece is missing.
        """
        known = {piece.snapshot: piece for piece in self.pieces if piece.part is part}
        if not known:
            raise _broken(self.name, f"{part} is not in it.")
        found = [known[max(known)]]  # their names begin alike, and go on with the time
        while found[0].base:
            before = known.get(found[0].base)
            if before is None or before in found:
                raise _broken(
                    self.name, f"{found[0].file or part} needs {found[0].base}, which is not in it."
                )
            found.insert(0, before)
        return tuple(found)

    def newest(self, part: Part) -> Piece:
        """The last piece of a part."""
        return self.chain(part)[-1]


@dataclass(frozen=True)
class Folder:
    """A place: a folder of the node, with a folder for each workload in it.

    Attributes:
        path: an absolute one.
    """

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class Archive:
    """A place: one file of the node, with one whole backup in it.

    Attributes:
        path: an absolute one, that ends in ``.zfs``.
    """

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class Remote:
    """A place: a data set on another machine, below which each workload has one.

    Attributes:
        user: who is logged in as there.
        host: the machine.
        port: None for what the admin's settings of ssh say.
        dataset: there.
    """

    user: str
    host: str
    port: int | None
    dataset: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"ssh://{self.user}@{host}{port}/{self.dataset}"


Place = Folder | Archive | Remote


def is_piece(name: str) -> bool:
    """Whether a file is called like one in which there is a piece."""
    return re.fullmatch(_FILE, name) is not None


def parsed_place(text: str) -> Place:
    """Where a backup is to lie.

    Raises:
        InvalidRequest: it is no such place, or one where no backup may lie.
    """
    if not text or len(text) > LONGEST_PLACE or not text.isprintable():
        raise _no_place(text, "It is empty, too long, or has characters that are no letters.")
    if text.startswith("ssh://"):
        return _remote(text)
    path = text.rstrip("/")
    if not path.startswith("/") or any(word in {"", ".", ".."} for word in path[1:].split("/")):
        raise _no_place(text, "A folder is named in full, from / on, without . and .. in it.")
    if any(f"{path}/".startswith(f"{folder}/") for folder in _FORBIDDEN):
        raise _no_place(text, "What is there is no disk, or would be lost with what it is a backup of.")
    return Archive(path) if path.endswith(".zfs") else Folder(path)


def _remote(text: str) -> Remote:
    found = _REMOTE.match(text)
    if found is None:
        raise _no_place(text, "It takes a user, a machine and a data set; and no password, as ssh uses keys.")
    user, address, host, port, dataset = found.groups()
    return Remote(user, address or host, int(port) if port else None, dataset)


def _no_place(text: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"{text[:80]!r} is no place for a backup.",
        why,
        "A place is a folder such as /mnt/usb, a file such as /mnt/usb/dev.zfs,"
        " or ssh://USER@HOST/POOL/DATASET.",
    )


def _broken(name: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"The backup of {name[:40]} is not whole.", why, "Use another one, or back it up anew elsewhere."
    )
