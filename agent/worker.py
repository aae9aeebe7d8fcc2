"""The worker, wired: what runs a node's operations, and looks after it from time to time."""

import contextlib
import signal
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime

from agent.host.node import Node
from agent.host.zfs import Zfs
from agent.services.assembly import Assembly
from agent.services.boot import INTERVAL as BOOT_INTERVAL
from agent.services.boot import Boot
from agent.services.catalogue import Catalogue
from agent.services.changes import Changes, Parts
from agent.services.crashes import Crashes
from agent.services.engine import Engine
from agent.services.execution import Execution
from agent.services.guests import Guests
from agent.services.limits import Limits
from agent.services.node_desk import NodeDesk
from agent.services.node_work import NodeWork
from agent.services.observer import Observer
from agent.services.purging import INTERVAL as PURGE_INTERVAL
from agent.services.purging import Purging
from agent.services.quotas import INTERVAL, Quotas
from agent.services.reconcile import INTERVAL as RECONCILE_INTERVAL
from agent.services.reconcile import Reconcile
from agent.services.rounds import Round, Rounds
from agent.services.schedules import Schedules
from agent.services.secrets import Secrets
from agent.settings import Settings
from agent.store.database import Database
from agent.store.images import ImageStore
from agent.store.node_calls import NodeCallStore
from agent.store.nodes import NodeStore
from agent.store.notices import NoticeStore
from agent.store.operations import OperationStore
from agent.store.owners import OwnerStore
from agent.store.trash import TrashStore
from agent.store.workloads import WorkloadStore

DAY = 86_400.0
"""Seconds."""
NOTICING = 1.0
"""Seconds after which a worker notices that it was told to end, where the signal itself did not wake it."""


@dataclass(frozen=True)
class Shared:
    """What a worker has in common with the process that it runs in."""

    settings: Settings
    node: Node
    database: Database
    catalogue: Catalogue
    guests: Guests
    secrets: Secrets
    work: NodeWork
    reconcile: Reconcile
    clock: Callable[[], datetime]


def told_to_end() -> Callable[[], None]:
    """Take SIGTERM and SIGINT as being told to end, from now on.

    Returns:
        What waits until that has come. Only the main thread may call it.
    """
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: end.set())

    def wait() -> None:
        # A signal that another thread is given, or that comes as this begins to wait, wakes nobody.
        while not end.wait(NOTICING):
            pass

    return wait


@contextlib.contextmanager
def started(shared: Shared) -> Generator[None]:
    """A worker for the length of a block. Who starts it holds the lock of the node."""
    settings, node, database, clock = shared.settings, shared.node, shared.database, shared.clock
    zfs, runtime = Zfs(node), shared.guests.runtime
    nodes, workloads, trash = NodeStore(database), WorkloadStore(database), TrashStore(database)
    operations, notices, images = OperationStore(database), NoticeStore(database), ImageStore(database)
    assembly = Assembly(
        settings=settings,
        owners=OwnerStore(database),
        images=images,
        catalogue=shared.catalogue,
        guests=shared.guests,
        secrets=shared.secrets,
        clock=clock,
    )
    changes = Changes(
        Parts(
            settings=settings,
            node=node,
            database=database,
            workloads=workloads,
            trash=trash,
            operations=operations,
            images=images,
            catalogue=shared.catalogue,
            guests=shared.guests,
            assembly=assembly,
            secrets=shared.secrets,
            clock=clock,
        )
    )
    Limits(settings, zfs).ensure(workloads.of_node(node.name))
    execution = Execution(node, operations, changes, clock)
    engine = Engine(settings, database, nodes, operations, changes, execution, clock)
    desk = NodeDesk(settings.node_name, database, NodeCallStore(database), shared.work, clock)
    observer = Observer(node, runtime, workloads, Crashes(runtime, operations, notices), clock)
    quotas = Quotas(node, settings.pool, workloads, notices, clock)
    boot = Boot(node, runtime, database, nodes, workloads, operations, notices, clock)
    purging = Purging(settings, zfs, trash, operations, clock)
    schedules = Schedules(node, settings.pool, workloads, operations, settings.zone, clock)
    rounds = Rounds(
        [
            Round("starting what ran before the reboot", BOOT_INTERVAL, boot.look),
            Round("looking at the quotas", INTERVAL, quotas.look),
            Round("looking at the trash", PURGE_INTERVAL, purging.look),
            Round("comparing the node with the database", RECONCILE_INTERVAL, shared.reconcile.report),
            Round("taking snapshots", INTERVAL, schedules.look),
            Round("closing snapshots", DAY, lambda: zfs.close_leftovers(settings.pool)),
        ],
        clock,
    )
    with contextlib.ExitStack() as running:
        # Left from the last to the first: no more operations, no more programs, nobody who looks.
        running.enter_context(observer)
        running.enter_context(desk)
        running.enter_context(rounds)
        running.callback(engine.drain)
        running.callback(node.stop)
        running.enter_context(engine)
        yield
