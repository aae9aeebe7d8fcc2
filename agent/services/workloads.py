"""Workloads as their owner sees them. Every change submits an operation; reads are direct."""

import logging
from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from agent.core.account import Role
from agent.core.composition import Composition
from agent.core.errors import HostFailure, InvalidRequest, Refusal, UnknownWorkload
from agent.core.operation import Arguments, Operation, OperationKind, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Executed, Generation, Usage, Workload, checked_name
from agent.services.access import Access
from agent.services.calls import MAX_LOG_LINES, MAX_TIMEOUT
from agent.services.catalogue import Catalogue
from agent.services.guests import Guests
from agent.services.node_calls import NodeCalls
from agent.services.node_work import Taken
from agent.services.operations import Operations
from agent.services.preflight import Preflight
from agent.settings import Settings
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.workloads import WorkloadStore, name_in_use

log = logging.getLogger(__name__)


class WorkloadStatus(BaseModel):
    """All that is known of a workload.

    Attributes:
        workload: the record, with the state last observed.
        root: what its root file system takes; None if that could not be read.
        workspace: what /workspace takes; None if that could not be read.
        whole: what both take with all that is kept of them, and their limit; None if that could not be read.
        node_seen_at: when the node's worker was last heard of, in UTC.
        last_operation: the newest one on it.
    """

    model_config = ConfigDict(frozen=True)

    workload: Workload
    root: Usage | None
    workspace: Usage | None
    whole: Usage | None
    node_seen_at: datetime | None
    last_operation: Operation | None


