"""Another name, and other limits: the machine and all that is in it stay."""

from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.operation import Operation, OperationState, Request
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.simulated import SimulatedNode
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from tests.services.conftest import ANN, ASKED, made

GIB = 1 << 30


def done(app: App, operation: Operation) -> Operation:
    """An operation at its end, which is a good one."""
    over = app.services.operations.wait(ANN, operation.id, 30)
    assert over.state is OperationState.DONE, over.problem
    return over


def test_a_container_gets_another_name(app: App, node: SimulatedNode) -> None:
    """It has its files, its secrets and its address, runs, and calls itself so; the old name is free."""
    made(app)
    app.services.secrets.give(ANN, "gh.token", "hunter2", "dev")
    before = app.services.workloads.find(ANN, "dev")
    app.services.workloads.exec(ANN, "dev", ["sh", "-c", "echo kept > /workspace/note"], request=ASKED)
    over = done(app, app.services.workloads.rename(ANN, "dev", "prod", ASKED))
    assert "It was called dev, and is called prod." in over.found
    (after,) = app.services.workloads.list(ANN)
    assert (after.name, after.machine, after.state) == ("prod", before.machine, WorkloadState.RUNNING)
    assert after.generation is not None
    assert after.generation.spec.name == "prod"
    assert app.services.files.get(ANN, "prod", "note") == b"kept\n"
    assert "Hostname=prod\n" in node.world.files[f"/etc/systemd/nspawn/{after.machine}.nspawn"]
    secrets = Path(app.settings.secrets_dir) / "owners/ann/of"
    assert node.read(str(secrets / "prod/gh.token")) == "hunter2"
    assert node.read(str(secrets / "dev/gh.token")) is None
    made(app)
    assert app.services.workloads.find(ANN, "dev").machine != before.machine


def test_no_secret_is_lost_to_another_name(app: App, node: SimulatedNode) -> None:
    """What was given for the new name is not written over: the container is called and given as before."""
    made(app)
    app.services.secrets.give(ANN, "gh.token", "dev's", "dev")
    app.services.secrets.give(ANN, "gh.token", "prod's", "prod")
    over = app.services.operations.wait(ANN, app.services.workloads.rename(ANN, "dev", "prod", ASKED).id, 30)
    assert over.state is OperationState.FAILED
    assert over.problem is not None
    assert "gh.token" in over.problem.why
    assert "--container prod" in over.problem.hint
    secrets = Path(app.settings.secrets_dir) / "owners/ann/of"
    assert node.read(str(secrets / "dev/gh.token")) == "dev's"
    assert node.read(str(secrets / "prod/gh.token")) == "prod's"
    assert app.services.workloads.find(ANN, "dev").state is WorkloadState.RUNNING


def test_one_that_rests_is_not_started_for_it(app: App) -> None:
    """Its name holds from its next start on."""
    made(app)
    done(app, app.services.workloads.stop(ANN, "dev", ASKED))
    done(app, app.services.workloads.rename(ANN, "dev", "prod", ASKED))
    assert app.services.workloads.find(ANN, "prod").state is WorkloadState.STOPPED
    done(app, app.services.workloads.start(ANN, "prod", ASKED))


def test_an_update_that_was_asked_for_before_does_not_bring_the_old_name_back(app: App) -> None:
    """It names what its person called it when they asked."""
    made(app)
    renamed = app.services.workloads.rename(ANN, "dev", "prod", ASKED)
    updated = app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("zsh",)), ASKED)
    done(app, renamed)
    done(app, updated)
    (only,) = app.services.workloads.list(ANN)
    assert (only.name, only.spec.name, only.spec.modules) == ("prod", "prod", ("zsh",))


def test_a_name_that_somebody_takes_meanwhile_is_not_taken_from_them(app: App) -> None:
    """The container is called as before, and runs."""
    made(app)
    renamed = app.services.workloads.rename(ANN, "dev", "prod", ASKED)
    made(app, "prod")
    over = app.services.operations.wait(ANN, renamed.id, 30)
    names = [one.name for one in app.services.workloads.list(ANN)]
    assert (over.state, names) in (
        (OperationState.FAILED, ["dev", "prod"]),
        (OperationState.DONE, ["prod"]),
    )


def test_limits_are_set_at_once(app: App, node: SimulatedNode) -> None:
    """For more than before nobody is asked, and it runs on."""
    made(app)
    above = Layout("tank").workload(ANN, app.services.workloads.find(ANN, "dev").machine)
    over = done(app, app.services.workloads.resize(ANN, "dev", 30 * GIB, ASKED, 2 * GIB))
    properties = Zfs(node).properties(above)
    assert (properties.quota, properties.reservation) == (30 * GIB, 2 * GIB)
    assert over.plan is None
    workload = app.services.workloads.find(ANN, "dev")
    assert (workload.quota, workload.reservation) == (30 * GIB, 2 * GIB)
    done(app, app.services.workloads.resize(ANN, "dev", 30 * GIB, ASKED, 0))
    assert Zfs(node).properties(above).reservation == 0


def test_to_less_than_before_a_person_agrees(app: App, node: SimulatedNode) -> None:
    """With the numbers; also where less is what the setting says."""
    made(app)
    done(app, app.services.workloads.resize(ANN, "dev", 30 * GIB, ASKED))
    asked = app.services.workloads.resize(ANN, "dev", 0, ASKED)
    assert asked.plan is not None
    assert "take 20.0 GiB at most, rather than 30.0 GiB" in asked.plan.summary
    (loss,) = asked.plan.losses
    assert (loss.what, loss.amount) == ("room", 10 * GIB)
    app.services.operations.approve(ANN, asked.id, asked.plan.digest)
    done(app, asked)
    above = Layout("tank").workload(ANN, app.services.workloads.find(ANN, "dev").machine)
    assert Zfs(node).properties(above).quota == 20 * GIB


@pytest.mark.parametrize("verb", ["rename", "resize", "destroy"])
def test_the_same_request_is_one_operation(app: App, verb: str) -> None:
    """Also when it is over, and the container has another name by then, or none."""
    made(app)
    workloads, keyed = app.services.workloads, Request(channel="test", key="tg:1:2")

    def ask() -> Operation:
        if verb == "rename":
            return workloads.rename(ANN, "dev", "prod", keyed)
        if verb == "resize":
            return workloads.resize(ANN, "dev", 30 * GIB, keyed)
        return workloads.destroy(ANN, "dev", keyed)

    first = ask()
    if first.plan is not None:
        app.services.operations.approve(ANN, first.id, first.plan.digest)
    done(app, first)
    assert ask().id == first.id


def test_a_new_setting_is_the_limit_of_what_is_made_from_then_on(node: SimulatedNode, tmp_path: Path) -> None:
    """And `voxnix resize` can go beyond it."""
    given = settings.load(simulate=True, state_dir=tmp_path, node_name="box", workload_quota="3G")
    app = App(given, node)
    try:
        made(app)
        above = Layout("tank").workload(ANN, app.services.workloads.find(ANN, "dev").machine)
        assert Zfs(node).properties(above).quota == 3 * GIB
    finally:
        app.close()
