"""What cannot work is refused before anything begins, with numbers and what would help."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import HostFailure, InvalidRequest, NameInUse, NoSpace
from agent.core.operation import Operation, OperationState
from agent.core.workload import ContainerSpec
from agent.host.simulated import Fault, SimulatedNode
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from tests.services.conftest import ANN, ASKED, made

GIB = 1 << 30
LAYOUT = Layout("tank")


@pytest.fixture
def app(node: SimulatedNode, tmp_path: Path) -> Iterator[App]:
    """The product, on a pool of 20 GiB."""
    given = settings.load(
        simulate=True, state_dir=tmp_path, node_name="box", workload_quota="4G", owner_quota="8G"
    )
    opened = App(given, node)
    yield opened
    opened.close()


@pytest.fixture
def machine(app: App) -> str:
    """A container that runs, as the node calls it."""
    made(app)
    return app.services.workloads.find(ANN, "dev").machine


def asked(app: App) -> int:
    """How many operations there are."""
    return len(app.services.operations.list(ANN))


def new(app: App) -> Operation:
    """One more container."""
    return app.services.workloads.create(ANN, ContainerSpec(name="new", modules=("git",)), ASKED)


def copied(app: App) -> Operation:
    """A copy of the one there is."""
    return app.services.storage.clone(ANN, "dev", "copy", ASKED)


def changes(app: App) -> list[Exception]:
    """Ask for everything that uses a container, and tell how each is refused."""
    workloads = app.services.workloads
    errors: list[Exception] = []
    for ask in (
        lambda: workloads.start(ANN, "dev", ASKED),
        lambda: workloads.restart(ANN, "dev", ASKED),
        lambda: workloads.update(ANN, ContainerSpec(name="dev", modules=("zsh",)), ASKED),
        lambda: workloads.rename(ANN, "dev", "prod", ASKED),
        lambda: workloads.resize(ANN, "dev", 5 * GIB, ASKED),
    ):
        with pytest.raises(HostFailure) as refused:
            ask()
        errors.append(refused.value)
    return errors


def test_a_full_pool(app: App, node: SimulatedNode, machine: str) -> None:
    """With how much is free, and what would free more."""
    node.world.datasets["tank"].written = 19 * GIB + GIB // 2
    before = asked(app)
    for ask in (new, copied):
        with pytest.raises(
            NoSpace, match=r"The pool tank is full: \d+.\d MiB of 20.0 GiB are free"
        ) as refused:
            ask(app)
        assert "destroy and purge a container" in refused.value.problem.hint.lower()
    with pytest.raises(NoSpace, match="is full"):
        app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("zsh",)), ASKED)
    assert asked(app) == before
    assert machine in str(node.world.datasets)


def test_an_owner_who_has_all_that_they_may_have(app: App, node: SimulatedNode, machine: str) -> None:
    """With what of it is in the trash: to destroy something frees nothing, to purge it does."""
    made(app, "old")
    node.grow(LAYOUT.workspace(ANN, app.services.workloads.find(ANN, "old").machine), 3 * GIB)
    proposed = app.services.workloads.destroy(ANN, "old", ASKED)
    assert proposed.plan is not None
    app.services.operations.approve(ANN, proposed.id, proposed.plan.digest)
    app.services.operations.wait(ANN, proposed.id, 30)
    Zfs(node).set(LAYOUT.owner(ANN), "quota", "4G")
    for ask in (new, copied):
        with pytest.raises(NoSpace, match=r"You have 3.\d GiB of the 4.0 GiB that you may have") as refused:
            ask(app)
        assert "Purge your trash (3.0 GiB)" in refused.value.problem.hint
    assert machine in str(node.world.datasets)


def test_a_container_that_has_all_that_it_may_take(app: App, node: SimulatedNode, machine: str) -> None:
    """It is not made of something else; but it can be started, so that something in it can be removed."""
    node.grow(LAYOUT.workspace(ANN, machine), 4 * GIB - 40 * (1 << 20))
    with pytest.raises(NoSpace, match=r"dev takes 4.0 GiB of the 4.0 GiB that it may take"):
        app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("zsh",)), ASKED)
    restarted = app.services.workloads.restart(ANN, "dev", ASKED)
    assert app.services.operations.wait(ANN, restarted.id, 30).state is OperationState.DONE


@pytest.mark.parametrize("part", ["root", "workspace"])
@pytest.mark.parametrize("problem", ["not mounted", "read-only", "not there"])
def test_a_data_set_that_is_not_as_it_has_to_be(
    app: App, node: SimulatedNode, machine: str, part: str, problem: str
) -> None:
    """Nothing begins, whatever is asked for, and the answer names it and the command to look at it."""
    name = f"{LAYOUT.workload(ANN, machine)}/{part}"
    if problem == "not mounted":
        node.world.datasets[name].mounted = False
    elif problem == "read-only":
        node.world.datasets[name].readonly = True
    else:
        del node.world.datasets[name]
    before = asked(app)
    for refused in changes(app):
        assert f"{name} is {problem}" in str(refused)
        assert "Nothing was begun" in str(refused)
        assert "`zfs " in str(refused)
    assert asked(app) == before


def test_where_zfs_does_not_answer(app: App, node: SimulatedNode, machine: str) -> None:
    """Nobody can tell is not the same as nothing is wrong."""
    node.faults.append(Fault("zfs list -H -t all -o name tank", stderr="internal error"))
    with pytest.raises(HostFailure, match="ZFS does not answer"):
        app.services.workloads.restart(ANN, "dev", ASKED)
    assert machine in str(node.world.datasets)


def test_limits_that_cannot_be(app: App, node: SimulatedNode, machine: str) -> None:
    """Less than what it takes, more than its owner may have, more set aside than it may take or is there."""
    workloads = app.services.workloads
    node.grow(LAYOUT.workspace(ANN, machine), 3 * GIB)
    for quota, reservation, error, match in (
        (0, None, InvalidRequest, "may take 4.0 GiB already"),
        (4 * GIB, 0, InvalidRequest, "may take 4.0 GiB already"),
        (2 * GIB, None, NoSpace, r"dev takes 3.\d GiB, so it cannot be held to 2.0 GiB"),
        (9 * GIB, None, InvalidRequest, "All that you have may take 8.0 GiB together"),
        (5 * GIB, 6 * GIB, InvalidRequest, "It may take 5.0 GiB at most"),
    ):
        with pytest.raises(error, match=match):
            workloads.resize(ANN, "dev", quota, ASKED, reservation)
    node.world.datasets["tank"].written = 16 * GIB
    with pytest.raises(NoSpace, match="cannot be set aside for dev"):
        workloads.resize(ANN, "dev", 8 * GIB, ASKED, 7 * GIB)


def test_a_name_that_is_taken_or_is_the_same(app: App, machine: str) -> None:
    """Nothing is stopped for it."""
    made(app, "prod")
    with pytest.raises(NameInUse):
        app.services.workloads.rename(ANN, "dev", "prod", ASKED)
    with pytest.raises(InvalidRequest, match="called so already"):
        app.services.workloads.rename(ANN, "dev", "dev", ASKED)
    assert machine
