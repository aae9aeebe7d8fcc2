"""What each kind of operation does, step by step. Every step may run twice and says what it found."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.core.errors import HostFailure, NameInUse, UnknownWorkload
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner, uid_base
from agent.core.workload import Workload, WorkloadState
from agent.host.archive import shift
from agent.host.machined import Machined
from agent.host.node import Node
from agent.host.nspawn import Nspawn
from agent.host.presence import Presence
from agent.host.runtime import Machine, UnitState
from agent.host.zfs import Zfs
from agent.services.images import Images
from agent.services.layout import Layout
from agent.settings import Settings
from agent.store.operations import OperationStore
from agent.store.owners import OwnerStore
from agent.store.workloads import WorkloadStore

VERIFY_TIMEOUT = 60.0
"""Seconds that a container may take until its address is known."""
VERIFY_POLL = 0.05


@dataclass(frozen=True)
class Step:
    """One step of an operation.

    Attributes:
        name: what it does, as a person reads it.
        run: does it; told the operation and where to report progress.
    """

    name: str
    run: Callable[[Operation, Callable[[Progress], None]], None]


class Changes:
    """The steps, on one node."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        settings: Settings,
        node: Node,
        owners: OwnerStore,
        workloads: WorkloadStore,
        operations: OperationStore,
        images: Images,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._node = node
        self._zfs = Zfs(node)
        self._nspawn = Nspawn(node)
        self._machined = Machined(node)
        self._owners = owners
        self._workloads = workloads
        self._operations = operations
        self._images = images
        self._clock = clock
        self._layout = Layout(settings.pool)

    def steps(self, kind: OperationKind) -> list[Step]:
        """The steps of a kind, in order."""
        start = Step("start", self._start)
        stop = Step("stop", self._stop)
        verify = Step("verify", self._verify)
        match kind:
            case OperationKind.CREATE:
                return [Step("build", self._build), Step("storage", self._storage), start, verify]
            case OperationKind.START:
                return [start, verify]
            case OperationKind.STOP:
                return [stop]
            case OperationKind.RESTART:
                return [stop, start, verify]
            case OperationKind.DESTROY:
                return [stop, Step("remove", self._remove)]

    def undo(self, operation: Operation) -> None:
        """Take away what a failed operation made, and only that."""
        if operation.kind is not OperationKind.CREATE:
            return
        if operation.claims:
            self._nspawn.stop(operation.machine)
            self._nspawn.remove(operation.machine)
        for dataset in operation.claims:
            self._destroy(dataset, operation.machine)
        self._workloads.remove(operation.node, operation.machine)

    def _workload(self, operation: Operation) -> Workload:
        workload = self._workloads.find(Owner(operation.owner), operation.workload)
        if workload is None or workload.machine != operation.machine:
            raise UnknownWorkload(f"{operation.workload} does not exist any more.")
        return workload

    def _uid_base(self, operation: Operation) -> int:
        return uid_base(self._owners.number(Owner(operation.owner), self._clock()))

    def _build(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        workload = self._workload(operation)
        self._images.ensure(workload.spec.modules, self._uid_base(operation), report)

    def _storage(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="making the storage"))
        owner, workload = Owner(operation.owner), self._workload(operation)
        base = self._uid_base(operation)
        above = self._layout.workload(owner, workload.machine)
        if above not in operation.claims:
            if self._zfs.presence(above) is not Presence.ABSENT:
                raise NameInUse(
                    f"There is storage of an earlier {workload.name} at {above}.",
                    "It was not made by this operation, so it is left alone.",
                    "Choose another name, or ask the admin to look at it.",
                )
            self._operations.claim(operation.id, [above])
        if self._zfs.presence(above) is not Presence.PRESENT:
            self._zfs.create(above, mountpoint="none")
        root, workspace = (
            self._layout.root(owner, workload.machine),
            self._layout.workspace(owner, workload.machine),
        )
        if self._zfs.presence(root) is not Presence.PRESENT:
            self._zfs.clone(
                self._images.snapshot(workload.spec.modules, base),
                root,
                mountpoint=self._layout.root_folder(workload.machine),
                quota=self._settings.root_quota,
            )
        if self._zfs.presence(workspace) is not Presence.PRESENT:
            folder = self._layout.workspace_folder(workload.machine)
            self._zfs.create(workspace, mountpoint=folder, quota=self._settings.workspace_quota)
        shift(self._node, self._layout.workspace_folder(workload.machine), base)

    def _start(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="starting the container"))
        owner, workload = Owner(operation.owner), self._workload(operation)
        for dataset in (
            self._layout.root(owner, workload.machine),
            self._layout.workspace(owner, workload.machine),
        ):
            if not self._zfs.mounted(dataset):
                raise HostFailure(
                    f"{dataset} is not mounted.",
                    "An unmounted dataset looks like an empty folder, so the container is not started.",
                    f"Look at it with `zfs mount {dataset}`.",
                )
        self._nspawn.write(
            Machine(
                name=workload.machine,
                hostname=workload.name,
                root=self._layout.root_folder(workload.machine),
                bridge=self._settings.bridge,
                uid_base=self._uid_base(operation),
                binds=((self._layout.workspace_folder(workload.machine), "/workspace"),),
                memory_max=self._settings.memory_max,
                tasks_max=self._settings.tasks_max,
            )
        )
        self._nspawn.start(workload.machine)

    def _verify(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="waiting for its address"))
        deadline = time.monotonic() + VERIFY_TIMEOUT
        while True:
            state = self._nspawn.state(operation.machine)
            addresses = self._machined.addresses().get(operation.machine, ())
            if state is UnitState.ACTIVE and addresses:
                self._observe(operation, WorkloadState.RUNNING, addresses)
                return
            if state in (UnitState.FAILED, UnitState.INACTIVE) or time.monotonic() > deadline:
                raise HostFailure(
                    f"{operation.workload} did not come up.",
                    f"Its unit is {state}, and it has {'an' if addresses else 'no'} address.",
                    f"Look at the logs of {operation.workload}.",
                )
            time.sleep(VERIFY_POLL)

    def _stop(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="stopping the container"))
        self._nspawn.stop(operation.machine)
        state = self._nspawn.state(operation.machine)
        if state not in (UnitState.INACTIVE, UnitState.FAILED):
            raise HostFailure(f"{operation.workload} did not stop.", f"Its unit is {state}.", "Try again.")
        self._observe(operation, WorkloadState.STOPPED, ())

    def _remove(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="removing it"))
        above = self._layout.workload(Owner(operation.owner), operation.machine)
        self._nspawn.remove(operation.machine)
        self._destroy(above, operation.machine)
        # What counts is what exists afterwards, not what the tools said.
        if self._zfs.presence(above) is not Presence.ABSENT:
            raise HostFailure(f"{above} is still there.", hint="Try again.")
        self._workloads.remove(operation.node, operation.machine)

    def _destroy(self, dataset: str, machine: str) -> None:
        if self._zfs.presence(dataset) is not Presence.ABSENT:
            self._zfs.destroy(dataset, recursive=True)
        for path in self._layout.traces(machine):
            self._node.remove(path)

    def _observe(self, operation: Operation, state: WorkloadState, addresses: tuple[str, ...]) -> None:
        self._workloads.observe(operation.node, {operation.machine: (state, addresses)}, self._clock())
