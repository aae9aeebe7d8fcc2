"""A backup on another machine: data sets there, which take the streams in, and the manifest as a property."""

import base64
import hashlib
import logging
import signal
import time
import zlib
from contextlib import suppress
from functools import cached_property

from agent.core.backup import Manifest, Part, Piece, Remote
from agent.core.errors import CommandFailed, HostFailure, InvalidRequest
from agent.host import zfs_streams
from agent.host.beyond import Beyond
from agent.host.presence import Presence
from agent.host.streams import Streams
from agent.host.zfs import Zfs, receive_argv, send_argv
from agent.host.zfs_capabilities import Capabilities, capabilities
from agent.host.zfs_commands import Commands, number
from agent.services.depots import Moved, Sending

log = logging.getLogger(__name__)

OURS = "voxnix:backup"
"""Property of a data set that was made for a backup."""
POINTER = "voxnix:manifest"
"""Property that says where the manifest is: in which slot, how many pieces of text it has, their digest."""
SLOTS = ("a", "b")
TEXT = 1000
"""Characters of a property: ZFS of 2011 takes 1,024."""
OLD = "-old"
"""Behind the name of a data set: the one that a whole stream is about to replace."""
TRIES = 3
"""How often a stream is begun that comes no further."""
PAUSE = 2.0
"""Seconds before it is begun again."""


