"""What a simulated node has and is: its state, and what may be set about it."""

import re
import uuid
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30

SOURCES = "/etc/apt/sources.list.d/debian.sources"


class UnknownCommand(AssertionError):
    """The simulated node was sent a command that it does not know: teach it, or mend the caller."""


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds.

    Attributes:
        build: to build an image.
        boot: from the start of a container until it has booted.
        lease: from then until it has an address.
        stop: to shut a container down.
    """

    build: float = 6.0
    boot: float = 0.6
    lease: float = 0.3
    stop: float = 0.3

    @classmethod
    def instant(cls) -> "Pace":
        """Nothing takes any time."""
        return cls(0, 0, 0, 0)


@dataclass(frozen=True)
class Sizes:
    """How large things are, in bytes.

    Attributes:
        pool: what fits into the pool.
        disk: what fits onto the other disk, at ``/mnt/usb``.
        image: the smallest guest image, unpacked.
        package: what each package adds to it.
        shift: what changing the owner of an image's files writes.
        boot: what a container writes at its first boot.
    """

    pool: int = 20 * GIGABYTE
    disk: int = 500 * GIGABYTE
    image: int = 180 * MEGABYTE
    package: int = 12 * MEGABYTE
    shift: int = 4 * MEGABYTE
    boot: int = 1 * MEGABYTE


@dataclass
class Fault:
    """Something that goes wrong.

    Attributes:
        match: regular expression, searched in the command's words joined by spaces.
        returncode: what the command answers instead.
        stderr: what it says.
        times: how often; None for ever.
        hangs: it does nothing until its time is up.
        after: of a command that is read line by line: how many lines come first.
    """

    match: str
    returncode: int = 1
    stderr: str = ""
    times: int | None = 1
    hangs: bool = False
    after: int = 0
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pattern = re.compile(self.match)

    def strikes(self, argv: list[str]) -> bool:
        """Whether it is this command's turn; counts it if so."""
        if self.times == 0 or not self._pattern.search(" ".join(argv)):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Answer:
    """How a simulated program ended.

    Attributes:
        stdout: what it printed.
        stderr: what it said on the side.
        returncode: its exit code.
        seconds: how long it took.
    """

    stdout: str = ""
    stderr: str = ""
    returncode: int = 0
    seconds: float = 0.0

    @classmethod
    def no(cls, stderr: str, returncode: int = 1) -> "Answer":
        """An error."""
        return cls(stderr=stderr + "\n", returncode=returncode)


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Tree(_State):
    """What a root file system holds.

    Attributes:
        packages: that were asked for.
        size: in bytes.
        uid_base: whose its files are; 0 before they were given to anybody.
    """

    packages: tuple[str, ...]
    size: int
    uid_base: int = 0


class Snapshot(_State):
    """A data set as it was.

    Attributes:
        tree: the root file system in it.
        files: other files in it.
        binary: which of them are not text.
        uid_base: who owned its root folder.
        written: what was in it that was in no other, in bytes.
        created_at: when it was taken, in seconds since 1970.
        guid: what stays the same when it is sent elsewhere.
    """

    tree: Tree | None
    files: dict[str, str]
    uid_base: int
    binary: set[str] = Field(default_factory=set)
    written: int = 0
    created_at: float = 0.0
    guid: str = ""


