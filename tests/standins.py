"""Strict stand-ins at the boundary of the services: what nobody scripted fails."""

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from agent.core.errors import InvalidRequest, NameInUse, NotRunning, Problem, UnknownModule, UnknownWorkload
from agent.core.module import DebianPart, Module
from agent.core.operation import Loss, Operation, OperationKind, OperationState, Plan, Progress, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Executed, Usage, Workload, WorkloadState, machine_name
from agent.services.services import Services
from agent.services.workloads import WorkloadStatus
from agent.store.conversations import Conversations

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MODULES = ("fish", "git", "node", "python", "workspace")
STATES = {
    OperationKind.CREATE: WorkloadState.RUNNING,
    OperationKind.START: WorkloadState.RUNNING,
    OperationKind.STOP: WorkloadState.STOPPED,
    OperationKind.RESTART: WorkloadState.RUNNING,
}


class World:
    """Workloads, operations and modules in memory, behind the services' own interfaces.

    Attributes:
        calls: what was asked of the services, in order.
        failures: what a method raises instead of answering, by its name.
        fails: the problem with which operations end, None where they succeed.
        stuck: operations never end.
        executed: what commands answer, by their argv.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.failures: dict[str, Exception] = {}
        self.fails: Problem | None = None
        self.stuck = False
        self.executed: dict[tuple[str, ...], Executed] = {}
        self.known: dict[tuple[str, str], Workload] = {}
        self.entered: list[Operation] = []
        self.waiting = threading.Event()
        self.patiences: list[float] = []

    @property
    def services(self) -> Services:
        """The services of this world."""
        parts = _Workloads(self), _Operations(self), _Catalogue(self), None
        return cast("Callable[..., Services]", Services)(*parts)

    def add(self, owner: str, name: str, *modules: str, state: WorkloadState = WorkloadState.RUNNING) -> None:
        """Have a workload that was there before."""
        self.known[owner, name] = Workload(
            owner=owner,
            spec=ContainerSpec(name=name, modules=modules),
            machine=machine_name(Owner(owner), name),
            node="here",
            state=state,
            addresses=("10.88.0.12",) if state is WorkloadState.RUNNING else (),
            observed_at=NOW,
            created_at=NOW,
        )

    def called(self, *call: str) -> None:
        """Write a call down, and fail where it was scripted to."""
        self.calls.append(call)
        if call[0] in self.failures:
            raise self.failures[call[0]]

    def find(self, owner: Owner, name: str) -> Workload:
        """An owner's workload."""
        if (owner.key, name) not in self.known:
            raise UnknownWorkload(f"You have no container called {name}.", "You have none yet.")
        return self.known[owner.key, name]