class RemoteDepot:
    """A data set on another machine, with one for each part. See :class:`agent.services.depots.Depot`.

    Args:
        streams: of this node.
        zfs: of this node.
        place: above the data sets of all workloads.
        name: of the workload.
    """

    increments = True

    def __init__(self, streams: Streams, zfs: Zfs, place: Remote, name: str) -> None:
        self._streams = streams
        self._zfs = zfs
        self._place = place
        self._beyond = Beyond(streams, place.user, place.host, place.port)
        self._remote = Commands(self._beyond)
        self._above = f"{place.dataset}/{name}"

    @cached_property
    def _can(self) -> Capabilities:
        return capabilities(self._remote)

    @cached_property
    def _resumes(self) -> bool:
        """Whether both ends can go on with a stream where it broke off."""
        return self._zfs.capabilities.resume and self._can.resume

    def look(self) -> int:
        """See :meth:`agent.services.depots.Depot.look`."""
        if not self._there(self._place.dataset):
            raise InvalidRequest(
                f"There is no data set {self._place.dataset} on {self._place.host}.",
                hint=f"Make it there: zfs create -o mountpoint=none {self._place.dataset}",
            )
        return number(self._remote.get(self._place.dataset, "available")["available"])

    def manifest(self) -> Manifest | None:
        """See :meth:`agent.services.depots.Depot.manifest`."""
        if not self._there(self._above):
            return None
        values = self._remote.get(self._above, OURS, POINTER)
        if values[OURS] != "yes":
            raise InvalidRequest(
                f"{self._above} on {self._place.host} was not made for a backup.",
                hint="Choose another data set, or rename that one.",
            )
        if values[POINTER] == "-":
            return None
        return Manifest.read(self._text(values[POINTER]), f"{self._above} on {self._place.host}")

    def has(self, pieces: tuple[Piece, ...]) -> bool:
        """See :meth:`agent.services.depots.Depot.has`."""
        return all(self._presence(piece) == "" for piece in pieces)

    def send(self, sending: Sending, before: tuple[Piece, ...], moved: Moved) -> Piece:  # noqa: ARG002
        """See :meth:`agent.services.depots.Depot.send`: there, each snapshot is a whole one."""
        dataset = f"{self._above}/{sending.part}"
        if not self._there(self._above):
            properties = ("mountpoint=none", f"{OURS}=yes")
            self._remote.run("zfs", "create", *(w for one in properties for w in ("-o", one)), self._above)
        size = 0
        if not self._there(f"{dataset}@{sending.snapshot}"):
            self._make_way(dataset, sending)
            size = self._sent(dataset, sending, moved)
        return sending.piece(size).model_copy(update={"base": ""})

    def keep(self, manifest: Manifest) -> None:
        """See :meth:`agent.services.depots.Depot.keep`: the pointer is changed last, to the other slot."""
        pointer = self._remote.get(self._above, POINTER)[POINTER]
        slot = SLOTS[pointer.startswith(SLOTS[0])]
        packed = zlib.compress(manifest.model_dump_json().encode(), 9)
        text = base64.urlsafe_b64encode(packed).decode()
        pieces = [text[begin : begin + TEXT] for begin in range(0, len(text), TEXT)]
        for place, piece in enumerate(pieces):
            self._set(f"voxnix:{slot}-{place}", piece)
        self._set(POINTER, f"{slot}:{len(pieces)}:{hashlib.sha256(text.encode()).hexdigest()}")
        for part in Part:
            dataset = f"{self._above}/{part}"
            if self._there(dataset + OLD):
                self._remote.released("zfs", "destroy", "-r", dataset + OLD)
            for old in self._snapshots(dataset):
                if old != manifest.newest(part).snapshot:
                    self._remote.released("zfs", "destroy", f"{dataset}@{old}")

    def drop(self, snapshot: str) -> None:
        """See :meth:`agent.services.depots.Depot.drop`."""
        if not self._there(self._above):
            return
        for part in Part:
            dataset = f"{self._above}/{part}"
            if self._token(dataset):
                self._remote.run("zfs", "receive", "-A", dataset)
            elif self._there(f"{dataset}@{snapshot}"):
                self._remote.released("zfs", "destroy", f"{dataset}@{snapshot}")
            if self._there(dataset) and (self._there(dataset + OLD) or not self._snapshots(dataset)):
                self._remote.released("zfs", "destroy", "-r", dataset)
            if self._there(dataset + OLD):
                self._remote.released("zfs", "rename", dataset + OLD, dataset)
        if self._remote.get(self._above, POINTER)[POINTER] == "-":
            with suppress(CommandFailed):  # there is something else in it
                self._remote.released("zfs", "destroy", self._above)

    def verify(self, manifest: Manifest, moved: Moved) -> None:  # noqa: ARG002
        """See :meth:`agent.services.depots.Depot.verify`: ZFS has checked the streams when they came."""
        for part in Part:
            if wrong := self._presence(manifest.newest(part)):
                raise InvalidRequest(
                    f"The backup of {manifest.name} is damaged, so nothing was received.",
                    f"On {self._place.host}, {wrong}.",
                    "Use another backup of it.",
                )

    def fetch(self, piece: Piece, dataset: str, moved: Moved) -> None:
        """See :meth:`agent.services.depots.Depot.fetch`."""
        source = send_argv(f"{self._above}/{piece.part}@{piece.snapshot}")
        self._streams.join(self._beyond.argv(source), receive_argv(dataset), moved)

    def inside(self) -> bool:
        """Whether the place is itself a data set of ours, for one workload."""
        return self._remote.get(self._place.dataset, OURS)[OURS] == "yes"

    def names(self) -> list[str]:
        """The names of all that have a data set of ours below the place."""
        below = f"{self._place.dataset}/"
        argv = ("zfs", "list", "-H", "-o", "name", "-t", "filesystem", "-r", self._place.dataset)
        found = self._remote.run(*argv).stdout.splitlines()
        names = [one.removeprefix(below) for one in found if one.startswith(below)]
        return [
            name
            for name in names
            if "/" not in name and self._remote.get(f"{below}{name}", OURS)[OURS] == "yes"
        ]

    def _sent(self, dataset: str, sending: Sending, moved: Moved) -> int:
        """Send a stream until it is there, again where it comes further; how many bytes that were."""
        resumable, last, failures, counted = self._resumes, "", 0, _Counted(moved)
        while True:
            token = self._token(dataset) or ""
            failures, last = (failures if token == last else 0), token
            source = send_argv("", token=token) if token else sending.argv
            counted = _Counted(moved, counted.done if token else 0)
            sink = self._beyond.argv(receive_argv(dataset, resumable=resumable))
            try:
                return counted.begun + self._streams.join(source, sink, counted)
            except CommandFailed as failure:
                failures += 1
                if failure.returncode == -signal.SIGKILL or failures >= TRIES:  # somebody ended it
                    raise
                log.warning("the stream to %s broke off: %s", dataset, failure)
            if token and failures == TRIES - 1:  # what it would be the rest of is here no more
                self._remote.run("zfs", "receive", "-A", dataset)
            time.sleep(PAUSE)

    def _make_way(self, dataset: str, sending: Sending) -> None:
        """Have a data set there that takes the stream: none for a whole one, or one that ends at its base."""
        if sending.base:  # for ZFS of 2011 writes an increment elsewhere where its base is not there
            zfs_streams.check_base(self._remote, dataset, sending.base)
        if not self._there(dataset) or self._token(dataset):  # of this stream, or it is given up
            return
        if sending.base:
            snapshots = self._snapshots(dataset)
            for newer in snapshots[snapshots.index(sending.base) + 1 :]:
                self._remote.released("zfs", "destroy", f"{dataset}@{newer}")
        elif self._there(dataset + OLD):  # what an unfinished backup has brought
            self._remote.released("zfs", "destroy", "-r", dataset)
        else:
            self._remote.released("zfs", "rename", dataset, dataset + OLD)

    def _presence(self, piece: Piece) -> str:
        """What is wrong with a piece; empty where it is there."""
        snapshot = f"{self._above}/{piece.part}@{piece.snapshot}"
        if not self._there(snapshot):
            return f"{snapshot} is missing"
        same = self._remote.get(snapshot, "guid")["guid"] == piece.guid
        return "" if same else f"{snapshot} is another one"

    def _snapshots(self, dataset: str) -> list[str]:
        """The snapshots of a data set, oldest first, by the time in their names."""
        argv = ("zfs", "list", "-H", "-o", "name", "-t", "snapshot", "-r", dataset)
        found = [line.partition("@") for line in self._remote.run(*argv).stdout.splitlines()]
        return sorted(name for of, _, name in found if of == dataset)

    def _text(self, pointer: str) -> str:
        slot, _, rest = pointer.partition(":")
        count, _, digest = rest.partition(":")
        if not count.isdecimal() or not 0 < int(count) <= TEXT:
            return ""
        names = [f"voxnix:{slot}-{place}" for place in range(int(count))]
        values = self._remote.get(self._above, *names)
        text = "".join(values[name] for name in names)
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            return ""
        return zlib.decompress(base64.urlsafe_b64decode(text)).decode()

    def _token(self, dataset: str) -> str | None:
        """Where a stream into a data set broke off; None where none did."""
        if not self._resumes or not self._there(dataset):
            return None
        return zfs_streams.resume_token(self._remote, self._can, dataset)

    def _set(self, name: str, value: str) -> None:
        self._remote.run("zfs", "set", f"{name}={value}", self._above)

    def _there(self, name: str) -> bool:
        presence = self._remote.presence(name)
        if presence is Presence.UNKNOWN:
            self._remote.run("zfs", "list", "-H", "-o", "name")  # says what is wrong with it
            raise HostFailure(
                f"Whether {name} is on {self._place.host} is unknown.",
                f"Its pool {name.partition('/')[0]} is not there.",
                "Look whether it is imported, and how it is called.",
            )
        return presence is Presence.PRESENT


class _Counted:
    """Tells of the bytes of a stream that follow others.

    Args:
        moved: is told of all.
        begun: how many there were before.
    """

    def __init__(self, moved: Moved, begun: int = 0) -> None:
        self._moved = moved
        self.begun = self.done = begun

    def __call__(self, count: int) -> None:
        """So many of this stream were moved."""
        self.done = self.begun + count
        self._moved(self.done)
