"""How much room everybody may take."""

import logging
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import NoSpace
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.host.zfs import Zfs
from agent.services.limits import Limits
from tests.services.conftest import ANN, made

GIB = 1 << 30


@pytest.fixture
def zfs(node: SimulatedNode) -> Zfs:
    """The node's data sets."""
    return Zfs(node)


def limits(zfs: Zfs, **given: str) -> Limits:
    """The limits of a node with such settings."""
    return Limits(settings.load(simulate=True, state_dir=Path("/nowhere"), node_name="box", **given), zfs)


def workload(now: object, **given: object) -> Workload:
    """A container of ann's."""
    return Workload.model_validate(
        {
            "owner": "ann",
            "spec": ContainerSpec(name="dev"),
            "machine": "dev-aaaaa",
            "node": "box",
            "state": WorkloadState.RUNNING,
            "created_at": now,
            **given,
        }
    )


def test_a_new_container_has_one_limit_and_so_has_its_owner(app: App, zfs: Zfs) -> None:
    """Over its system, /workspace and all that is kept of them; none of the parts has one of its own."""
    made(app)
    assert {name: one.quota for name, one in zfs.filled("tank/users").items()} == {
        "tank/users/ann": 100 * GIB,
        f"tank/users/ann/workloads/{app.services.workloads.find(ANN, 'dev').machine}": 20 * GIB,
    }


def test_a_setting_that_has_changed_holds_from_the_next_start_on(zfs: Zfs, now: object) -> None:
    """For those who are there already, too; and what had a limit once has it no more."""
    zfs.create("tank/users/ann/workloads/dev-aaaaa/root", quota="10G")
    zfs.create("tank/users/ann/workloads/big-bbbbb")
    both = [workload(now), workload(now, machine="big-bbbbb", quota=30 * GIB)]
    limits(zfs, workload_quota="5G").ensure(both)
    assert {name: one.quota for name, one in zfs.filled("tank").items()} == {
        "tank/users/ann": 100 * GIB,
        "tank/users/ann/workloads/dev-aaaaa": 5 * GIB,
        "tank/users/ann/workloads/big-bbbbb": 30 * GIB,
    }
    limits(zfs, owner_quota="none").ensure(both)
    assert "tank/users/ann" not in zfs.filled("tank")


def test_where_all_is_as_it_should_be_nothing_is_set(app: App, node: SimulatedNode) -> None:
    """However many there are, it takes no more commands to find that out."""
    made(app)
    alone = SimulatedNode("box", pace=Pace.instant())  # where no worker looks at other things meanwhile
    alone.world = node.world
    limits(Zfs(alone)).ensure([app.services.workloads.find(ANN, "dev")])
    assert 0 < len(alone.commands) <= 2
    assert {words[1] for words in alone.commands} <= {"list", "get"}


def test_who_has_more_already_keeps_the_old_limit(
    node: SimulatedNode, zfs: Zfs, now: object, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so, and the others get theirs; for something new there is no room."""
    zfs.create("tank/users/ann/workloads/dev-aaaaa/workspace")
    node.grow("tank/users/ann/workloads/dev-aaaaa/workspace", 2 * GIB)
    with caplog.at_level(logging.WARNING):
        limits(zfs, workload_quota="1G").ensure([workload(now)])
    assert set(zfs.filled("tank")) == {"tank/users/ann"}
    assert "tank/users/ann/workloads/dev-aaaaa is not held to its limit" in caplog.text
    with pytest.raises(NoSpace):
        limits(zfs, owner_quota="1G").ensure_owner(ANN)


def test_of_what_is_not_there_or_does_not_answer_nothing_is_asked(
    now: object, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker starts all the same."""
    silent = SimulatedNode("box", pace=Pace.instant())
    limits(Zfs(silent)).ensure([workload(now, state=WorkloadState.CREATING)])
    assert silent.commands == []
    silent.faults.append(Fault("zfs get", stderr="internal error"))
    limits(Zfs(silent)).ensure([workload(now)])
    assert "could not be looked at" in caplog.text
