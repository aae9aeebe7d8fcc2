"""What was destroyed is in the trash, and comes back as it was."""

from contextlib import closing
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import InvalidName, InvalidRequest, NameInUse, PlanChanged, UnknownSnapshot
from agent.core.operation import Operation, OperationKind, OperationState
from agent.core.owner import Owner
from agent.core.storage import Schedule
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from agent.host.simulated import Pace, SimulatedNode
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from agent.store.database import Database
from agent.store.workloads import WorkloadStore
from tests.services.conftest import ANN, ASKED, BOB, made

GIB = 1 << 30


def done(app: App, operation: Operation, owner: Owner = ANN) -> Operation:
    """An operation at its end, which is a good one."""
    over = app.services.operations.wait(owner, operation.id, 30)
    assert over.state is OperationState.DONE, over.problem
    return over


def agreed(app: App, operation: Operation, owner: Owner = ANN) -> Operation:
    """The same, where somebody had to agree."""
    assert operation.state is OperationState.PROPOSED
    assert operation.plan is not None
    return done(app, app.services.operations.approve(owner, operation.id, operation.plan.digest), owner)


def destroyed(app: App, name: str = "dev", owner: Owner = ANN) -> Operation:
    """A container that is destroyed."""
    return agreed(app, app.services.workloads.destroy(owner, name, ASKED), owner)


def write(app: App, text: str, name: str = "dev") -> None:
    """Have a file in a container, and one in its system."""
    script = f"echo {text} > /workspace/note; echo {text} > /root/note"
    app.services.workloads.exec(ANN, name, ["sh", "-c", script], request=ASKED)


def notes(app: App, name: str = "dev") -> list[bytes]:
    """What these files say."""
    return [app.services.files.get(ANN, name, path).strip() for path in ("/workspace/note", "/root/note")]


def find(app: App, name: str = "dev") -> Workload:
    """A container."""
    return app.services.workloads.find(ANN, name)


def names(app: App) -> list[str]:
    """What ann has."""
    return [one.name for one in app.services.workloads.list(ANN)]


def test_what_is_destroyed_is_in_the_trash_for_a_week(app: App, node: SimulatedNode) -> None:
    """With its files, mounted nowhere, and counted to its owner; its name is free at once."""
    made(app)
    before = find(app)
    write(app, "first")
    operation = destroyed(app)
    assert names(app) == []
    (trashed,) = app.services.trash.list(ANN)
    assert (trashed.operation, trashed.workload.machine) == (operation.id, before.machine)
    assert (trashed.expires_at - trashed.trashed_at).days == 7
    place = Layout("tank").trash(ANN, operation.id, before.machine)
    one = node.world.datasets[f"{place}/workspace"]
    assert (one.mounted, one.canmount, one.files["note"].strip()) == (False, "noauto", "first")
    assert Zfs(node).filled("tank/users/ann")["tank/users/ann"].quota == 100 * GIB
    assert list(node.world.datasets[place].snapshots) == list(one.snapshots)
    assert f"-{operation.id}" in next(iter(one.snapshots))
    assert not [name for name in node.world.files if before.machine in name]
    made(app)
    assert find(app).machine == before.machine
    assert app.services.trash.list(BOB) == []


def test_it_comes_back_as_it_was(app: App) -> None:
    """With both its file systems, as the same machine, running; and the trash has it no more."""
    made(app)
    before = find(app)
    write(app, "first")
    destroyed(app)
    done(app, app.services.trash.restore(ANN, "dev", ASKED))
    after = find(app)
    assert after.state is WorkloadState.RUNNING
    assert (after.machine, after.generation, after.spec) == (before.machine, before.generation, before.spec)
    assert notes(app) == [b"first", b"first"]
    assert app.services.trash.list(ANN) == []


def test_it_comes_back_under_another_name(app: App, node: SimulatedNode) -> None:
    """Beside one that has taken its own since, and its machine name with it."""
    made(app)
    write(app, "first")
    destroyed(app)
    made(app)
    write(app, "second")
    done(app, app.services.trash.restore(ANN, "dev", ASKED, "old"))
    assert names(app) == ["dev", "old"]
    assert find(app, "old").machine != find(app).machine
    assert (notes(app), notes(app, "old")) == ([b"second", b"second"], [b"first", b"first"])
    settings = node.world.files[f"/etc/systemd/nspawn/{find(app, 'old').machine}.nspawn"]
    assert "Hostname=old\n" in settings
    destroyed(app, "old")
    assert app.services.trash.find(ANN, "old").workload.name == "old"


