"""Compares what the database says with what the node has, and tells the difference. It changes nothing."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from agent.core.errors import HostFailure
from agent.core.operation import Operation
from agent.core.owner import Owner
from agent.core.workload import Workload, WorkloadState
from agent.host.network import Network
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.runtime import Runtime, UnitState
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from agent.store.operations import OperationStore
from agent.store.trash import Trashed, TrashStore
from agent.store.workloads import WorkloadStore

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two looks."""

TRASH = "trash"
FOLDERS = ("workloads", TRASH)
"""The folders of an owner's data sets whose children each belong to a row."""

Answer = TypeVar("Answer")


class Difference(BaseModel):
    """One thing that is not as the database says.

    Attributes:
        about: what kind of thing it is.
        what: is it, one sentence.
        hint: what an admin may do about it. Nothing of it is ever done without one.
    """

    model_config = ConfigDict(frozen=True)

    about: Literal["data set", "unit", "container", "bridge"]
    what: str
    hint: str


class Comparison(BaseModel):
    """What one look found.

    Attributes:
        differences: what is known to be different.
        unclear: what could not be looked at, and why; of that nothing is claimed.
    """

    model_config = ConfigDict(frozen=True)

    differences: tuple[Difference, ...] = ()
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Rows:
    """What the database says at a moment."""

    workloads: dict[str, Workload]
    trashed: dict[int, Trashed]
    active: tuple[Operation, ...]


