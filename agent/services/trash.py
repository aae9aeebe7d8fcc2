"""The trash as its owner sees it: what was destroyed and can be brought back, and what may go for good."""

from collections.abc import Callable
from datetime import datetime

from agent.core.errors import NameInUse, UnknownSnapshot
from agent.core.operation import Arguments, Operation, OperationKind, Plan, Request
from agent.core.owner import Owner
from agent.core.workload import Workload, WorkloadState, checked_name
from agent.services.losses import Losses
from agent.services.operations import Operations
from agent.settings import Settings
from agent.store.database import Database
from agent.store.trash import Trashed, TrashStore
from agent.store.workloads import WorkloadStore


class Trash:
    """The trash of each owner. Every change submits an operation.

    Args:
        settings: for how long things are kept.
        database: where the records are.
        store: what is in the trash.
        workloads: what is not.
        losses: what would be lost, in numbers.
        operations: where changes are entered.
        clock: the time in UTC.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        settings: Settings,
        database: Database,
        store: TrashStore,
        workloads: WorkloadStore,
        losses: Losses,
        operations: Operations,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._store = store
        self._workloads = workloads
        self._losses = losses
        self._operations = operations
        self._clock = clock

    def list(self, owner: Owner) -> list[Trashed]:
        """What an owner can bring back, what was destroyed last first."""
        return self._store.of_owner(owner)

    def find(self, owner: Owner, name: str) -> Trashed:
        """What was destroyed last of this name.

        Raises:
            UnknownSnapshot: nothing of this name is in the trash.
        """
        known = self._store.of_owner(owner)
        found = next((one for one in known if one.workload.name == name), None)
        if found is None:
            raise UnknownSnapshot(
                f"Nothing called {name[:40]} is in your trash.",
                f"There is: {', '.join(dict.fromkeys(one.workload.name for one in known))}."
                if known
                else f"It is empty. What was destroyed is kept for {self._settings.trash_days} days.",
            )
        return found

    def get(self, owner: Owner, number: int) -> Trashed:
        """What is in the trash under a number.

        Raises:
            UnknownSnapshot: nothing is, or it is another owner's.
        """
        found = self._store.get(number)
        if found is None or found.workload.owner != owner.key:
            raise UnknownSnapshot(
                f"Nothing with the number {number} is in your trash.",
                "It was brought back already, or is gone for good.",
                "Ask what is in the trash.",
            )
        return found

    def restore(self, owner: Owner, name: str, request: Request, new_name: str = "") -> Operation:
        """Ask for what was destroyed last of this name to be brought back. See :meth:`restore_number`."""
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        return self.restore_number(owner, self.find(owner, name).operation, request, new_name)

    def restore_number(
        self,
        owner: Owner,
        number: int,
        request: Request,
        new_name: str = "",
        undoes: int | None = None,
    ) -> Operation:
        """Ask for something in the trash to be brought back. It runs again if it was to run.

        Where a workload of this name is there, that goes to the trash, so a person has to agree.

        Args:
            owner: whose it is.
            number: of what is in the trash.
            request: where it came from.
            new_name: what it is called from now on; as it was when empty.
            undoes: number of the operation that this takes back.

        Raises:
            UnknownSnapshot: there is nothing of that number.
            NameInUse: a workload of this name is still being made.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        trashed = self.get(owner, number)
        name = checked_name(new_name or trashed.workload.name)
        arguments = Arguments(trash=number, name=new_name)
        live = self._workloads.find(owner, name)
        if live is not None:
            if live.state is WorkloadState.CREATING:
                raise NameInUse(f"A container called {name} is being made.", hint="Choose another name.")
            return self._operations.submit(
                live, OperationKind.RESTORE, request, arguments=arguments, undoes=undoes
            )
        with self._database.write():  # both or neither: a workload without its operation would stay for ever
            again = self._workloads.bring_back(trashed.workload, name)
            return self._operations.submit(
                again, OperationKind.RESTORE, request, arguments=arguments, undoes=undoes
            )

    def purge(self, owner: Owner, name: str, request: Request) -> Operation:
        """Ask for what was destroyed last of this name to go for good, once a person has agreed."""
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        return self.purge_number(owner, self.find(owner, name).operation, request)

    def purge_number(self, owner: Owner, number: int, request: Request) -> Operation:
        """Ask for something in the trash to go for good, once a person has agreed.

        Raises:
            UnknownSnapshot: there is nothing of that number.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        trashed = self.get(owner, number)
        return self._operations.submit(
            trashed.workload, OperationKind.PURGE, request, arguments=Arguments(trash=number)
        )

    def plan(self, owner: Owner, kind: OperationKind, name: str, arguments: Arguments) -> Plan | None:
        """What an operation would take away, as things stand now; None where it would take nothing away.

        Raises:
            UnknownSnapshot: what it is about is not in the trash any more.
        """
        trashed = self.get(owner, arguments.trash)
        if kind is OperationKind.PURGE:
            return self._purging(trashed)
        live = self._workloads.find(owner, name)
        # One that is being made is what this operation itself has entered.
        if live is None or live.state is WorkloadState.CREATING:
            return None
        return self._swapping(trashed, live)

    def _purging(self, trashed: Trashed) -> Plan:
        return Plan(
            summary=f"Remove {trashed.workload.name}, destroyed on {self._day(trashed)}, from the trash "
            "for good.",
            losses=self._losses.trashed(trashed),
        )

    def _swapping(self, trashed: Trashed, live: Workload) -> Plan:
        return Plan(
            summary=f"Bring {trashed.workload.name} back that was destroyed on {self._day(trashed)}, in the "
            f"place of {live.name}. What {live.name} is now goes to the trash: for "
            f"{days(self._settings.trash_days)} it can be restored, and counts to your quota.",
            losses=self._losses.workload(live),
        )

    def _day(self, trashed: Trashed) -> str:
        return f"{trashed.trashed_at.astimezone(self._settings.zone):%Y-%m-%d, %H:%M}"


def days(count: int) -> str:
    """So many days, for people."""
    return "1 day" if count == 1 else f"{count} days"
