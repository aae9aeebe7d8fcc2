"""Workloads: what was asked for, and what was last seen."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.core.errors import NameInUse
from agent.core.owner import Owner
from agent.core.storage import Schedule
from agent.core.workload import ContainerSpec, Generation, Workload, WorkloadState, machine_name
from agent.store.database import Database
from agent.store.schema import workloads

MACHINE_ATTEMPTS = 100
"""How many derived names are tried; two of 33 million would have to meet for even one more."""


class WorkloadStore:
    """Workloads by owner and name, and by node and machine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, owner: Owner, spec: ContainerSpec, node: str, now: datetime) -> Workload:
        """Enter a new workload under a machine name that is free on its node.

        Raises:
            NameInUse: the owner has one of this name.
        """
        workload = Workload(
            owner=owner.key,
            spec=spec,
            machine="",
            node=node,
            state=WorkloadState.CREATING,
            created_at=now,
        )
        return self._enter(workload, _machines(owner, spec.name))

    def bring_back(self, workload: Workload, name: str) -> Workload:
        """Enter a workload again that was in the trash, as one that is being made.

        Args:
            workload: as it was.
            name: what it is called from now on.

        Returns:
            The same under this name; the node calls it as it did or, where that is taken, another way.

        Raises:
            NameInUse: the owner has one of this name.
        """
        machines = (workload.machine, *_machines(Owner(workload.owner), name))
        again = workload.renamed(name).model_copy(
            update={"state": WorkloadState.CREATING, "addresses": (), "observed_at": None}
        )
        return self._enter(again, machines)

    def replace(self, node: str, machine: str, workload: Workload) -> None:
        """Have another workload of the same owner in the place of one: all of it but for its machine name."""
        values = _row(workload.model_copy(update={"machine": machine, "node": node}))
        with self._database.write() as connection:
            connection.execute(
                update(workloads)
                .where(workloads.c.node == node, workloads.c.machine == machine)
                .values(**values)
            )

    def rename(self, node: str, machine: str, name: str) -> None:
        """Note what a person calls a workload from now on. Noting it twice is once.

        Raises:
            NameInUse: the owner has another one of this name.
        """
        with self._database.write():
            workload = self.on(node, machine)
            if workload is None or workload.name == name:
                return
            if self.find(Owner(workload.owner), name) is not None:
                raise name_in_use(name)
            self.replace(node, machine, workload.renamed(name))

    def _enter(self, workload: Workload, machines: Iterable[str]) -> Workload:
        for machine in machines:
            entered = workload.model_copy(update={"machine": machine})
            try:
                # A savepoint: a name that is taken must not end the transaction that this is part of.
                with self._database.write() as connection, connection.begin_nested():
                    connection.execute(insert(workloads).values(**_row(entered)))
            except IntegrityError:
                if self.find(Owner(workload.owner), workload.name) is not None:
                    raise name_in_use(workload.name) from None
                continue
            return entered
        raise NameInUse(
            f"No free machine name could be derived for {workload.name}.", hint="Choose another name."
        )

    def find(self, owner: Owner, name: str) -> Workload | None:
        """An owner's workload by its name."""
        query = select(workloads).where(workloads.c.owner == owner.key, workloads.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _workload(row)

    def on(self, node: str, machine: str) -> Workload | None:
        """The workload that a node calls by this name, whoever owns it: for the worker alone."""
        query = select(workloads).where(workloads.c.node == node, workloads.c.machine == machine)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _workload(row)

    def of_owner(self, owner: Owner) -> list[Workload]:
        """All of an owner's workloads, by name."""
        query = select(workloads).where(workloads.c.owner == owner.key).order_by(workloads.c.name)
        with self._database.read() as connection:
            return [_workload(row) for row in connection.execute(query).mappings()]

    def of_node(self, node: str) -> list[Workload]:
        """All workloads of a node, whoever owns them: for the worker alone."""
        with self._database.read() as connection:
            rows = connection.execute(select(workloads).where(workloads.c.node == node)).mappings()
            return [_workload(row) for row in rows]

    def observe(
        self, node: str, seen: Mapping[str, tuple[WorkloadState, tuple[str, ...]]], now: datetime
    ) -> None:
        """Note what was seen of workloads, in one transaction.

        Args:
            node: where.
            seen: machine name to state and addresses.
            now: when, in UTC.
        """
        if not seen:
            return
        with self._database.write() as connection:
            for machine, (state, addresses) in seen.items():
                connection.execute(
                    update(workloads)
                    .where(workloads.c.node == node, workloads.c.machine == machine)
                    .values(state=state.value, addresses=list(addresses), observed_at=now)
                )

    def become(self, node: str, machine: str, generation: Generation) -> None:
        """Note what a workload is made of from now on, and what it was before. Noting it twice is once."""
        here = (workloads.c.node == node, workloads.c.machine == machine)
        with self._database.write() as connection:
            row = connection.execute(select(workloads.c.name, workloads.c.generation).where(*here)).first()
            if row is not None:  # it may have got another name since this was asked for
                generation = generation.renamed(row.name)
            new = generation.model_dump(mode="json")
            if row is None or row.generation == new:
                return
            connection.execute(
                update(workloads)
                .where(*here)
                .values(spec=new["spec"], generation=new, previous=row.generation)
            )

    def set(self, node: str, machine: str, **values: Any) -> None:  # noqa: ANN401 - column values
        """Note what a person wants of it: ``wanted``, ``quota``, ``reservation``, ``schedule`` as JSON."""
        with self._database.write() as connection:
            connection.execute(
                update(workloads)
                .where(workloads.c.node == node, workloads.c.machine == machine)
                .values(**values)
            )

    def digests(self, node: str) -> frozenset[str]:
        """Digests of everything that the workloads of a node are made of, or can be rolled back to."""
        return frozenset(digest for workload in self.of_node(node) for digest in workload.digests)

    def withdraw(self, node: str, machine: str) -> None:
        """Forget a workload that nothing was made of yet."""
        with self._database.write() as connection:
            connection.execute(
                delete(workloads).where(
                    workloads.c.node == node,
                    workloads.c.machine == machine,
                    workloads.c.state == WorkloadState.CREATING.value,
                )
            )

    def remove(self, node: str, machine: str) -> None:
        """Forget a workload that is no more."""
        with self._database.write() as connection:
            connection.execute(
                delete(workloads).where(workloads.c.node == node, workloads.c.machine == machine)
            )


def name_in_use(name: str) -> NameInUse:
    """What to tell who wants to call two containers alike."""
    return NameInUse(
        f"You have a container called {name} already.",
        hint="Choose another name, or destroy that one first.",
    )


def _machines(owner: Owner, name: str) -> Iterator[str]:
    return (machine_name(owner, name, attempt) for attempt in range(MACHINE_ATTEMPTS))


def _row(workload: Workload) -> dict[str, Any]:
    values = workload.model_dump(mode="json", exclude={"created_at", "observed_at"})
    return {
        **values,
        "name": workload.name,
        "created_at": workload.created_at,
        "observed_at": workload.observed_at,
    }


def _workload(row: RowMapping) -> Workload:
    # The columns were checked on their way in; checking 200 again would double what a list costs.
    return Workload.model_construct(
        owner=row["owner"],
        spec=_spec(row["spec"]),
        machine=row["machine"],
        node=row["node"],
        state=WorkloadState(row["state"]),
        addresses=tuple(row["addresses"]),
        observed_at=row["observed_at"],
        created_at=row["created_at"],
        generation=_generation(row["generation"]),
        previous=_generation(row["previous"]),
        wanted=row["wanted"],
        quota=row["quota"],
        reservation=row["reservation"],
        schedule=Schedule.model_construct(**row["schedule"]),
    )


def _spec(stored: dict[str, Any]) -> ContainerSpec:
    return ContainerSpec.model_construct(
        version=stored["version"],
        name=stored["name"],
        modules=tuple(stored["modules"]),
        options=stored.get("options", {}),
    )


def _generation(stored: dict[str, Any] | None) -> Generation | None:
    if stored is None:
        return None
    return Generation.model_construct(
        spec=_spec(stored["spec"]), digest=stored["digest"], system=stored["system"]
    )
