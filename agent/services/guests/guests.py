"""What a guest builder is to the rest of the services."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from agent.core.composition import Composition
from agent.core.operation import Progress
from agent.core.workload import Generation
from agent.host.runtime import Machine, Runtime

Report = Callable[[Progress], None]
"""Is told how far something is."""


@dataclass(frozen=True)
class Root:
    """Where a workload's root file system is, and whose it is.

    Attributes:
        dataset: its data set.
        folder: where that is mounted.
        uid_base: first user id of its owner's containers.
    """

    dataset: str
    folder: str
    uid_base: int


class Guests(Protocol):
    """A guest builder on one node, with the runtime of its guests. Everything may be done twice."""

    @property
    def runtime(self) -> Runtime:
        """What its guests are run by."""
        ...

    @property
    def idmap(self) -> bool:
        """Whether files lie on disk with the user ids that they have inside, and are mapped at the mount."""
        ...

    def check(self, composition: Composition) -> None:
        """Raise unless this builder can make it.

        Raises:
            InvalidSpec: it cannot, naming the module.
        """
        ...

    def digest(self, composition: Composition) -> str:
        """Of everything that a guest is built from: no name, no owner. Equal digests are equal guests."""
        ...

    def ensure(self, composition: Composition, uid_base: int, report: Report) -> str:
        """Build what is missing.

        Args:
            composition: what the guest is made of.
            uid_base: first user id of the owner's containers.
            report: told how far it is.

        Returns:
            The store path of its system; empty where the system is in the root file system.

        Raises:
            BuildFailed: with the short cause.
            MirrorUnreachable: something cannot be fetched.
            NoSpace: it does not fit.
        """
        ...

    def tidy(self, composition: Composition, uid_base: int) -> None:
        """Take away what a build has left that was ended before it was through."""
        ...

    def furnish(self, generation: Generation, root: Root) -> None:
        """Make the root file system of a new workload, unless it is there."""
        ...

    def change(
        self, machine: Machine, generation: Generation, previous: Generation | None, root: Root
    ) -> None:
        """Make a workload that exists into another generation, new or the one before.

        It may be stopped afterwards: who wants it to run starts it.

        Args:
            machine: as it is to be run from now on.
            generation: what it is to be made of.
            previous: what the workload could be rolled back to before this; None where to nothing.
            root: of the workload. What it was is kept, so that the same with that takes the change back.
        """
        ...

    def settle(self, machine: str, root: Root) -> None:
        """A change went well: what it was before the change is what it can be rolled back to from now on."""
        ...

    def size(self, digest: str, system: str) -> int:
        """What something that was built takes, in bytes; 0 where it is not there.

        Args:
            digest: that it was built under.
            system: the store path of its system; empty where it is a file system.
        """
        ...

    def discard(self, digests: Iterable[str]) -> None:
        """Give up what was built under these digests and nothing uses any more, as far as it is there.

        Raises:
            CommandFailed: something uses it after all.
        """
        ...
