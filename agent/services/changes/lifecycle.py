"""A workload's life: it is made, started, stopped, made of other things; and images are built and pruned."""

import time

from agent.core.errors import HostFailure, NameInUse
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.workload import WorkloadState
from agent.host.archive import shift
from agent.host.presence import Presence
from agent.host.runtime import UnitState
from agent.services.changes.parts import Parts, Recipe, Report, Step

VERIFY_TIMEOUT = 60.0
"""Seconds that a container may take until its address is known."""
VERIFY_POLL = 0.05

FAREWELL_TIMEOUT = 60.0
"""Seconds that one module's farewell may take."""

RAN = "ran"
"""Claimed by an operation that found its container running, and has to leave it so."""
RESTED = "rested"
"""Claimed by an operation that found its container at rest."""
WANTED = "wanted"
"""Claimed by an operation that found that its container is to run."""


class Lifecycle:
    """The recipes of what has to do with running containers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What each kind does, and how it is taken back."""
        build, change = Step("build", self._build), Step("change", self._change)
        start, stop, verify = (
            Step("start", self._start),
            Step("stop", self._stop),
            Step("verify", self._verify),
        )
        keep = Step("keep", self._keep, final=True)
        storage = Step("storage", self._storage)
        return {
            OperationKind.CREATE: Recipe((build, storage, start, verify), self._undo_create),
            OperationKind.START: Recipe((start, verify), self._bring_back),
            OperationKind.STOP: Recipe((stop,), self._bring_back),
            OperationKind.RESTART: Recipe((stop, start, verify), self._bring_back),
            OperationKind.UPDATE: Recipe((build, change, verify, keep), self._undo_change),
            OperationKind.ROLLBACK: Recipe((change, verify, keep), self._undo_change),
            OperationKind.BUILD: Recipe((build,), self._parts.assembly.tidy),
            OperationKind.PRUNE: Recipe((Step("prune", self._prune, final=True),)),
        }

    @property
    def farewell(self) -> Step:
        """What modules give back elsewhere before their container goes."""
        return Step("say goodbye", self._farewell)

    @property
    def stop(self) -> Step:
        """Stops a container that runs, and remembers whether it did."""
        return Step("stop", self._stop)

    @property
    def start(self) -> Step:
        """Writes a container's files, and starts it."""
        return Step("start", self._start)

    @property
    def verify(self) -> Step:
        """Waits until a container is up and its address is known."""
        return Step("verify", self._verify)

    def _undo_create(self, operation: Operation) -> None:
        if operation.claims:
            self._parts.runtime.stop(operation.machine)
            self._parts.runtime.remove(operation.machine)
        for dataset in operation.claims:
            self._parts.destroy(dataset, operation.machine)
        self._parts.workloads.remove(operation.node, operation.machine)
        self._parts.assembly.tidy(operation)

    def _remember(self, operation: Operation) -> bool:
        """Claim whether the container runs, and is to: at the first look alone, as later it is our own doing.

        Returns:
            Whether it ran.
        """
        if RAN in operation.claims or RESTED in operation.claims:
            return RAN in operation.claims
        runs = self._parts.runtime.state(operation.machine) is UnitState.ACTIVE
        wanted = [WANTED] if self._parts.workload(operation).wanted else []
        self._parts.operations.claim(operation.id, [*operation.claims, RAN if runs else RESTED, *wanted])
        return runs

    def _want(self, operation: Operation, *, to_run: bool) -> None:
        """Note whether a container is to run: what a reboot brings back."""
        self._parts.workloads.set(operation.node, operation.machine, wanted=to_run)

    def _bring_back(self, operation: Operation) -> None:
        """Where a person cancelled it, the container runs again, or rests again, as it did before.

        One that failed is left as it is: it cannot do what it was asked, and its logs say why.
        """
        if not operation.cancelled_by:
            return
        if RAN in operation.claims or RESTED in operation.claims:
            self._want(operation, to_run=WANTED in operation.claims)
        if RAN in operation.claims:
            self._parts.runtime.start(operation.machine)
            self._await(operation, lambda _: None)
        elif RESTED in operation.claims:
            self._parts.runtime.stop(operation.machine)
            self._parts.observe(operation, WorkloadState.STOPPED, ())

    def _undo_change(self, operation: Operation) -> None:
        self._parts.assembly.tidy(operation)
        workload = self._parts.find(operation)
        if workload is None or workload.generation is None:
            return
        self._parts.guests.change(
            self._parts.assembly.machine(operation, workload, workload.generation),
            workload.generation,
            workload.previous,
            self._parts.assembly.root(operation, workload),
        )
        if RAN in operation.claims:
            self._parts.runtime.start(operation.machine)
            self._await(operation, lambda _: None)

    def _build(self, operation: Operation, report: Report) -> str:
        worked = False
        if operation.kind is OperationKind.UPDATE:
            self._parts.workload(operation)  # nothing is built for one that is no more

        def told(progress: Progress) -> None:
            nonlocal worked
            worked = True
            report(progress)

        generation = self._parts.assembly.built(operation, told)
        if operation.kind is OperationKind.CREATE:
            self._parts.workloads.become(operation.node, operation.machine, generation)
        return "The image was built." if worked else "The image was there already."

    def _storage(self, operation: Operation, report: Report) -> str:
        report(Progress(label="making the storage"))
        owner, workload = Owner(operation.owner), self._parts.workload(operation)
        above = self._parts.layout.workload(owner, workload.machine)
        if above not in operation.claims:
            if self._parts.zfs.presence(above) is not Presence.ABSENT:
                raise NameInUse(
                    f"There is storage of an earlier {workload.name} at {above}.",
                    "It was not made by this operation, so it is left alone.",
                    "Choose another name, or ask the admin to look at it.",
                )
            self._parts.operations.claim(operation.id, [above])
        self._parts.limits.ensure_owner(owner)
        existed = self._parts.zfs.presence(above) is Presence.PRESENT
        if not existed:
            self._parts.zfs.create(above, mountpoint="none", quota=str(self._parts.limits.quota(workload)))
        if workload.generation is None:
            raise ValueError(f"{workload.name} was not built before its storage")
        self._parts.guests.furnish(workload.generation, self._parts.assembly.root(operation, workload))
        workspace = self._parts.layout.workspace(owner, workload.machine)
        if self._parts.zfs.presence(workspace) is not Presence.PRESENT:
            folder = self._parts.layout.workspace_folder(workload.machine)
            self._parts.zfs.create(workspace, mountpoint=folder)
        if not self._parts.guests.idmap:
            shift(
                self._parts.node,
                self._parts.layout.workspace_folder(workload.machine),
                self._parts.assembly.uid_base(operation),
            )
        return f"The data set {above} {'exists already' if existed else 'was made'}; its quota is set."

    def _start(self, operation: Operation, report: Report) -> str:
        report(Progress(label="starting the container"))
        ran = operation.kind is not OperationKind.CREATE and self._remember(operation)
        owner, workload = Owner(operation.owner), self._parts.workload(operation)
        for dataset in (
            self._parts.layout.root(owner, workload.machine),
            self._parts.layout.workspace(owner, workload.machine),
        ):
            if not self._parts.zfs.mounted(dataset):
                raise HostFailure(
                    f"{dataset} is not mounted.",
                    "An unmounted dataset looks like an empty folder, so the container is not started.",
                    f"Look at it with `zfs mount {dataset}`.",
                )
        if workload.generation is None:
            raise ValueError(f"{workload.name} was not built before its start")
        if not workload.wanted:
            self._want(operation, to_run=True)
        self._parts.runtime.write(self._parts.assembly.machine(operation, workload, workload.generation))
        self._parts.runtime.start(workload.machine)
        return "It ran already." if ran and operation.kind is OperationKind.START else "It was started."

    def _change(self, operation: Operation, report: Report) -> str:
        report(Progress(label="changing the container"))
        workload = self._parts.workload(operation)
        if RAN not in operation.claims and self._parts.runtime.state(workload.machine) is UnitState.ACTIVE:
            self._parts.operations.claim(operation.id, [*operation.claims, RAN])
            operation = operation.model_copy(update={"claims": (*operation.claims, RAN)})
        generation = self._parts.assembly.built(operation, report)
        machine = self._parts.assembly.machine(operation, workload, generation)
        self._parts.guests.change(
            machine, generation, workload.previous, self._parts.assembly.root(operation, workload)
        )
        if RAN in operation.claims:
            self._parts.runtime.start(workload.machine)
        return f"It is made of {', '.join(generation.spec.modules) or 'no modules'} now."

    def _farewell(self, operation: Operation, report: Report) -> str:
        """What a module has to give back elsewhere, such as its place in a tailnet."""
        workload = self._parts.workload(operation)
        leaving = [name for name in workload.spec.modules if self._parts.catalogue.get(name).farewell]
        if not leaving:
            return "No module has to take its leave."
        if self._parts.runtime.state(workload.machine) is not UnitState.ACTIVE:
            return f"It does not run, so {', '.join(leaving)} took no leave."
        for name in leaving:
            report(Progress(label=f"taking leave for {name}"))
            said = self._parts.runtime.exec(
                workload.machine, self._parts.catalogue.get(name).farewell, FAREWELL_TIMEOUT
            )
            if said.returncode != 0:
                raise HostFailure(
                    f"{name} in {workload.name} could not take its leave.",
                    f"It said: {' '.join((said.stderr or said.stdout).split())[-300:]}",
                    f"Try again; or stop {workload.name} and destroy it then, which leaves out the farewell.",
                )
        return f"{', '.join(leaving)} took its leave."

    def _prune(self, operation: Operation, report: Report) -> str:
        used = (
            self._parts.workloads.digests(operation.node)
            | self._parts.trash.digests(operation.node)
            | {
                self._parts.guests.digest(self._parts.catalogue.compose(target.spec))
                for target in self._parts.operations.under_way(operation.node)
            }
        )
        unused = [one.digest for one in self._parts.images.of_node(operation.node) if one.digest not in used]
        report(Progress(label="removing images", total=len(unused)))
        self._parts.guests.discard(unused)
        for digest in unused:
            self._parts.images.remove(operation.node, digest)
        return f"{len(unused)} images were removed."

    def _verify(self, operation: Operation, report: Report) -> str:
        changed = operation.kind in (OperationKind.UPDATE, OperationKind.ROLLBACK)
        if changed and RAN not in operation.claims:
            return "It did not run before, and does not now."
        return f"It runs, at {', '.join(self._await(operation, report))}."

    def _keep(self, operation: Operation, report: Report) -> str:
        """Write down what it is made of: what it was before is what it can be rolled back to from now on."""
        root = self._parts.assembly.root(operation, self._parts.workload(operation))
        self._parts.guests.settle(operation.machine, root)
        generation = self._parts.assembly.built(operation, report)
        self._parts.workloads.become(operation.node, operation.machine, generation)
        return "What it was made of before is kept, to be rolled back to."

    def _await(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Wait until the container is up and its address is known; that is the answer."""
        report(Progress(label="waiting for its address"))
        deadline = time.monotonic() + VERIFY_TIMEOUT
        state = self._parts.runtime.state(operation.machine)
        if state is UnitState.INACTIVE:  # the node was restarted since this was
            self._parts.runtime.start(operation.machine)
            state = self._parts.runtime.state(operation.machine)
        while True:
            addresses = self._parts.machined.addresses().get(operation.machine, ())
            if state is UnitState.ACTIVE and addresses:
                self._parts.observe(operation, WorkloadState.RUNNING, addresses)
                return addresses
            if state in (UnitState.FAILED, UnitState.INACTIVE) or time.monotonic() > deadline:
                raise HostFailure(
                    f"{operation.workload} did not come up.",
                    f"Its unit is {state}, and it has {'an' if addresses else 'no'} address.",
                    f"Look at the logs of {operation.workload}.",
                )
            time.sleep(VERIFY_POLL)
            state = self._parts.runtime.state(operation.machine)

    def _stop(self, operation: Operation, report: Report) -> str:
        report(Progress(label="stopping the container"))
        ran = self._remember(operation)
        if operation.kind is OperationKind.STOP:
            self._want(operation, to_run=False)
        self._parts.runtime.stop(operation.machine)
        state = self._parts.runtime.state(operation.machine)
        if state not in (UnitState.INACTIVE, UnitState.FAILED):
            raise HostFailure(f"{operation.workload} did not stop.", f"Its unit is {state}.", "Try again.")
        self._parts.observe(operation, WorkloadState.STOPPED, ())
        return "It was stopped." if ran else "It did not run."