class Reconcile:
    """Looks for what belongs to nobody, and for what somebody has and is not there.

    Operations go on meanwhile. So the rows are read before the node is looked at and again afterwards: what
    is there is nobody's only where it had a row neither time, and what is not there is missing only where it
    had one both times. What an operation has in hand is left to it.

    Args:
        node: the node.
        pool: the ZFS pool.
        bridge: that containers are on.
        runtime: of the containers.
        workloads: what there is to be.
        trash: what is kept of what was destroyed.
        operations: what is being changed.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        node: Node,
        pool: str,
        bridge: str,
        runtime: Runtime,
        workloads: WorkloadStore,
        trash: TrashStore,
        operations: OperationStore,
    ) -> None:
        self._node = node
        self._layout = Layout(pool)
        self._bridge = bridge
        self._runtime = runtime
        self._zfs = Zfs(node)
        self._network = Network(node)
        self._workloads = workloads
        self._trash = trash
        self._operations = operations
        self._known: set[str] = set()

    def look(self) -> Comparison:
        """Compare once."""
        unclear: list[str] = []
        before = self._rows()
        datasets = _asked(self._datasets, unclear)
        installed = _asked(self._runtime.installed, unclear)
        states = _asked(self._runtime.states, unclear)
        bridge = self._network.bridge_up(self._bridge)
        if bridge is Presence.UNKNOWN:
            unclear.append(f"It cannot be told whether there is the bridge {self._bridge}.")
        after = self._rows()
        busy = {one.machine for rows in (before, after) for one in rows.active}
        found: list[Difference] = []
        if datasets is not None:
            found += self._strange_datasets(datasets, before, after, busy)
            found += self._missing_datasets(datasets, before, after, busy)
        if installed is not None:
            found += self._strange_machines(installed, before, after, busy)
        if states is not None:
            found += _idle(states, before, after, busy)
        found += _unmade(before, after, busy)
        if bridge is Presence.ABSENT:
            found.append(
                Difference(
                    about="bridge",
                    what=f"The bridge {self._bridge} is not up, so no container has a network.",
                    hint="Set it up: systemctl restart systemd-networkd",
                )
            )
        return Comparison(differences=tuple(found), unclear=tuple(unclear))

    def report(self) -> None:
        """Compare once, and write into the log what is new; ``voxnix doctor`` compares by itself."""
        seen = self.look()
        for one in seen.differences:
            if one.what not in self._known:
                log.warning("%s %s", one.what, one.hint)
        for what in seen.unclear:
            if what not in self._known:
                log.warning("%s", what)
        self._known = {one.what for one in seen.differences} | set(seen.unclear)

    def _rows(self) -> _Rows:
        return _Rows(
            {one.machine: one for one in self._workloads.of_node(self._node.name)},
            {one.operation: one for one in self._trash.of_node(self._node.name)},
            tuple(self._operations.active(self._node.name)),
        )

    def _datasets(self) -> dict[str, int]:
        """What owners have, by data set, in bytes; empty only where it is known that nobody has anything."""
        above = self._layout.users
        try:
            return {name: one.used for name, one in self._zfs.breakdown(above).items()}
        except HostFailure:
            if self._zfs.presence(above) is Presence.ABSENT:
                return {}
            raise

    def _strange_datasets(
        self, datasets: dict[str, int], before: _Rows, after: _Rows, busy: set[str]
    ) -> list[Difference]:
        """Data sets of which no row knows."""
        known = {self._place(one) for rows in (before, after) for one in rows.workloads.values()}
        known |= {self._kept(one) for rows in (before, after) for one in rows.trashed.values()}
        moving = {one.id for rows in (before, after) for one in rows.active}
        found: list[Difference] = []
        for name, used in sorted(datasets.items()):
            kind, last = _belonging(name.removeprefix(f"{self._layout.users}/"))
            if not kind or name in known or last in busy:
                continue
            number, _, machine = last.partition("-")
            if kind == TRASH and (machine in busy or (number.isdigit() and int(number) in moving)):
                continue
            where = "the trash" if kind == TRASH else "the containers"
            found.append(
                Difference(
                    about="data set",
                    what=f"The data set {name} ({used >> 20} MiB) lies among {where} and belongs to none.",
                    hint=f"Look what is in it. When nobody needs it: zfs destroy -r {name}",
                )
            )
        return found

    def _missing_datasets(
        self, datasets: dict[str, int], before: _Rows, after: _Rows, busy: set[str]
    ) -> list[Difference]:
        """Rows whose data sets are not there."""
        found: list[Difference] = []
        for one in after.workloads.values():
            made = one.state is not WorkloadState.CREATING
            if not made or one.machine in busy or one.machine not in before.workloads:
                continue
            place = self._place(one)
            missing = [
                name for name in (place, f"{place}/root", f"{place}/workspace") if name not in datasets
            ]
            if missing:
                found.append(
                    Difference(
                        about="data set",
                        what=f"{one.name} of {one.owner} has no data set {missing[0]} any more.",
                        hint=f"Bring it back from a backup, or give it up: {_typed('destroy', one)}",
                    )
                )
        moving = {one.arguments.trash for rows in (before, after) for one in rows.active}
        for one in after.trashed.values():
            if one.operation not in before.trashed or one.operation in moving or one.workload.machine in busy:
                continue
            if self._kept(one) not in datasets:
                found.append(
                    Difference(
                        about="data set",
                        what=f"{one.workload.name} of {one.workload.owner} is in the trash, and its data set "
                        f"{self._kept(one)} is not there any more.",
                        hint=f"Bring it back from a backup, or forget it: {_typed('purge', one.workload)}",
                    )
                )
        return found

    def _strange_machines(
        self, installed: frozenset[str], before: _Rows, after: _Rows, busy: set[str]
    ) -> list[Difference]:
        """Units of which no row knows."""
        known = before.workloads.keys() | after.workloads.keys() | busy
        return [
            Difference(
                about="unit",
                what=f"There is a unit of ours, {self._runtime.unit(name)}, and no such container.",
                hint=f"When nobody needs it: {self._runtime.by_hand(name)}",
            )
            for name in sorted(installed - known)
        ]

    def _place(self, workload: Workload) -> str:
        return self._layout.workload(Owner(workload.owner), workload.machine)

    def _kept(self, trashed: Trashed) -> str:
        workload = trashed.workload
        return self._layout.trash(Owner(workload.owner), trashed.operation, workload.machine)


def _idle(states: dict[str, UnitState], before: _Rows, after: _Rows, busy: set[str]) -> list[Difference]:
    """Containers that are to run, and do not."""
    at_rest = (UnitState.INACTIVE, UnitState.FAILED)
    return [
        Difference(
            about="container",
            what=f"{one.name} of {one.owner} is to run, and does not: its unit is {state}.",
            hint=f"See why: {_typed('logs', one)}. Then: {_typed('start', one)}, or {_typed('stop', one)}",
        )
        for one in after.workloads.values()
        if one.wanted and one.state is not WorkloadState.CREATING and one.machine not in busy
        if (known := before.workloads.get(one.machine)) is not None and known.wanted
        if (state := states.get(one.machine, UnitState.INACTIVE)) in at_rest
    ]


def _unmade(before: _Rows, after: _Rows, busy: set[str]) -> list[Difference]:
    """Containers that were begun, and that nobody is making any more."""
    return [
        Difference(
            about="container",
            what=f"{one.name} of {one.owner} was never made whole, and nothing works on it.",
            hint=f"Give it up: {_typed('destroy', one)}",
        )
        for one in after.workloads.values()
        if one.state is WorkloadState.CREATING and one.machine not in busy and one.machine in before.workloads
    ]


def _typed(verb: str, workload: Workload) -> str:
    """What an admin types to do something with somebody's container."""
    return f"voxnix {verb} {workload.name} --owner {workload.owner}"


def _belonging(below: str) -> tuple[str, str]:
    """Of a data set below all owners': which folder of its owner it is directly in, and its name there."""
    match below.split("/"):
        case [_, kind, name] if kind in FOLDERS:
            return kind, name
        case _:
            return "", ""


def _asked(ask: Callable[[], Answer], unclear: list[str]) -> Answer | None:
    """What the node answers; None where it does not, and why is added to what is unclear."""
    try:
        return ask()
    except HostFailure as failure:
        unclear.append(str(failure.problem))
        return None
