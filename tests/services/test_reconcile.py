"""What is not as the database says: it is told, with what to do about it, and nothing is done."""

import logging
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import datetime, timedelta

import pytest

from agent.app import App
from agent.core.operation import OperationKind, OperationState
from agent.core.workload import ContainerSpec, WorkloadState, machine_name
from agent.host.nspawn import Nspawn, unit_file
from agent.host.runtime import UnitState
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.host.simulated.world import Unit
from agent.services.layout import Layout
from agent.services.reconcile import Comparison, Reconcile
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.trash import TrashStore
from agent.store.workloads import WorkloadStore
from tests.services.conftest import ANN, ASKED, BOB, made

RUNS: tuple[WorkloadState, tuple[str, ...]] = (WorkloadState.RUNNING, ())


class Compared:
    """A node with a container of ann's and what is in her trash, looked at when a test says so."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.now = now
        self.node = SimulatedNode("box", pace=Pace.instant())
        self.workloads, self.trash = WorkloadStore(database), TrashStore(database)
        self.operations = OperationStore(database)
        self.layout = Layout("tank")
        added = self.workloads.add(ANN, ContainerSpec(name="dev"), "box", now)
        self.workloads.observe("box", {added.machine: (WorkloadState.RUNNING, ())}, now)
        self.workload = added.model_copy(update={"state": WorkloadState.RUNNING})
        self.node.write(unit_file(added.machine), "[Unit]\n")
        self.node.world.units[added.machine] = Unit(active=True)
        self.kept = self.layout.trash(ANN, 7, "old-abcde")
        old = added.model_copy(update={"machine": "old-abcde", "spec": ContainerSpec(name="old")})
        self.trash.add(7, old, now, now + timedelta(days=7))
        for above in (self.place, self.kept):
            for part in ("root", "workspace"):
                self.node.run(["zfs", "create", "-p", f"{above}/{part}"])
        self.reconcile = Reconcile(
            self.node, "tank", "voxnix0", Nspawn(self.node), self.workloads, self.trash, self.operations
        )

    @property
    def place(self) -> str:
        """The data set of ann's container."""
        return self.layout.workload(ANN, self.workload.machine)

    def look(self) -> Comparison:
        """Look, and see to it that looking changed nothing on the node."""
        before = deepcopy(self.node.world)
        seen = self.reconcile.look()
        assert self.node.world == before
        return seen

    def told(self) -> str:
        """The one difference that there is."""
        seen = self.look()
        (one,) = seen.differences
        assert seen.unclear == ()
        assert one.hint
        return f"{one.what} {one.hint}"

    def without(self, dataset: str) -> None:
        """Have a data set, and what is below it, not be there."""
        for name in [*self.node.world.datasets]:
            if name == dataset or name.startswith(f"{dataset}/"):
                del self.node.world.datasets[name]


@pytest.fixture
def compared(database: Database, now: datetime) -> Compared:
    """A node, with a database of each kind."""
    return Compared(database, now)


def test_where_all_is_as_it_is_to_be_nothing_is_told(compared: Compared) -> None:
    """Containers, the trash, and what belongs to no container by its place."""
    compared.node.run(["zfs", "create", "tank/users/ann/else"])
    assert compared.look() == Comparison()


STRANGE: dict[str, tuple[Callable[[Compared], object], tuple[str, ...]]] = {
    "a data set among the containers": (
        lambda on: on.node.run(["zfs", "create", "tank/users/ann/workloads/left-abcde"]),
        ("tank/users/ann/workloads/left-abcde (0 MiB)", "zfs destroy -r tank/users/ann/workloads/left-abcde"),
    ),
    "a data set in the trash": (
        lambda on: on.node.run(["zfs", "create", "tank/users/ann/trash/3-left-abcde"]),
        ("lies among the trash", "zfs destroy -r tank/users/ann/trash/3-left-abcde"),
    ),
    "another owner's data set of the same name": (
        lambda on: on.node.run(["zfs", "create", "-p", on.layout.workload(BOB, on.workload.machine)]),
        ("tank/users/bob/workloads/dev-", "belongs to none"),
    ),
    "a unit": (
        lambda on: on.node.write(
            "/etc/systemd/system/systemd-nspawn@left-abcde.service.d/50-voxnix-machine.conf", "[Unit]\n"
        ),
        ("systemd-nspawn@left-abcde.service", "systemctl stop systemd-nspawn@left-abcde.service && rm -r"),
    ),
    "a container without its data sets": (
        lambda on: on.without(on.place),
        ("dev of ann has no data set tank/users/ann/workloads/dev-", "voxnix destroy dev --owner ann"),
    ),
    "a container without its workspace": (
        lambda on: on.without(f"{on.place}/workspace"),
        ("/workspace any more", "voxnix destroy dev --owner ann"),
    ),
    "a row of the trash": (
        lambda on: on.without(on.kept),
        ("old of ann is in the trash", "voxnix purge old --owner ann"),
    ),
    "what was to run": (
        lambda on: on.node.run(["systemctl", "stop", f"systemd-nspawn@{on.workload.machine}.service"]),
        ("dev of ann is to run, and does not: its unit is inactive.", "voxnix start dev --owner ann"),
    ),
    "what nobody is making any more": (
        lambda on: on.workloads.add(ANN, ContainerSpec(name="half"), "box", on.now),
        ("half of ann was never made whole", "voxnix destroy half --owner ann"),
    ),
    "the bridge": (
        lambda on: on.node.world.bridges.clear(),
        ("The bridge voxnix0 is not up", "systemctl restart systemd-networkd"),
    ),
}
"""What happens, and what is told of it."""


