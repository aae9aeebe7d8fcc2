"""What a container is made of changes, and can be what it was."""

import pytest

from agent.app import App
from agent.core.errors import InvalidRequest, InvalidSpec, UnknownModule, UnknownWorkload
from agent.core.operation import Operation, OperationState
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from agent.host.simulated import Fault, SimulatedNode
from agent.services.layout import Layout
from tests.services.conftest import ANN, ASKED, BOB, made


def ended(app: App, operation: Operation) -> Operation:
    """An operation at its end, after somebody agreed to it where that is needed."""
    if operation.plan is not None:
        app.services.operations.approve(ANN, operation.id, operation.plan.digest)
    return app.services.operations.wait(ANN, operation.id, 30)


def updated(app: App, *modules: str) -> Operation:
    """Have dev made of other modules."""
    spec = ContainerSpec(name="dev", modules=modules)
    return ended(app, app.services.workloads.update(ANN, spec, ASKED))


def dev_of(app: App) -> Workload:
    """Ann's container."""
    return app.services.workloads.find(ANN, "dev")


def roots(node: SimulatedNode, workload: Workload) -> dict[str, str]:
    """The roots that are kept of a container: what stands behind their name, and what they are clones of."""
    root = Layout("tank").root(ANN, workload.machine)
    return {name.removeprefix(root): one.origin for name, one in node.world.datasets.items() if root in name}


def test_an_update_makes_a_running_container_of_other_modules(app: App) -> None:
    """It runs afterwards, has what was asked for, and remembers what it was."""
    made(app, "dev", "git")
    before = dev_of(app)
    assert updated(app, "git", "fish").state is OperationState.DONE
    after = dev_of(app)
    assert (after.spec.modules, after.state) == (("fish", "git"), WorkloadState.RUNNING)
    assert after.previous == before.generation
    assert app.services.workloads.exec(ANN, "dev", ["fish", "--version"], request=ASKED).returncode == 0


def test_what_was_in_the_workspace_is_still_there(app: App, node: SimulatedNode) -> None:
    """Another root, the same storage."""
    made(app, "dev", "git")
    workspace = Layout("tank").workspace(ANN, dev_of(app).machine)
    node.grow(workspace, 5000)
    written = node.world.datasets[workspace].written
    updated(app, "fish")
    assert node.world.datasets[workspace].written == written


def test_a_container_that_was_stopped_stays_so(app: App) -> None:
    """It becomes another one without being started."""
    made(app, "dev", "git")
    ended(app, app.services.workloads.stop(ANN, "dev", ASKED))
    assert updated(app, "fish").state is OperationState.DONE
    assert (dev_of(app).state, dev_of(app).spec.modules) == (WorkloadState.STOPPED, ("fish",))


def test_a_rollback_brings_back_what_it_was_and_can_be_undone(app: App, node: SimulatedNode) -> None:
    """Its root is the very one that it had, with all that was in it; and so is the other one afterwards."""
    made(app, "dev", "git")
    first = roots(node, dev_of(app))[""]
    updated(app, "fish")
    second = roots(node, dev_of(app))[""]
    assert ended(app, app.services.workloads.roll_back(ANN, "dev", ASKED)).state is OperationState.DONE
    assert dev_of(app).spec.modules == ("git",)
    assert roots(node, dev_of(app)) == {"": first, "-before": second}
    ended(app, app.services.workloads.roll_back(ANN, "dev", ASKED))
    assert dev_of(app).spec.modules == ("fish",)
    assert roots(node, dev_of(app)) == {"": second, "-before": first}
    assert dev_of(app).state is WorkloadState.RUNNING


def test_before_a_rollback_its_person_sees_what_goes(app: App) -> None:
    """How many modules, and how much of its system is put aside; and agrees, or nothing happens."""
    made(app, "dev", "git")
    updated(app, "fish", "git")
    asked = app.services.workloads.roll_back(ANN, "dev", ASKED)
    assert asked.state is OperationState.PROPOSED
    assert asked.plan is not None
    assert "before its last update: git." in asked.plan.summary
    assert [(one.what, one.unit) for one in asked.plan.losses] == [("modules", "count"), ("root", "bytes")]
    assert asked.plan.losses[0].amount == 1
    app.services.operations.deny(ANN, asked.id)
    assert dev_of(app).spec.modules == ("fish", "git")


def test_only_one_older_root_is_kept(app: App, node: SimulatedNode) -> None:
    """Every further update gives up what was two updates ago."""
    made(app, "dev", "git")
    for modules in (("fish",), ("python",), ("node",)):
        assert updated(app, *modules).state is OperationState.DONE
    assert roots(node, dev_of(app)).keys() == {"", "-before"}


@pytest.mark.parametrize("what", ["copied", "gone back to"])
def test_what_shares_its_roots_keeps_no_container_from_being_updated(
    app: App, node: SimulatedNode, what: str
) -> None:
    """A copy of it, or what it was and is now in the trash: those have what they need, and nothing more."""
    made(app, "dev", "git")
    number = 0
    if what == "gone back to":
        updated(app, "fish")
    app.services.workloads.exec(ANN, "dev", ["sh", "-c", "echo kept > /srv/note"], request=ASKED)
    ended(app, app.services.storage.snapshot(ANN, "dev", ASKED, "good"))
    if what == "copied":
        ended(app, app.services.storage.clone(ANN, "dev", "copy", ASKED, "good"))
    else:
        number = ended(app, app.services.storage.revert(ANN, "dev", "good", ASKED)).id
    for modules in (("python",), ("node",), ("git", "zsh")):
        assert updated(app, *modules).state is OperationState.DONE
    assert roots(node, dev_of(app)).keys() == {"", "-before"}
    if what == "gone back to":
        ended(app, app.services.trash.restore_number(ANN, number, ASKED, "copy"))
    assert app.services.files.get(ANN, "copy", "/srv/note") == b"kept\n"