class Workloads:
    """The workloads of each owner."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        settings: Settings,
        calls: NodeCalls,
        database: Database,
        store: WorkloadStore,
        nodes: NodeStore,
        catalogue: Catalogue,
        guests: Guests,
        preflight: Preflight,
        operations: Operations,
        access: Access,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._guests = guests
        self._preflight = preflight
        self._database = database
        self._store = store
        self._nodes = nodes
        self._catalogue = catalogue
        self._operations = operations
        self._access = access
        self._clock = clock

    def create(self, owner: Owner, spec: ContainerSpec, request: Request) -> Operation:
        """Ask for a new container.

        Raises:
            UnknownModule: with the nearest names.
            InvalidSpec: its modules and options do not go together, or cannot be had on this node.
            InvalidRequest: too many modules.
            NameInUse: the owner has one of this name.
            NoSpace: the pool is full.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        self._check(spec)
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        self._preflight.check_new(owner)
        with self._database.write():  # both or neither: a workload without its operation would stay for ever
            workload = self._store.add(owner, spec, self._settings.node_name, self._clock())
            target = Generation(spec=spec)
            return self._operations.submit(workload, OperationKind.CREATE, request, target=target)

    def start(self, owner: Owner, name: str, request: Request) -> Operation:
        """Ask for a container to be started.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            HostFailure: its data sets are not as they have to be.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self.find(owner, name)
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        self._preflight.check_there(owner, workload)
        return self._operations.submit(workload, OperationKind.START, request)

    def stop(self, owner: Owner, name: str, request: Request) -> Operation:
        """Ask for a container to be stopped."""
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        return self._operations.submit(self.find(owner, name), OperationKind.STOP, request)

    def restart(self, owner: Owner, name: str, request: Request) -> Operation:
        """Ask for a container to be restarted.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            HostFailure: its data sets are not as they have to be.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self.find(owner, name)
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        self._preflight.check_there(owner, workload)
        return self._operations.submit(workload, OperationKind.RESTART, request)

    def update(self, owner: Owner, spec: ContainerSpec, request: Request) -> Operation:
        """Ask for a container to be made of other modules or options. /workspace stays as it is.

        With the spec that it has, it is made anew of what its modules are by now.

        Raises:
            UnknownWorkload: there is none of that name, or it is another owner's.
            UnknownModule: with the nearest names.
            InvalidSpec: its modules and options do not go together, or cannot be had on this node.
            InvalidRequest: too many modules, or it is made of exactly this already.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self.find(owner, spec.name)
        composition = self._check(spec)
        generation = workload.generation
        if generation is not None and generation.digest == self._guests.digest(composition):
            raise InvalidRequest(f"{spec.name} is made of exactly this already.")
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        self._preflight.check_change(owner, workload)
        target = Generation(spec=spec)
        return self._operations.submit(workload, OperationKind.UPDATE, request, target=target)

    def roll_back(self, owner: Owner, name: str, request: Request) -> Operation:
        """Ask for a container to be made of what it was made of before its last update.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            InvalidRequest: it was never updated.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self.find(owner, name)
        if workload.previous is None:
            raise InvalidRequest(
                f"{name} was never updated.", "So there is nothing that it could be rolled back to."
            )
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        self._preflight.check_there(owner, workload)
        return self._operations.submit(workload, OperationKind.ROLLBACK, request, target=workload.previous)

    def outdated(self, owner: Owner) -> list[Workload]:
        """The owner's containers that would come out different if they were made anew."""
        return [
            workload
            for workload in self.list(owner)
            if workload.generation is not None and self._differs(workload, workload.generation)
        ]

    def rename(
        self, owner: Owner, name: str, new_name: str, request: Request, undoes: int | None = None
    ) -> Operation:
        """Ask for a container to be called something else. One that runs is started anew.

        Args:
            owner: whose it is.
            name: what it is called.
            new_name: what it is called from then on.
            request: where it came from.
            undoes: number of the operation that this takes back.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            InvalidName: it cannot be called so.
            InvalidRequest: it is called so.
            NameInUse: another one of the owner's is.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self.find(owner, name)
        if checked_name(new_name) == name:
            raise InvalidRequest(f"{name} is called so already.")
        if self._store.find(owner, new_name) is not None:
            raise name_in_use(new_name)
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        self._preflight.check_there(owner, workload)
        arguments = Arguments(name=new_name)
        return self._operations.submit(
            workload, OperationKind.RENAME, request, arguments=arguments, undoes=undoes
        )

    def resize(  # noqa: PLR0913, PLR0917 - a limit and a reservation, of what, for whom and why
        self,
        owner: Owner,
        name: str,
        quota: int,
        request: Request,
        reservation: int | None = None,
        undoes: int | None = None,
    ) -> Operation:
        """Ask for a container to be held to another limit. To less than before a person has to agree.

        Args:
            owner: whose it is.
            name: of the container.
            quota: what its system, /workspace and snapshots may take together, in bytes; 0 for the setting's.
            request: where it came from.
            reservation: room in the pool that nobody else can take, in bytes; as it is when None.
            undoes: number of the operation that this takes back.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            InvalidRequest: that is what it has, or the two do not go together.
            NoSpace: it takes more than that, or there is not so much room; with the numbers.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self.find(owner, name)
        resized = workload.model_copy(
            update={
                "quota": quota,
                "reservation": workload.reservation if reservation is None else reservation,
            }
        )
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        self._preflight.check_resize(workload, resized)
        arguments = Arguments(quota=quota, reservation=reservation)
        return self._operations.submit(
            workload, OperationKind.RESIZE, request, arguments=arguments, undoes=undoes
        )

    def destroy(self, owner: Owner, name: str, request: Request) -> Operation:
        """Ask for a container to be destroyed. The operation waits for a person to agree to its plan."""
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self.find(owner, name)
        return self._operations.submit(workload, OperationKind.DESTROY, request)

    def find(self, owner: Owner, name: str) -> Workload:
        """An owner's workload.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
        """
        workload = self._store.find(owner, name)
        if workload is None:
            names = ", ".join(known.name for known in self._store.of_owner(owner))
            raise UnknownWorkload(
                f"You have no container called {name[:40]}.",
                f"You have: {names}." if names else "You have none yet.",
            )
        return workload

    def status(self, owner: Owner, name: str) -> WorkloadStatus:
        """All that is known of a workload.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
        """
        workload = self.find(owner, name)
        try:
            taken = self._calls.usage(owner, name)
        except HostFailure as failure:  # what the database knows is worth telling all the same
            log.warning("what %s takes is not known: %s", workload.machine, failure)
            taken = Taken(root=None, workspace=None)
        latest = (one for one in self._operations.list(owner, limit=100) if one.machine == workload.machine)
        return WorkloadStatus(
            workload=workload,
            root=taken.root,
            workspace=taken.workspace,
            whole=taken.whole,
            node_seen_at=self._nodes.seen_at(workload.node),
            last_operation=next(latest, None),
        )

    def logs(self, owner: Owner, name: str, lines: int = 50) -> list[str]:
        """The last lines of a workload's journal, oldest first.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
        """
        workload = self.find(owner, name)
        return self._calls.logs(owner, workload.name, min(max(lines, 1), MAX_LOG_LINES))

    def exec(
        self,
        owner: Owner,
        name: str,
        argv: list[str],
        timeout: float = 60,
        *,
        request: Request,
    ) -> Executed:
        """Run a command inside a workload, as its root.

        Args:
            owner: whose it is.
            name: the person's name for it.
            argv: the command and its arguments; no shell.
            timeout: seconds until it is ended.
            request: where it came from. With a key it is run at most once, and answered alike ever after.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            NotRunning: it has to be started first.
            InvalidRequest: there is no command, or no time for it.
            MayHaveRun: it was interrupted, and is not run again.
            NotAllowed: who asks may not.
        """
        self._access.authorise(owner.key, request.by, Role.OPERATOR)
        workload = self.find(owner, name)
        if not argv or not argv[0] or any(map(_unfit, argv)):
            raise InvalidRequest(
                "There is no command to run.", hint="Say which command, such as `git --version`."
            )
        if not 0 < timeout <= MAX_TIMEOUT:
            raise InvalidRequest(f"A command may take up to {MAX_TIMEOUT:,.0f} seconds, and more than none.")
        return self._calls.exec(owner, workload.name, argv, timeout, request.key)

    def _check(self, spec: ContainerSpec) -> Composition:
        composition = self._catalogue.compose(spec)
        if len(spec.modules) > self._settings.max_modules:
            raise InvalidRequest(
                f"{len(spec.modules)} modules are too many.",
                f"A container may have {self._settings.max_modules}.",
                "Leave some out.",
            )
        self._guests.check(composition)
        return composition

    def _differs(self, workload: Workload, generation: Generation) -> bool:
        try:
            return self._guests.digest(self._catalogue.compose(workload.spec)) != generation.digest
        except Refusal:  # a module that it is made of is there no more
            return True

    def list(self, owner: Owner) -> list[Workload]:
        """The owner's workloads, from the database alone."""
        return self._store.of_owner(owner)


def _unfit(word: str) -> bool:
    """Whether a word cannot be an argument: a C string ends at a NUL, and half a character is none."""
    return "\0" in word or any("\ud800" <= char <= "\udfff" for char in word)