def test_what_was_to_rest_rests_again(app: App) -> None:
    """Nothing is started that its person had stopped."""
    made(app)
    done(app, app.services.workloads.stop(ANN, "dev", ASKED))
    WorkloadStore(Database(app.settings.database)).set("box", find(app).machine, wanted=False)
    destroyed(app)
    done(app, app.services.trash.restore(ANN, "dev", ASKED))
    assert find(app).state is WorkloadState.STOPPED
    done(app, app.services.workloads.start(ANN, "dev", ASKED))


def test_over_one_that_is_there_a_person_has_to_agree(app: App) -> None:
    """With the numbers of what is there, which goes to the trash in its turn; and back again."""
    made(app)
    write(app, "first")
    first = destroyed(app)
    made(app, "dev", "zsh")
    write(app, "second")
    asked = app.services.trash.restore(ANN, "dev", ASKED)
    assert asked.plan is not None
    assert {one.what for one in asked.plan.losses} >= {"workspace", "root", "snapshots"}
    swapped = agreed(app, asked)
    assert (names(app), notes(app)) == (["dev"], [b"first", b"first"])
    assert find(app).spec.modules == ("fish", "git")
    assert [one.operation for one in app.services.trash.list(ANN)] == [swapped.id]
    agreed(app, app.services.trash.restore_number(ANN, swapped.id, ASKED))
    assert (notes(app), find(app).spec.modules) == ([b"second", b"second"], ("zsh",))
    with pytest.raises(UnknownSnapshot):
        app.services.trash.restore_number(ANN, first.id, ASKED)


def test_what_comes_back_twice_comes_back_once(app: App) -> None:
    """The second operation finds that the first has to do with it, or that it is gone."""
    made(app)
    number = destroyed(app).id
    first = app.services.trash.restore_number(ANN, number, ASKED)
    second = app.services.trash.restore_number(ANN, number, ASKED, "other")
    done(app, first)
    over = app.services.operations.wait(ANN, second.id, 30)
    assert over.state is OperationState.FAILED
    assert names(app) == ["dev"]


def test_nothing_comes_back_that_is_not_there(app: App) -> None:
    """Nor is somebody else's; with what there is, in words."""
    made(app)
    number = destroyed(app).id
    trash = app.services.trash
    with pytest.raises(UnknownSnapshot, match="There is: dev"):
        trash.restore(ANN, "other", ASKED)
    with pytest.raises(UnknownSnapshot, match="kept for 7 days"):
        trash.restore(BOB, "dev", ASKED)
    with pytest.raises(UnknownSnapshot):
        trash.restore_number(BOB, number, ASKED)
    with pytest.raises(UnknownSnapshot):
        trash.purge_number(BOB, number, ASKED)
    with pytest.raises(InvalidName):
        trash.restore(ANN, "dev", ASKED, "No Name")


def test_a_name_that_is_being_made_is_not_taken(app: App) -> None:
    """Neither is it known yet what would be lost."""
    made(app)
    destroyed(app)
    app.services.trash.restore(ANN, "dev", ASKED)
    with pytest.raises(NameInUse, match="is being made"):
        app.services.trash.restore(ANN, "dev", ASKED)


def test_a_restore_that_never_begins_leaves_no_container(app: App) -> None:
    """It is withdrawn while it waits for another operation on the machine."""
    made(app)
    destroyed(app)
    operation = app.services.trash.restore(ANN, "dev", ASKED)
    app.services.operations.cancel(ANN, operation.id)
    app.services.operations.wait(ANN, operation.id, 30)
    assert names(app) == []
    assert [one.workload.name for one in app.services.trash.list(ANN)] == ["dev"]


def test_only_a_purge_takes_it_away(app: App, node: SimulatedNode) -> None:
    """Once a person has agreed to the numbers; a copy that was made of it stays."""
    made(app)
    number = destroyed(app).id
    place = Layout("tank").trash(ANN, number, app.services.trash.get(ANN, number).workload.machine)
    snapshot = next(iter(node.world.datasets[f"{place}/workspace"].snapshots))
    Zfs(node).clone(f"{place}/workspace@{snapshot}", "tank/copy")
    asked = app.services.trash.purge(ANN, "dev", ASKED)
    assert asked.plan is not None
    assert "for good" in asked.plan.summary
    assert {one.what for one in asked.plan.losses} == {"workspace", "root", "snapshots"}
    over = agreed(app, asked)
    assert "bytes are free again" in " ".join(over.found)
    assert app.services.trash.list(ANN) == []
    assert not [name for name in node.world.datasets if name.startswith(place)]
    assert "tank/copy" in node.world.datasets
    with pytest.raises(UnknownSnapshot):
        app.services.operations.approve(ANN, app.services.trash.purge(ANN, "dev", ASKED).id, "")


