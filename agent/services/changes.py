"""What each kind of operation does, step by step. Every step may run twice and says what it found."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.core.errors import HostFailure, NameInUse, UnknownWorkload
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.workload import Workload, WorkloadState
from agent.host.archive import shift
from agent.host.machined import Machined
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.runtime import UnitState
from agent.host.zfs import Zfs
from agent.services.assembly import Assembly
from agent.services.catalogue import Catalogue
from agent.services.guests import Guests
from agent.services.layout import Layout
from agent.settings import Settings
from agent.store.images import ImageStore
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

VERIFY_TIMEOUT = 60.0
"""Seconds that a container may take until its address is known."""
VERIFY_POLL = 0.05

FAREWELL_TIMEOUT = 60.0
"""Seconds that one module's farewell may take."""

RAN = "ran"
"""Claimed by an operation that found its container running, and has to leave it so."""


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
        workloads: WorkloadStore,
        operations: OperationStore,
        images: ImageStore,
        catalogue: Catalogue,
        guests: Guests,
        assembly: Assembly,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._node = node
        self._zfs = Zfs(node)
        self._machined = Machined(node)
        self._workloads = workloads
        self._operations = operations
        self._images = images
        self._catalogue = catalogue
        self._guests = guests
        self._runtime = guests.runtime
        self._assembly = assembly
        self._clock = clock
        self._layout = Layout(settings.pool)

    def steps(self, kind: OperationKind) -> list[Step]:  # noqa: PLR0911 - one for each kind
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
            case OperationKind.UPDATE:
                return [Step("build", self._build), Step("change", self._change), verify]
            case OperationKind.ROLLBACK:
                return [Step("change", self._change), verify]
            case OperationKind.DESTROY:
                return [Step("say goodbye", self._farewell), stop, Step("remove", self._remove)]
            case OperationKind.BUILD:
                return [Step("build", self._build)]
            case OperationKind.PRUNE:
                return [Step("prune", self._prune)]

    def undo(self, operation: Operation) -> None:
        """Take away what a failed operation made, and only that; or bring back what it changed."""
        match operation.kind:
            case OperationKind.CREATE:
                self._undo_create(operation)
            case OperationKind.UPDATE | OperationKind.ROLLBACK:
                self._undo_change(operation)
            case _:
                return

    def _undo_create(self, operation: Operation) -> None:
        if operation.claims:
            self._runtime.stop(operation.machine)
            self._runtime.remove(operation.machine)
        for dataset in operation.claims:
            self._destroy(dataset, operation.machine)
        self._workloads.remove(operation.node, operation.machine)

    def _undo_change(self, operation: Operation) -> None:
        workload = self._workload(operation)
        if workload.generation is None:
            return
        self._guests.change(
            self._assembly.machine(operation, workload, workload.generation),
            workload.generation,
            self._assembly.root(operation, workload),
        )
        if RAN in operation.claims:
            self._runtime.start(operation.machine)
            self._await(operation, lambda _: None)

    def _workload(self, operation: Operation) -> Workload:
        workload = self._workloads.find(Owner(operation.owner), operation.workload)
        if workload is None or workload.machine != operation.machine:
            raise UnknownWorkload(f"{operation.workload} does not exist any more.")
        return workload

    def _build(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        generation = self._assembly.built(operation, report)
        if operation.kind is OperationKind.CREATE:
            self._workloads.become(operation.node, operation.machine, generation)

    def _storage(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="making the storage"))
        owner, workload = Owner(operation.owner), self._workload(operation)
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
        if workload.generation is None:
            raise ValueError(f"{workload.name} was not built before its storage")
        self._guests.furnish(workload.generation, self._assembly.root(operation, workload))
        workspace = self._layout.workspace(owner, workload.machine)
        if self._zfs.presence(workspace) is not Presence.PRESENT:
            folder = self._layout.workspace_folder(workload.machine)
            self._zfs.create(workspace, mountpoint=folder, quota=self._settings.workspace_quota)
        if not self._guests.idmap:
            shift(
                self._node,
                self._layout.workspace_folder(workload.machine),
                self._assembly.uid_base(operation),
            )

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
        if workload.generation is None:
            raise ValueError(f"{workload.name} was not built before its start")
        self._runtime.write(self._assembly.machine(operation, workload, workload.generation))
        self._runtime.start(workload.machine)

    def _change(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="changing the container"))
        workload = self._workload(operation)
        if RAN not in operation.claims and self._runtime.state(workload.machine) is UnitState.ACTIVE:
            self._operations.claim(operation.id, [*operation.claims, RAN])
            operation = operation.model_copy(update={"claims": (*operation.claims, RAN)})
        generation = self._assembly.built(operation, report)
        machine = self._assembly.machine(operation, workload, generation)
        self._guests.change(machine, generation, self._assembly.root(operation, workload))
        if RAN in operation.claims:
            self._runtime.start(workload.machine)

    def _farewell(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        """What a module has to give back elsewhere, such as its place in a tailnet."""
        workload = self._workload(operation)
        if self._runtime.state(workload.machine) is not UnitState.ACTIVE:
            return
        for name in workload.spec.modules:
            farewell = self._catalogue.get(name).farewell
            if not farewell:
                continue
            report(Progress(label=f"taking leave for {name}"))
            said = self._runtime.exec(workload.machine, farewell, FAREWELL_TIMEOUT)
            if said.returncode != 0:
                raise HostFailure(
                    f"{name} in {workload.name} could not take its leave.",
                    f"It said: {' '.join((said.stderr or said.stdout).split())[-300:]}",
                    f"Try again; or stop {workload.name} and destroy it then, which leaves out the farewell.",
                )

    def _prune(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        used = self._workloads.digests(operation.node) | {
            self._guests.digest(self._catalogue.compose(target.spec))
            for target in self._operations.under_way(operation.node)
        }
        unused = [one.digest for one in self._images.of_node(operation.node) if one.digest not in used]
        report(Progress(label="removing images", total=len(unused)))
        self._guests.discard(unused)
        for digest in unused:
            self._images.remove(operation.node, digest)

    def _verify(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        changed = operation.kind in (OperationKind.UPDATE, OperationKind.ROLLBACK)
        if not changed or RAN in operation.claims:
            self._await(operation, report)
        if changed:
            self._guests.settle(operation.machine, self._assembly.root(operation, self._workload(operation)))
            self._workloads.become(operation.node, operation.machine, self._assembly.built(operation, report))

    def _await(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        """Wait until the container is up and its address is known."""
        report(Progress(label="waiting for its address"))
        deadline = time.monotonic() + VERIFY_TIMEOUT
        while True:
            state = self._runtime.state(operation.machine)
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
        self._runtime.stop(operation.machine)
        state = self._runtime.state(operation.machine)
        if state not in (UnitState.INACTIVE, UnitState.FAILED):
            raise HostFailure(f"{operation.workload} did not stop.", f"Its unit is {state}.", "Try again.")
        self._observe(operation, WorkloadState.STOPPED, ())

    def _remove(self, operation: Operation, report: Callable[[Progress], None]) -> None:
        report(Progress(label="removing it"))
        above = self._layout.workload(Owner(operation.owner), operation.machine)
        self._runtime.remove(operation.machine)
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
