"""Workloads: what was asked for, and what was last seen."""

from collections.abc import Mapping
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
        for attempt in range(MACHINE_ATTEMPTS):
            workload = Workload(
                owner=owner.key,
                spec=spec,
                machine=machine_name(owner, spec.name, attempt),
                node=node,
                state=WorkloadState.CREATING,
                created_at=now,
            )
            try:
                # A savepoint: a name that is taken must not end the transaction that this is part of.
                with self._database.write() as connection, connection.begin_nested():
                    connection.execute(
                        insert(workloads).values(
                            owner=owner.key,
                            name=spec.name,
                            machine=workload.machine,
                            node=node,
                            spec=spec.model_dump(mode="json"),
                            state=workload.state.value,
                            addresses=[],
                            created_at=now,
                            wanted=workload.wanted,
                            quota=workload.quota,
                            reservation=workload.reservation,
                            schedule=workload.schedule.model_dump(mode="json"),
                        )
                    )
            except IntegrityError:
                if self.find(owner, spec.name) is not None:
                    raise NameInUse(
                        f"You have a container called {spec.name} already.",
                        hint="Choose another name, or destroy that one first.",
                    ) from None
                continue
            return workload
        raise NameInUse(
            f"No free machine name could be derived for {spec.name}.", hint="Choose another name."
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
            row = connection.execute(select(workloads.c.generation).where(*here)).first()
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
        return frozenset(
            generation.digest
            for workload in self.of_node(node)
            for generation in (workload.generation, workload.previous)
            if generation is not None
        )

    def remove(self, node: str, machine: str) -> None:
        """Forget a workload that is no more."""
        with self._database.write() as connection:
            connection.execute(
                delete(workloads).where(workloads.c.node == node, workloads.c.machine == machine)
            )


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
