"""What all steps work with, and what a kind of operation is: its steps, and its way back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from agent.core.errors import UnknownWorkload
from agent.core.operation import Operation, Progress
from agent.core.workload import Workload, WorkloadState
from agent.host.machined import Machined
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.runtime import Runtime
from agent.host.zfs import Zfs
from agent.services.assembly import Assembly
from agent.services.catalogue import Catalogue
from agent.services.guests import Guests
from agent.services.layout import Layout
from agent.services.limits import Limits
from agent.services.secrets import Secrets
from agent.settings import Settings
from agent.store.database import Database
from agent.store.images import ImageStore
from agent.store.operations import OperationStore
from agent.store.trash import TrashStore
from agent.store.workloads import WorkloadStore

Report = Callable[[Progress], None]
"""Is told how far a step is."""


@dataclass(frozen=True)
class Step:
    """One step of an operation. It may run twice: it looks at what is there before it makes anything.

    Attributes:
        name: what it does, as a person reads it.
        run: does it; told the operation and where to report progress. What it found or did that is worth
            knowing it answers in a sentence, for the audit trail.
        final: there is no way back from it, so it is not interrupted: who cancels comes too late.
    """

    name: str
    run: Callable[[Operation, Report], str | None]
    final: bool = False


def nothing(operation: Operation) -> None:
    """The way back of what leaves nothing behind."""


@dataclass(frozen=True)
class Recipe:
    """What one kind of operation does.

    Attributes:
        steps: in order.
        undo: takes away what the operation made when it failed or was cancelled, and only that.
    """

    steps: tuple[Step, ...]
    undo: Callable[[Operation], None] = field(default=nothing)


@dataclass(frozen=True)
class Parts:
    """What steps work with, on one node."""

    settings: Settings
    node: Node
    database: Database
    workloads: WorkloadStore
    trash: TrashStore
    operations: OperationStore
    images: ImageStore
    catalogue: Catalogue
    guests: Guests
    assembly: Assembly
    secrets: Secrets
    clock: Callable[[], datetime]

    @cached_property
    def zfs(self) -> Zfs:
        """The node's data sets."""
        return Zfs(self.node)

    @cached_property
    def machined(self) -> Machined:
        """The node's machines."""
        return Machined(self.node)

    @cached_property
    def layout(self) -> Layout:
        """Where things lie."""
        return Layout(self.settings.pool)

    @cached_property
    def limits(self) -> Limits:
        """How much room everybody may take."""
        return Limits(self.settings, self.zfs)

    @property
    def runtime(self) -> Runtime:
        """What runs the containers."""
        return self.guests.runtime

    def find(self, operation: Operation) -> Workload | None:
        """The workload that an operation is about; None where it is no more, or another has its name."""
        workload = self.workloads.on(operation.node, operation.machine)
        if workload is None or workload.owner != operation.owner or self.operations.followed(operation):
            return None
        return workload

    def workload(self, operation: Operation) -> Workload:
        """The workload that an operation is about.

        Raises:
            UnknownWorkload: it is no more.
        """
        workload = self.find(operation)
        if workload is None:
            raise UnknownWorkload(f"{operation.workload} does not exist any more.")
        return workload

    def destroy(self, dataset: str, machine: str) -> None:
        """Destroy what this operation itself made, and a machine's traces; no copy of it is in the way."""
        if self.zfs.presence(dataset) is not Presence.ABSENT:
            self.zfs.promote_clones(dataset)
            self.zfs.destroy(dataset, recursive=True)
        for path in self.layout.traces(machine):
            self.node.remove(path)

    def observe(self, operation: Operation, state: WorkloadState, addresses: tuple[str, ...]) -> None:
        """Write down what a workload does now."""
        self.workloads.observe(operation.node, {operation.machine: (state, addresses)}, self.clock())