def test_an_update_that_does_not_come_up_is_taken_back(app: App, node: SimulatedNode) -> None:
    """It runs as it did before, and the person is told why."""
    made(app, "dev", "git")
    before, kept = dev_of(app), roots(node, dev_of(app))[""]
    unit = f"systemd-nspawn@{before.machine}.service"
    node.faults.append(Fault(f"systemctl start {unit}", stderr="Job failed", times=1))
    failed = updated(app, "fish")
    assert failed.state is OperationState.FAILED
    assert failed.problem is not None
    assert "Job failed" in str(failed.problem)
    after = dev_of(app)
    assert (after.generation, after.previous, after.spec) == (before.generation, None, before.spec)
    assert roots(node, after)[""] == kept
    assert app.services.workloads.exec(ANN, "dev", ["git", "--version"], request=ASKED).returncode == 0


@pytest.mark.parametrize("broken", ["zfs rename", "zfs clone", "zfs set", "systemctl stop", "zfs destroy"])
def test_an_update_that_breaks_anywhere_leaves_a_container_that_runs(
    app: App, node: SimulatedNode, broken: str
) -> None:
    """Whatever step fails, it is either as it was or as asked for."""
    made(app, "dev", "git")
    updated(app, "python")
    node.faults.append(Fault(broken, stderr="broken", times=1))
    assert updated(app, "fish").state in {OperationState.FAILED, OperationState.DONE}
    now = dev_of(app)
    assert now.state is WorkloadState.RUNNING
    program = {"python": "python3", "fish": "fish"}[now.spec.modules[0]]
    assert app.services.workloads.exec(ANN, "dev", [program, "--version"], request=ASKED).returncode == 0
    assert "-aside" not in roots(node, now)
    assert ended(app, app.services.workloads.roll_back(ANN, "dev", ASKED)).state is OperationState.DONE


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (ContainerSpec(name="dev", modules=("gti",)), UnknownModule),
        (ContainerSpec(name="dev", modules=("git",), options={"git": {"nam": "x"}}), InvalidSpec),
        (ContainerSpec(name="dev", modules=("git",)), InvalidRequest),
        (ContainerSpec(name="other", modules=("git",)), UnknownWorkload),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_changed(
    app: App, spec: ContainerSpec, error: type[Exception]
) -> None:
    """And so is what it is made of already."""
    made(app, "dev", "git")
    asked = len(app.services.operations.list(ANN))
    with pytest.raises(error):
        app.services.workloads.update(ANN, spec, ASKED)
    assert len(app.services.operations.list(ANN)) == asked


def test_nobody_updates_or_rolls_back_what_is_not_theirs(app: App) -> None:
    """To another owner it does not exist."""
    made(app, "dev", "git")
    with pytest.raises(UnknownWorkload):
        app.services.workloads.update(BOB, ContainerSpec(name="dev", modules=("fish",)), ASKED)
    with pytest.raises(UnknownWorkload):
        app.services.workloads.roll_back(BOB, "dev", ASKED)


def test_what_was_never_updated_cannot_be_rolled_back(app: App) -> None:
    """There is nothing that it was before."""
    made(app, "dev", "git")
    with pytest.raises(InvalidRequest, match="never updated"):
        app.services.workloads.roll_back(ANN, "dev", ASKED)


def test_what_would_come_out_different_is_outdated(app: App) -> None:
    """After a deploy that changes what a module is made of; and nothing is before."""
    made(app, "dev", "git")
    made(app, "other", "fish")
    assert app.services.workloads.outdated(ANN) == []
    assert app.services.workloads.outdated(BOB) == []
    changed = app.settings.model_copy(update={"debian_suite": "forky"})
    reopened = App(changed, app.node)
    try:
        assert [one.name for one in reopened.services.workloads.outdated(ANN)] == ["dev", "other"]
    finally:
        reopened.close()


def test_the_set_up_of_a_module_is_told_its_options(app: App, node: SimulatedNode) -> None:
    """Two containers with different options are made of different images."""
    plain = ContainerSpec(name="dev", modules=("git",))
    named = ContainerSpec(name="named", modules=("git",), options={"git": {"name": "Ann O'Neill"}})
    for spec in (plain, named):
        ended(app, app.services.workloads.create(ANN, spec, ASKED))
    digests = {one.generation.digest for one in app.services.workloads.list(ANN) if one.generation}
    assert len(digests) == 2
    hooks = [word for argv in node.commands for word in argv if "OPTION_NAME" in word]
    assert any("Ann O" in hook for hook in hooks)
    assert len(hooks) == 2


def test_destroying_takes_all_roots_along(app: App, node: SimulatedNode) -> None:
    """They go to the trash together, and come back together."""
    made(app, "dev", "git")
    updated(app, "fish")
    machine = dev_of(app).machine
    proposed = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert proposed.plan is not None
    assert ended(app, proposed).state is OperationState.DONE
    left = [name for name in node.world.datasets if machine in name]
    assert all("/trash/" in name for name in left)
    assert {name.rpartition("/")[2] for name in left[1:]} == {"root", "root-before", "workspace"}
    assert ended(app, app.services.trash.restore(ANN, "dev", ASKED)).state is OperationState.DONE
    assert ended(app, app.services.workloads.roll_back(ANN, "dev", ASKED)).state is OperationState.DONE
    assert dev_of(app).spec.modules == ("git",)