def test_a_plan_to_swap_holds_for_what_was_shown(app: App, node: SimulatedNode) -> None:
    """More in the workspace asks again."""
    made(app)
    destroyed(app)
    made(app)
    asked = app.services.trash.restore(ANN, "dev", ASKED)
    assert asked.plan is not None
    node.grow(Layout("tank").workspace(ANN, find(app).machine), 5 << 20)
    with pytest.raises(PlanChanged):
        app.services.operations.approve(ANN, asked.id, asked.plan.digest)


def test_images_of_what_is_in_the_trash_are_kept(app: App) -> None:
    """Or it could not come back."""
    made(app)
    destroyed(app)
    (image,) = app.services.images.list()
    assert image.users == 1
    done(app, app.services.images.prune(ANN, ASKED))
    assert len(app.services.images.list()) == 1
    done(app, app.services.trash.restore(ANN, "dev", ASKED))


def test_a_destroy_says_what_it_found(app: App) -> None:
    """For the audit trail."""
    made(app)
    found = " ".join(destroyed(app).found)
    for words in ("was kept as voxnix-before-", "in the trash as", "can be restored for 7 days"):
        assert words in found
    assert OperationKind.DESTROY.gated


def test_what_was_agreed_to_for_one_container_is_not_done_to_the_next_of_its_name(app: App) -> None:
    """Its plan may read alike; but nobody was asked about this one."""
    made(app)
    first, second = (app.services.workloads.destroy(ANN, "dev", ASKED) for _ in range(2))
    agreed(app, first)
    made(app)
    write(app, "another")
    assert second.plan is not None
    with pytest.raises(InvalidRequest, match="another dev"):
        app.services.operations.approve(ANN, second.id, second.plan.digest)
    assert notes(app) == [b"another", b"another"]
    assert [one.operation for one in app.services.trash.list(ANN)] == [first.id]
    agreed(app, app.services.trash.purge(ANN, "dev", ASKED))  # which is about the other one


@pytest.mark.parametrize("kind", ["schedule", "rename", "stop"])
def test_what_was_asked_of_one_container_is_not_done_to_the_next_of_its_name(app: App, kind: str) -> None:
    """It waited behind the end of that one, and says that it does not exist any more."""
    workloads, spec = app.services.workloads, ContainerSpec(name="dev", modules=("git",))
    given_up = workloads.create(ANN, spec, ASKED)  # nothing runs yet: nobody waits
    asks = {
        "schedule": lambda: app.services.storage.schedule(ANN, "dev", Schedule(daily=1), ASKED),
        "rename": lambda: workloads.rename(ANN, "dev", "prod", ASKED),
        "stop": lambda: workloads.stop(ANN, "dev", ASKED),
    }
    asked = asks[kind]()
    app.services.operations.cancel(ANN, given_up.id)
    again = workloads.create(ANN, spec, ASKED)
    assert (asked.machine, app.services.operations.wait(ANN, asked.id, 30).state) == (again.machine, "failed")
    done(app, again)
    dev = find(app)
    assert (dev.state, dev.wanted, dev.schedule) == (WorkloadState.RUNNING, True, Schedule())


def test_what_comes_after_the_end_of_a_container_leaves_nothing(tmp_path: Path) -> None:
    """It fails for what it is, and not because something could not be taken back."""
    given = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    with closing(App(given, SimulatedNode("box", pace=Pace.instant(), state=tmp_path / "node"))) as before:
        made(before)
    with closing(App(given, SimulatedNode("box", pace=Pace.instant(), state=tmp_path / "node"))) as app:
        asked = _ended_first(app)
        for one in asked:
            over = app.services.operations.wait(ANN, one.id, 30)
            assert over.state is OperationState.FAILED
            assert over.problem is not None
            assert over.problem.code == "UnknownWorkload"
            assert "left" not in over.problem.what
        assert len(app.services.images.list()) == 1  # none was built for it


def _ended_first(app: App) -> list[Operation]:
    """What was asked of a container that is destroyed by what was asked before."""
    workloads = app.services.workloads
    asked = [workloads.destroy(ANN, "dev", ASKED) for _ in range(2)]
    asked += [
        workloads.update(ANN, ContainerSpec(name="dev", modules=("python",)), ASKED),
        workloads.rename(ANN, "dev", "prod", ASKED),
        workloads.resize(ANN, "dev", 30 * GIB, ASKED),
    ]
    for one in asked:
        if one.plan is not None:
            app.services.operations.approve(ANN, one.id, one.plan.digest)
    done(app, asked[0])
    return asked[1:]
