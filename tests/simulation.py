"""The product as people run it, on a simulated node: what is above the node is real."""

import threading
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text, update

from agent import settings
from agent.app import App
from agent.core.notice import Notice
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Workload
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from agent.store.database import Database
from agent.store.notices import NoticeStore
from agent.store.schema import operations

LONGEST = 60.0
"""Seconds that a standstill lasts at most, so that a failing test ends too."""


def somebody() -> Owner:
    """An owner who has nothing yet."""
    return Owner(f"t{uuid.uuid4().hex[:12]}")


class Time:
    """Time on the node: it takes none, until a test has it stand still or break."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.flowing = threading.Event()
        self.flowing.set()
        self.error: Exception | None = None

    def sleep(self, _seconds: float) -> None:
        """Let seconds pass."""
        if self.error:
            raise self.error
        self.reached.set()
        self.flowing.wait(LONGEST)


class Simulation:
    """The product on a simulated node where nothing takes any time, with its own worker.

    Starting the engine takes more than a second, so tests share one; each has an owner of its own.

    Args:
        folder: for its state.

    Attributes:
        node: the node.
        app: the product.
        database: the same as the product's.
    """

    def __init__(self, folder: Path) -> None:
        self._time = Time()
        self.node = SimulatedNode("box", pace=Pace.instant(), sleep=self._time.sleep)
        self._ahead = timedelta()
        given = settings.load(simulate=True, state_dir=folder, node_name="box")
        self.app = App(given, self.node, lambda: datetime.now(UTC) + self._ahead)
        self.database = Database(given.database)

    def made(self, owner: Owner, name: str = "dev", *modules: str) -> Workload:
        """Have a container."""
        spec = ContainerSpec(name=name, modules=modules or ("git",))
        operation = self.app.services.workloads.create(owner, spec, Request(channel="test"))
        assert self.settled(operation).state is OperationState.DONE
        return self.app.services.workloads.find(owner, name)

    def crashed(self, owner: Owner, name: str = "dev", timeout: float = 10) -> None:
        """Have a running container crash, and its owner be due to hear of it."""
        services = self.app.services
        services.workloads.exec(owner, name, ["systemctl", "exit", "3"], request=Request(channel="test"))
        end = time.monotonic() + timeout
        while not any(one.owner == owner.key for one in self.waiting_notices()):
            assert time.monotonic() < end, "nobody noticed that it crashed"
            time.sleep(0.01)

    def waiting_notices(self) -> list[Notice]:
        """What has happened and was not told yet, to whomever."""
        return NoticeStore(self.database).waiting(datetime.min.replace(tzinfo=UTC))

    def snapshot(self, owner: Owner, name: str = "dev") -> None:
        """Have one more snapshot of what somebody has in a container."""
        machine = self.app.services.workloads.find(owner, name).machine
        dataset = Layout(self.app.settings.pool).workspace(owner, machine)
        Zfs(self.node).snapshot(f"{dataset}@one-more")

    def began_earlier(self, owner: Owner, by: timedelta) -> None:
        """Have the operation that runs run for longer than it does."""
        (running,) = [one for one in self.operations(owner) if one.state is OperationState.RUNNING]
        assert running.started_at is not None
        with self.database.write() as connection:
            earlier = update(operations).where(operations.c.id == running.id)
            connection.execute(earlier.values(started_at=running.started_at - by))

    def settled(self, operation: Operation) -> Operation:
        """An operation at its end, or waiting for a person."""
        return self.app.services.operations.wait(Owner(operation.owner), operation.id, 30)

    def operations(self, owner: Owner) -> list[Operation]:
        """What was asked for, oldest first."""
        return self.app.services.operations.list(owner, 100)[::-1]

    def changes(self, owner: Owner) -> list[str]:
        """The same in words."""
        return [f"{one.kind} {one.workload}" for one in self.operations(owner)]

    def ran(self, owner: Owner) -> list[str]:
        """The commands that were run in the containers that somebody has."""
        machines = {f"--machine={one.machine}" for one in self.app.services.workloads.list(owner)}
        return [
            " ".join(words[words.index("/usr/bin/env") + 2 :])
            for words in self.node.commands
            if words[0] == "systemd-run" and words[1] in machines
        ]

    @contextmanager
    def standstill(self) -> Generator[threading.Event]:
        """What takes time on the node does not end within the block, and does at its end.

        Yields:
            Set once something takes time.
        """
        self._time.reached.clear()
        self._time.flowing.clear()
        self.node.pace = Pace(build=1, boot=0.01, lease=0, stop=0.01)
        try:
            yield self._time.reached
        finally:
            self.node.pace = Pace.instant()
            self._time.flowing.set()

    def flow(self) -> None:
        """Go on, within a standstill."""
        self._time.flowing.set()

    @contextmanager
    def later(self, by: timedelta) -> Generator[None]:
        """Within the block it is later than it is."""
        self._ahead = by
        try:
            yield
        finally:
            self._ahead = timedelta()

    @contextmanager
    def broken(self, error: Exception) -> Generator[None]:
        """What takes time on the node raises something that nobody thought of."""
        self._time.error = error
        try:
            yield
        finally:
            self._time.error = None

    @contextmanager
    def refusing(self, table: str, what: str = "INSERT") -> Generator[None]:
        """Within the block the database takes nothing new into a table, or no changes: `UPDATE`."""
        with self.database.write() as connection:
            connection.execute(
                text(
                    f"CREATE TRIGGER refusing BEFORE {what} ON {table}"
                    " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
                )
            )
        try:
            yield
        finally:
            with self.database.write() as connection:
                connection.execute(text("DROP TRIGGER refusing"))

    @contextmanager
    def failing(self, *faults: Fault) -> Generator[None]:
        """These things go wrong within the block."""
        self.node.faults.extend(faults)
        try:
            yield
        finally:
            self.node.faults.clear()


@contextmanager
def simulation_in(folder: Path) -> Generator[Simulation]:
    """The product, with its engine running: one at a time in a process."""
    simulation = Simulation(folder)
    try:
        # Its log keeps the standard error that it finds, and a test's own is closed after it.
        simulation.made(somebody())
        yield simulation
    finally:
        simulation.app.close()
        simulation.database.close()