class _Workloads:
    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, owner: Owner, spec: ContainerSpec, request: Request) -> Operation:
        self._world.called("create", owner.key, spec.name, *spec.modules)
        unknown = [name for name in spec.modules if name not in MODULES]
        if unknown:
            raise UnknownModule(
                f"There is no module called {unknown[0]}.",
                "Did you mean fish?",
                f"The modules are: {', '.join(MODULES)}.",
            )
        if (owner.key, spec.name) in self._world.known:
            raise NameInUse(f"You have a container called {spec.name} already.", hint="Choose another name.")
        self._world.add(owner.key, spec.name, *spec.modules, state=WorkloadState.CREATING)
        return self._enter(owner, spec.name, OperationKind.CREATE, request)

    def start(self, owner: Owner, name: str, request: Request) -> Operation:
        return self._change("start", owner, name, request)

    def stop(self, owner: Owner, name: str, request: Request) -> Operation:
        return self._change("stop", owner, name, request)

    def restart(self, owner: Owner, name: str, request: Request) -> Operation:
        return self._change("restart", owner, name, request)

    def destroy(self, owner: Owner, name: str, request: Request) -> Operation:
        return self._change("destroy", owner, name, request)

    def list(self, owner: Owner) -> list[Workload]:
        self._world.called("list", owner.key)
        return [workload for (key, _), workload in sorted(self._world.known.items()) if key == owner.key]

    def status(self, owner: Owner, name: str) -> WorkloadStatus:
        self._world.called("status", owner.key, name)
        workload = self._world.find(owner, name)
        usage = Usage(used=3 << 20, available=1 << 30, quota=10 << 30, snapshots=1)
        last = next((one for one in reversed(self._world.entered) if one.workload == name), None)
        return WorkloadStatus(
            workload=workload, root=usage, workspace=None, node_seen_at=NOW, last_operation=last
        )

    def logs(self, owner: Owner, name: str, lines: int = 50) -> "list[str]":
        self._world.called("logs", owner.key, name, str(lines))
        self._world.find(owner, name)
        return [f"line {number}" for number in range(1, min(lines, 3) + 1)]

    def exec(self, owner: Owner, name: str, argv: "list[str]", timeout: float = 60) -> Executed:  # noqa: ARG002
        self._world.called("exec", owner.key, name, *argv)
        if self._world.find(owner, name).state is not WorkloadState.RUNNING:
            raise NotRunning(f"{name} is not running.", "It is stopped.", f"Start {name} first.")
        if tuple(argv) not in self._world.executed:
            raise AssertionError(f"nobody scripted {argv}")
        return self._world.executed[tuple(argv)]

    def _change(self, kind: str, owner: Owner, name: str, request: Request) -> Operation:
        self._world.called(kind, owner.key, name)
        self._world.find(owner, name)
        return self._enter(owner, name, OperationKind(kind), request)

    def _enter(self, owner: Owner, name: str, kind: OperationKind, request: Request) -> Operation:
        plan = None
        if kind.gated:
            losses = (
                Loss(what="workspace", amount=3 << 20, unit="bytes"),
                Loss(what="snapshots", amount=2, unit="count"),
            )
            plan = Plan(summary=f"Destroy {name} with everything in it.", losses=losses)
        operation = Operation(
            id=len(self._world.entered) + 17,
            owner=owner.key,
            node="here",
            kind=kind,
            workload=name,
            machine=machine_name(owner, name),
            request=request,
            state=OperationState.PROPOSED if plan else OperationState.QUEUED,
            plan=plan,
            created_at=NOW,
        )
        self._world.entered.append(operation)
        return operation


class _Operations:
    def __init__(self, world: World) -> None:
        self._world = world

    def wait(self, owner: Owner, number: int, patience: float) -> Operation:
        self._world.called("wait", owner.key, str(number))
        self._world.patiences.append(patience)
        operation = self._world.entered[number - 17]
        if operation.owner != owner.key or number != operation.id:
            raise InvalidRequest("not this owner's")
        if operation.state is OperationState.PROPOSED:
            return operation
        if self._world.stuck:
            self._world.waiting.set()
            progress = Progress(label="installing packages", done=34, total=120)
            return operation.model_copy(
                update={"state": OperationState.RUNNING, "step": 2, "steps": 4, "progress": progress}
            )
        update: dict[str, object] = {"state": OperationState.DONE, "ended_at": NOW + timedelta(seconds=3.2)}
        if self._world.fails:
            update |= {"state": OperationState.FAILED, "problem": self._world.fails}
        else:
            made = self._world.known[owner.key, operation.workload]
            self._world.add(owner.key, made.name, *made.spec.modules, state=STATES[operation.kind])
        self._world.entered[number - 17] = operation.model_copy(update=update)
        return self._world.entered[number - 17]


class _Catalogue:
    def __init__(self, world: World) -> None:
        self._world = world

    def all(self) -> list[Module]:
        self._world.called("modules")
        return [
            Module(
                name=name,
                summary=f"The {name} module",
                description=f"It gives {name}.",
                example=f"create a container called dev with {name}",
                debian=DebianPart(),
            )
            for name in MODULES
        ]


class Chats:
    """Conversations in memory, behind the store's own interface."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    @property
    def store(self) -> Conversations:
        """As the store has it."""
        return cast("Conversations", self)

    def load(self, owner: Owner, conversation: str) -> bytes | None:
        """The messages so far."""
        return self.kept.get((owner.key, conversation))

    def save(self, owner: Owner, conversation: str, messages: bytes, now: datetime) -> None:
        """Replace the messages."""
        assert now.tzinfo is not None
        self.kept[owner.key, conversation] = messages

    def clear(self, owner: Owner, conversation: str) -> None:
        """Forget the messages."""
        self.kept.pop((owner.key, conversation), None)
