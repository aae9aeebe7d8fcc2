"""A workload: the spec it was asked for, and the state last observed."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from agent.core.errors import InvalidName, InvalidRequest
from agent.core.owner import Owner
from agent.core.storage import Schedule

NAME_RULE = (
    "1 to 32 lower-case letters, digits and hyphens; it begins with a letter and does not end with a hyphen"
)
NAME_PATTERN = "[a-z]([a-z0-9-]{0,30}[a-z0-9])?"
"""The same as a regular expression that matches the whole of a name."""

MACHINE_LENGTH = 11
"""Linux cuts interface names at 15 characters, and systemd-nspawn puts ``vb-`` or ``ve-`` before it."""


def checked_name(name: str) -> str:
    """The name itself, if the rule allows it.

    Raises:
        InvalidName: with the rule.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        shown = name if len(name) <= 40 else name[:40] + "…"  # noqa: PLR2004
        raise InvalidName(
            f"{shown!r} cannot be a container's name.", f"A name is {NAME_RULE}.", "Choose another."
        )
    return name


def machine_name(owner: Owner, name: str, attempt: int = 0) -> str:
    """The name of a workload on its node: readable, stable, the same for the same owner and name.

    Args:
        owner: whose it is.
        name: the person's own name for it.
        attempt: counts up where the derived name is taken already by another (owner, name).

    Returns:
        At most 11 characters: the beginning of ``name``, a hyphen and five characters of a hash.
    """
    digest = hashlib.sha256(f"{owner.key}\0{name}\0{attempt}".encode()).digest()
    suffix = base64.b32encode(digest)[:5].decode().lower()
    return f"{name[: MACHINE_LENGTH - 6].rstrip('-')}-{suffix}"


class WorkloadState(StrEnum):
    """What a workload was last seen doing."""

    CREATING = "creating"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    UNKNOWN = "unknown"


Name = Annotated[str, AfterValidator(checked_name)]


class ContainerSpec(BaseModel):
    """What a container is asked to be. It holds no owner and no secret. ``nix/lib/spec.nix`` is its mirror.

    Attributes:
        version: of this spec.
        name: the person's own name for it.
        modules: what it is made of, sorted, each once.
        options: of these modules, by module and option; what is not given is at its default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    name: Name
    modules: Annotated[tuple[str, ...], AfterValidator(lambda names: tuple(sorted(set(names))))] = Field(
        default=()
    )
    options: dict[str, dict[str, JsonValue]] = Field(default_factory=dict[str, dict[str, JsonValue]])

    def changed(
        self,
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        options: Mapping[str, Mapping[str, JsonValue]] | None = None,
    ) -> "ContainerSpec":
        """The spec with modules added and removed, and options changed. A module's options go with it.

        Raises:
            InvalidRequest: a module is to be removed that it does not have.
        """
        gone = set(remove)
        if absent := sorted(gone - set(self.modules)):
            raise InvalidRequest(
                f"{self.name} has no module {absent[0][:40]}.",
                f"It is made of {', '.join(self.modules) or 'no modules'}.",
            )
        given = {**self.options, **{name: {} for name in options or {} if name not in self.options}}
        return ContainerSpec(
            name=self.name,
            modules=tuple((set(self.modules) | set(add)) - gone),
            options={
                name: {**kept, **(options or {}).get(name, {})}
                for name, kept in given.items()
                if name not in gone
            },
        )


class Generation(BaseModel):
    """What a workload was made of at one time.

    Attributes:
        spec: what was asked for.
        digest: of all that its guest is built from; empty until it was built.
        system: the store path of its NixOS system; empty where the system is in its root file system.
    """

    model_config = ConfigDict(frozen=True)

    spec: ContainerSpec
    digest: str = ""
    system: str = ""

    def renamed(self, name: str) -> "Generation":
        """The same of a workload with another name: what a guest is built from has none."""
        return self.model_copy(update={"spec": self.spec.model_copy(update={"name": name})})


class Workload(BaseModel):
    """A workload of one owner.

    Attributes:
        owner: whose it is.
        spec: what was asked for.
        machine: its name on the node.
        node: where it runs.
        state: as last observed.
        addresses: as last observed, IPv4 first.
        observed_at: when, in UTC; None before the first time.
        created_at: in UTC.
        generation: what it is made of; None until it was built.
        previous: what it was made of before; None where nothing was changed.
        wanted: whether it is to run: what a person asked for last, and what a reboot brings back.
        quota: of root, workspace and snapshots together, in bytes; 0 for the setting ``workload_quota``.
        reservation: room in the pool that nobody else can take, in bytes.
        schedule: which snapshots are taken by themselves.
    """

    model_config = ConfigDict(frozen=True)

    owner: str
    spec: ContainerSpec
    machine: str
    node: str
    state: WorkloadState
    addresses: tuple[str, ...] = ()
    observed_at: datetime | None = None
    created_at: datetime
    generation: Generation | None = None
    previous: Generation | None = None
    wanted: bool = True
    quota: int = 0
    reservation: int = 0
    schedule: Schedule = Schedule()

    @property
    def name(self) -> str:
        """The person's own name for it."""
        return self.spec.name

    @property
    def digests(self) -> tuple[str, ...]:
        """Of what it is made of, and of what it can be rolled back to."""
        return tuple(one.digest for one in (self.generation, self.previous) if one is not None)

    def renamed(self, name: str) -> "Workload":
        """The same under another name."""
        return self.model_copy(
            update={
                "spec": self.spec.model_copy(update={"name": name}),
                "generation": self.generation and self.generation.renamed(name),
                "previous": self.previous and self.previous.renamed(name),
            }
        )


class Executed(BaseModel):
    """What a command inside a container answered.

    Attributes:
        returncode: the command's own exit code.
        stdout: what it printed.
        stderr: what it said on the side.
    """

    model_config = ConfigDict(frozen=True)

    returncode: int
    stdout: str
    stderr: str


class Usage(BaseModel):
    """What a dataset takes, in bytes.

    Attributes:
        used: by its own files and snapshots.
        available: what may still be written.
        quota: the limit; 0 where there is none.
        snapshots: how many there are.
    """

    model_config = ConfigDict(frozen=True)

    used: int
    available: int
    quota: int
    snapshots: int
