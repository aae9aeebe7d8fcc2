"""Where a workload's backup lies: how its pieces come there and back, and when they count."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from agent.core.backup import Archive, Folder, Manifest, Part, Piece, is_piece
from agent.core.errors import InvalidRequest
from agent.host.streams import Place as Seen
from agent.host.streams import Streams
from agent.host.zfs import receive_argv, send_argv

MANIFEST = "manifest.json"
PART = ".part"
"""Behind the name of a file that is not whole."""
UNKNOWN = sys.maxsize
"""The room of a place that does not tell."""

Moved = Callable[[int], None]
"""Is told how many bytes of a stream were moved."""


@dataclass(frozen=True)
class Sending:
    """A stream that is to become a piece.

    Attributes:
        part: of the workload.
        dataset: of that part, here.
        snapshot: its name.
        guid: by which ZFS knows the snapshot.
        base: the snapshot that the place has already; empty where it is to be a whole one.
    """

    part: Part
    dataset: str
    snapshot: str
    guid: str
    base: str

    @property
    def argv(self) -> list[str]:
        """What prints it."""
        return send_argv(f"{self.dataset}@{self.snapshot}", self.base or None)

    def piece(self, size: int, *, sha256: str = "", file: str = "", offset: int = 0) -> Piece:
        """The piece that it has become."""
        return Piece.model_validate(
            {
                "part": self.part,
                "snapshot": self.snapshot,
                "guid": self.guid,
                "base": self.base,
                "file": file,
                "offset": offset,
                "size": size,
                "sha256": sha256,
            }
        )


class Depot(Protocol):
    """The backup of one workload in one place. All of it may be done twice."""

    @property
    def increments(self) -> bool:
        """Whether the next backup needs the snapshot of this one."""
        ...

    def look(self) -> int:
        """How many bytes have room there.

        Raises:
            InvalidRequest: nothing can be put there, with the reason.
            HostFailure: it cannot be reached.
        """
        ...

    def manifest(self) -> Manifest | None:
        """The newest whole backup there; None where there is none.

        Raises:
            InvalidRequest: what is there is no backup, or damaged.
        """
        ...

    def has(self, pieces: tuple[Piece, ...]) -> bool:
        """Whether these pieces are there, as far as that can be told without reading them."""
        ...

    def send(self, sending: Sending, before: tuple[Piece, ...], moved: Moved) -> Piece:
        """Bring a stream there; of an interrupted one, what is missing.

        Args:
            sending: the stream.
            before: what this backup has brought there already.
            moved: told how far it is.
        """
        ...

    def keep(self, manifest: Manifest) -> None:
        """Make the pieces count, in one step; then give up those that are not in it."""
        ...

    def drop(self, snapshot: str) -> None:
        """Take away what a backup of this snapshot has brought there and was not kept."""
        ...

    def verify(self, manifest: Manifest, moved: Moved) -> None:
        """See that every piece is there, and is what was sent.

        Raises:
            InvalidRequest: naming the piece that is not.
        """
        ...

    def fetch(self, piece: Piece, dataset: str, moved: Moved) -> None:
        """Receive a piece into a data set here, which has what it is based on."""
        ...


class FolderDepot:
    """A folder: a file for each piece, and the manifest beside them. See :class:`Depot`.

    Args:
        streams: of the node.
        pool: the one that the backup is of.
        place: where the folders of all workloads are.
        name: of the workload.
    """

    increments = True

    def __init__(self, streams: Streams, pool: str, place: Folder, name: str) -> None:
        self._streams = streams
        self._pool = pool
        self._place = place
        self._folder = f"{place.path}/{name}"

    def look(self) -> int:
        """See :meth:`Depot.look`."""
        seen = self._streams.look(self._place.path)
        if seen.kind != "folder":
            raise _unfit(
                self._place.path, "There is no such folder." if not seen.kind else "It is no folder."
            )
        return usable(seen, self._pool)

    def manifest(self) -> Manifest | None:
        """See :meth:`Depot.manifest`."""
        text = self._streams.text(f"{self._folder}/{MANIFEST}")
        return None if text is None else Manifest.read(text, self._folder)

    def has(self, pieces: tuple[Piece, ...]) -> bool:
        """See :meth:`Depot.has`."""
        return self._sizes(pieces) == [piece.size for piece in pieces]

    def send(self, sending: Sending, before: tuple[Piece, ...], moved: Moved) -> Piece:  # noqa: ARG002
        """See :meth:`Depot.send`: a file has its name once it is whole."""
        name = _file(sending.snapshot, sending.part)
        file = f"{self._folder}/{name}"
        self._streams.make(self._folder)
        (there,) = self._streams.sizes([file])
        if there < 0:
            written = self._streams.write(file + PART, 0, sending.argv, moved)
            self._streams.move(file + PART, file)
        else:
            written = self._streams.check(file, 0, there, moved)
        return sending.piece(written.size, sha256=written.sha256, file=name)

    def keep(self, manifest: Manifest) -> None:
        """See :meth:`Depot.keep`. What an interrupted backup left goes too; what is not ours stays."""
        self._streams.put(f"{self._folder}/{MANIFEST}", manifest.model_dump_json(indent=1))
        needed = {piece.file for piece in manifest.pieces}
        there = [name for name in self._streams.files(self._folder) if is_piece(name.removesuffix(PART))]
        self._streams.remove(*(f"{self._folder}/{name}" for name in there if name not in needed))

    def drop(self, snapshot: str) -> None:
        """See :meth:`Depot.drop`."""
        files = [f"{self._folder}/{_file(snapshot, part)}" for part in Part]
        self._streams.remove(*files, *(file + PART for file in files), self._folder)

    def verify(self, manifest: Manifest, moved: Moved) -> None:
        """See :meth:`Depot.verify`: all are looked at before the first is read."""
        for piece, size in zip(manifest.pieces, self._sizes(manifest.pieces), strict=True):
            if size != piece.size:
                missing = "is missing" if size < 0 else f"has {size:,} bytes instead of {piece.size:,}"
                raise _damaged(manifest.name, f"{self._folder}/{piece.file} {missing}.")
        _check(self._streams, manifest, lambda piece: f"{self._folder}/{piece.file}", moved)

    def fetch(self, piece: Piece, dataset: str, moved: Moved) -> None:
        """See :meth:`Depot.fetch`."""
        file = f"{self._folder}/{piece.file}"
        self._streams.feed(file, piece.offset, piece.size, receive_argv(dataset), moved)

    def _sizes(self, pieces: tuple[Piece, ...]) -> list[int]:
        return self._streams.sizes([f"{self._folder}/{piece.file}" for piece in pieces])


class ArchiveDepot:
    """One file: the pieces one after another, and the manifest at its end. See :class:`Depot`.

    Args:
        streams: of the node.
        pool: the one that the backup is of.
        place: the file.
    """

    increments = False

    def __init__(self, streams: Streams, pool: str, place: Archive) -> None:
        self._streams = streams
        self._pool = pool
        self._path = place.path

    def look(self) -> int:
        """See :meth:`Depot.look`."""
        seen = self._streams.look(self._path)
        if not seen.around:
            raise _unfit(self._path, "The folder that it would be in is not there.")
        if seen.kind not in {"", "file"}:
            raise _unfit(self._path, "There is something else of that name.")
        return usable(seen, self._pool)

    def manifest(self) -> Manifest | None:
        """See :meth:`Depot.manifest`."""
        text = self._streams.text(self._path)
        return None if text is None else Manifest.read(text, self._path)

    def has(self, pieces: tuple[Piece, ...]) -> bool:  # noqa: ARG002
        """See :meth:`Depot.has`: each backup is a file of its own."""
        return False

    def send(self, sending: Sending, before: tuple[Piece, ...], moved: Moved) -> Piece:
        """See :meth:`Depot.send`."""
        offset = _end(before)
        written = self._streams.write(self._path + PART, offset, sending.argv, moved)
        return sending.piece(written.size, sha256=written.sha256, offset=offset)

    def keep(self, manifest: Manifest) -> None:
        """See :meth:`Depot.keep`."""
        self._streams.seal(self._path + PART, _end(manifest.pieces), manifest.model_dump_json())
        self._streams.move(self._path + PART, self._path)

    def drop(self, snapshot: str) -> None:  # noqa: ARG002
        """See :meth:`Depot.drop`."""
        self._streams.remove(self._path + PART)

    def verify(self, manifest: Manifest, moved: Moved) -> None:
        """See :meth:`Depot.verify`."""
        _check(self._streams, manifest, lambda _: self._path, moved)

    def fetch(self, piece: Piece, dataset: str, moved: Moved) -> None:
        """See :meth:`Depot.fetch`."""
        self._streams.feed(self._path, piece.offset, piece.size, receive_argv(dataset), moved)


def usable(seen: Seen, pool: str) -> int:
    """The room where files of a backup can be made.

    Raises:
        InvalidRequest: none can, with the reason.
    """
    if seen.source == pool or seen.source.startswith(f"{pool}/"):
        raise _unfit(seen.path, f"It is in the pool {pool} itself, with which the backup would be lost.")
    if not seen.writable:
        raise _unfit(seen.path, "Nothing can be written there.")
    return seen.free


def found_in(streams: Streams, place: Folder) -> list[str]:
    """The names of the workloads that have a backup in a folder."""
    return streams.folders(place.path, MANIFEST)


def further(moved: Moved, begun: int) -> Moved:
    """Tells of bytes that are moved after so many others."""
    return lambda count: moved(begun + count)


def _file(snapshot: str, part: Part) -> str:
    return f"{snapshot}.{part}.zfs"


def _end(pieces: Iterable[Piece]) -> int:
    return sum(piece.size for piece in pieces)


def _check(streams: Streams, manifest: Manifest, file: Callable[[Piece], str], moved: Moved) -> None:
    done = 0
    for piece in manifest.pieces:
        told = further(moved, done)
        found = streams.check(file(piece), piece.offset, piece.size, told)
        if (found.size, found.sha256) != (piece.size, piece.sha256):
            raise _damaged(manifest.name, f"{piece.part} in {file(piece)} is not what was written there.")
        done += piece.size


def _unfit(path: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"{path[:200]} cannot take a backup.", why, "Mount the disk, or choose another place."
    )


def _damaged(name: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"The backup of {name} is damaged, so nothing was received.", why, "Use another one of it."
    )