@pytest.mark.parametrize("what", STRANGE)
def test_what_is_not_as_it_is_to_be_is_told_with_what_to_do(compared: Compared, what: str) -> None:
    """And left as it is: an admin has to know whose it is, and whether anybody needs it."""
    happen, words = STRANGE[what]
    happen(compared)
    told = compared.told()
    for word in words:
        assert word in told


@pytest.mark.parametrize(
    ("match", "stderr"),
    [
        ("^zfs (get|list)", "cannot open 'tank': pool I/O is currently suspended"),
        ("^zfs", "internal error: failed to initialize ZFS library"),
        ("^find", "find: Permission denied"),
        ("^systemctl show", "Failed to connect to bus"),
        ("^ip", "Cannot open netlink socket"),
    ],
)
def test_what_cannot_be_looked_at_is_not_absent(compared: Compared, match: str, stderr: str) -> None:
    """It is told that it is unclear, and of nothing that it is missing; the rest is looked at."""
    compared.node.run(["zfs", "create", "tank/users/ann/workloads/left-abcde"])
    compared.node.faults.append(Fault(match, stderr=stderr, times=None))
    seen = compared.look()
    assert len(seen.unclear) == 1
    assert [one.what for one in seen.differences if "left-abcde" not in one.what] == []
    assert bool(seen.differences) is not match.startswith("^zfs")


def test_a_pool_in_which_nobody_has_anything_is_empty_and_not_unclear(compared: Compared) -> None:
    """Only where the pool itself answers: then what somebody is to have is really missing."""
    compared.without("tank/users")
    seen = compared.look()
    assert seen.unclear == ()
    assert {one.what.split()[0] for one in seen.differences} == {"dev", "old"}
    compared.without("tank")
    assert (compared.look().differences, len(compared.look().unclear)) == ((), 1)


def test_what_an_operation_has_in_hand_is_left_to_it(compared: Compared) -> None:
    """It makes things before, and takes them away after, they have a row."""
    workload = compared.workload
    operation = compared.operations.add(workload, OperationKind.RESTART, ASKED, compared.now)
    compared.without(f"{compared.place}/workspace")
    compared.node.run(["systemctl", "stop", f"systemd-nspawn@{workload.machine}.service"])
    compared.node.run(["zfs", "create", f"tank/users/ann/trash/{operation.id}-other-abcde"])
    assert compared.look() == Comparison()
    compared.operations.move(operation.id, OperationState.CANCELLED, compared.now)
    assert len(compared.look().differences) == 3


def test_what_changes_meanwhile_is_no_difference(compared: Compared, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that is made, and one that is destroyed, while the node is being looked at."""
    on, seen_states = compared, Nspawn.states
    machine = machine_name(BOB, "new")

    def meanwhile(runtime: Nspawn, names: Sequence[str] | None = None) -> dict[str, UnitState]:
        on.workloads.observe(
            "box", {on.workloads.add(BOB, ContainerSpec(name="new"), "box", on.now).machine: RUNS}, on.now
        )
        on.workloads.remove("box", on.workload.machine)
        return seen_states(runtime, names)

    for part in (on.layout.root, on.layout.workspace):
        on.node.run(["zfs", "create", "-p", part(BOB, machine)])
    on.node.write(unit_file(machine), "[Unit]\n")
    monkeypatch.setattr(Nspawn, "states", meanwhile)
    assert on.look() == Comparison()


def test_the_log_has_each_difference_once(compared: Compared, caplog: pytest.LogCaptureFixture) -> None:
    """When it comes, and when it comes again."""
    strange = "tank/users/ann/workloads/left-abcde"
    with caplog.at_level(logging.WARNING, "agent.services.reconcile"):
        for there in (True, True, False, True):
            compared.without(strange)
            if there:
                compared.node.run(["zfs", "create", strange])
            compared.reconcile.report()
    assert len([text for text in caplog.messages if strange in text]) == 2


def test_the_doctor_tells_it_and_calls_nothing_broken(app: App, node: SimulatedNode) -> None:
    """A deploy is not taken back for what somebody's container left behind."""
    made(app)
    node.run(["zfs", "create", "tank/users/ann/workloads/left-abcde"])
    (found,) = [one for one in app.services.diagnostics.check() if one.name == "containers"]
    assert (found.ok, "left-abcde" in found.detail) == (None, True)
    assert found.hint.endswith("zfs destroy -r tank/users/ann/workloads/left-abcde")
    node.faults.append(Fault("^find", stderr="find: Permission denied"))
    node.run(["zfs", "destroy", "-r", "tank/users/ann/workloads/left-abcde"])
    (found,) = [one for one in app.services.diagnostics.check() if one.name == "containers"]
    assert (found.ok, "Permission denied" in found.detail) == (None, True)