class Dataset(_State):
    """A ZFS data set.

    Attributes:
        mountpoint: its own; empty where it has its parent's.
        mounted: whether it is.
        canmount: ``on``, ``off`` or ``noauto``.
        readonly: whether nothing can be written.
        quota: in bytes, 0 for none.
        reservation: in bytes, 0 for none.
        written: what is in it that is in no other, in bytes.
        changed_at: when a file in it last was, in seconds since 1970.
        origin: the snapshot that it began as; empty for none.
        tree: the root file system in it.
        files: other files in it, by path from its root.
        binary: of which of them each character stands for a byte; the others are text.
        uid_base: who owns its root folder.
        snapshots: of it, by the name after the ``@``, oldest first.
        properties: that somebody gave it, and that mean nothing to ZFS: a colon is in their names.
    """

    mountpoint: str = ""
    mounted: bool = True
    canmount: str = "on"
    readonly: bool = False
    quota: int = 0
    reservation: int = 0
    written: int = 24_576
    changed_at: float = 0.0
    origin: str = ""
    tree: Tree | None = None
    files: dict[str, str] = Field(default_factory=dict)
    binary: set[str] = Field(default_factory=set)
    uid_base: int = 0
    snapshots: dict[str, Snapshot] = Field(default_factory=dict)
    properties: dict[str, str] = Field(default_factory=dict)

    def content(self, path: str) -> bytes | None:
        """What is in a file; None where there is none."""
        text = self.files.get(path)
        if text is None:
            return None
        return text.encode("latin-1" if path in self.binary else "utf-8")

    def put(self, path: str, content: bytes, at: float = 0.0) -> None:
        """Have a file with this in it, changed at a moment."""
        self.changed_at = max(self.changed_at, at)
        before = len(self.content(path) or b"")
        try:
            self.files[path] = content.decode()
            self.binary.discard(path)
        except UnicodeDecodeError:
            self.files[path] = content.decode("latin-1")
            self.binary.add(path)
        self.written = max(0, self.written + len(content) - before)

    def drop(self, path: str) -> None:
        """Have a file no more."""
        self.written = max(0, self.written - len(self.content(path) or b""))
        self.files.pop(path, None)
        self.binary.discard(path)

    def taken(self, now: float, guid: str) -> Snapshot:
        """What a snapshot keeps of it."""
        return Snapshot(
            tree=self.tree.model_copy() if self.tree else None,
            files=dict(self.files),
            binary=set(self.binary),
            uid_base=self.uid_base,
            written=self.written,
            created_at=now,
            guid=guid,
        )

    def become(self, snapshot: Snapshot) -> None:
        """Have in it what is in a snapshot."""
        self.tree = snapshot.tree.model_copy() if snapshot.tree else None
        self.files, self.binary = dict(snapshot.files), set(snapshot.binary)
        self.uid_base = snapshot.uid_base


class Unit(_State):
    """A container's unit that systemd has seen.

    Attributes:
        active: it was started and not stopped.
        failed: the last start failed.
        booted_at: when it has booted, in seconds since 1970.
        stopped_at: when it has stopped.
        address: what it gets.
        process: the id of its first process while it runs.
        hostname: what it calls itself since it was started.
        invocation: systemd's id of its last run.
        status: the exit code of its last run.
    """

    active: bool = False
    failed: bool = False
    booted_at: float = 0.0
    stopped_at: float = 0.0
    address: str = ""
    process: int = 0
    hostname: str = ""
    invocation: str = ""
    status: int = 0


class World(_State):
    """All that a simulated node has. It can be kept as JSON.

    Attributes:
        pool: name of its one pool; present and healthy.
        datasets: by full name.
        units: by machine.
        files: text files on the node's own disk, by path.
        folders: empty folders there.
        archives: guest images there, by path.
        journal: (time, line) of each machine and, as ``unit:NAME``, of its unit on the node.
        bridges: network bridges that are up.
        firewall: whether the rules are in force.
        leases: how many addresses were given out.
        changes: counts up with each change of a machine.
        boot: the kernel's own name for the time since it was booted.
    """

    pool: str = "tank"
    datasets: dict[str, Dataset] = Field(default_factory=dict)
    units: dict[str, Unit] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    folders: set[str] = Field(default_factory=set)
    archives: dict[str, Tree] = Field(default_factory=dict)
    journal: dict[str, list[tuple[float, str]]] = Field(default_factory=dict)
    bridges: set[str] = Field(default_factory=set)
    firewall: bool = True
    leases: int = 0
    changes: int = 0
    boot: str = Field(default_factory=lambda: str(uuid.uuid4()))

    @classmethod
    def new(cls, pool: str, bridge: str) -> "World":
        """A node that was just set up."""
        sources = "Types: deb\nURIs: http://mirror.invalid/debian\nSuites: trixie\nComponents: main\n"
        return cls(
            pool=pool,
            bridges={bridge},
            folders={"/mnt/usb"},
            datasets={pool: Dataset(mountpoint=f"/{pool}")},
            files={SOURCES: sources},
        )

    def log(self, source: str, now: float, line: str) -> None:
        """Add a line to a journal."""
        self.journal.setdefault(source, []).append((now, line))
