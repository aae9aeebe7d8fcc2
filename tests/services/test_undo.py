"""Undo brings back what was, whatever was done last."""

import json
from collections.abc import Callable

import pytest

from agent.app import App
from agent.core.errors import InvalidRequest
from agent.core.operation import Operation, OperationKind, OperationState
from agent.core.storage import Schedule
from agent.core.workload import ContainerSpec
from agent.host.simulated import SimulatedNode
from agent.services.layout import Layout
from tests.services.conftest import ANN, ASKED, BOB, made

GIB = 1 << 30


def done(app: App, operation: Operation) -> Operation:
    """An operation at its end, after somebody agreed to it where that is needed."""
    if operation.state is OperationState.PROPOSED:
        assert operation.plan is not None
        operation = app.services.operations.approve(ANN, operation.id, operation.plan.digest)
    over = app.services.operations.wait(ANN, operation.id, 30)
    assert over.state is OperationState.DONE, over.problem
    return over


def standing(app: App, node: SimulatedNode) -> dict[str, object]:
    """All that a person can see of what ann has, and what is in it."""
    found: dict[str, object] = {}
    for one in app.services.workloads.list(ANN):
        parts = Layout("tank")
        workspace = node.world.datasets[parts.workspace(ANN, one.machine)]
        above = node.world.datasets[parts.workload(ANN, one.machine)]
        found[one.name] = {
            "state": one.state.value,
            "modules": one.spec.modules,
            "quota": (one.quota, one.reservation, above.quota, above.reservation),
            "schedule": one.schedule.model_dump(),
            "files": dict(workspace.files),
            "snapshots": [name for name in workspace.snapshots if "-before-" not in name],
        }
    return found


def write(app: App, text: str) -> None:
    """Have something in the workspace."""
    app.services.workloads.exec(ANN, "dev", ["sh", "-c", f"echo {text} > /workspace/note"], request=ASKED)


def stopped(app: App) -> None:
    """A container that rests."""
    made(app)
    done(app, app.services.workloads.stop(ANN, "dev", ASKED))


def updated(app: App) -> None:
    """A container that can be rolled back."""
    made(app)
    done(app, update(app, "zsh"))


def update(app: App, *modules: str) -> Operation:
    """It is to be made of something else."""
    return app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=modules), ASKED)


def kept(app: App) -> None:
    """A container of which there is a snapshot, and that was changed since."""
    made(app)
    write(app, "first")
    done(app, app.services.storage.snapshot(ANN, "dev", ASKED, "first"))
    write(app, "second")


def replaced(app: App) -> None:
    """A container of whose name one is in the trash."""
    made(app, "dev", "zsh")
    write(app, "first")
    done(app, app.services.workloads.destroy(ANN, "dev", ASKED))
    made(app)
    write(app, "second")


def trashed(app: App) -> None:
    """A container in the trash."""
    made(app, "dev", "zsh")
    done(app, app.services.workloads.destroy(ANN, "dev", ASKED))


CASES: dict[str, tuple[Callable[[App], object], Callable[[App], Operation]]] = {
    "create": (
        lambda app: made(app, "other"),
        lambda app: app.services.workloads.create(ANN, ContainerSpec(name="dev", modules=("git",)), ASKED),
    ),
    "destroy": (made, lambda app: app.services.workloads.destroy(ANN, "dev", ASKED)),
    "start": (stopped, lambda app: app.services.workloads.start(ANN, "dev", ASKED)),
    "stop": (made, lambda app: app.services.workloads.stop(ANN, "dev", ASKED)),
    "update": (made, lambda app: update(app, "zsh")),
    "second update": (updated, lambda app: update(app, "git")),
    "roll back": (updated, lambda app: app.services.workloads.roll_back(ANN, "dev", ASKED)),
    "rename": (made, lambda app: app.services.workloads.rename(ANN, "dev", "prod", ASKED)),
    "grow": (made, lambda app: app.services.workloads.resize(ANN, "dev", 30 * GIB, ASKED, GIB)),
    "shrink": (made, lambda app: app.services.workloads.resize(ANN, "dev", 5 * GIB, ASKED)),
    "restore": (trashed, lambda app: app.services.trash.restore(ANN, "dev", ASKED)),
    "restore over": (replaced, lambda app: app.services.trash.restore(ANN, "dev", ASKED)),
    "snapshot": (made, lambda app: app.services.storage.snapshot(ANN, "dev", ASKED, "one")),
    "schedule": (made, lambda app: app.services.storage.schedule(ANN, "dev", Schedule(daily=7), ASKED)),
    "copy": (kept, lambda app: app.services.storage.clone(ANN, "dev", "copy", ASKED, "first")),
    "revert": (kept, lambda app: app.services.storage.revert(ANN, "dev", "first", ASKED)),
    "file": (kept, lambda app: app.services.storage.restore_file(ANN, "dev", "first", "note", ASKED)),
}
"""For each kind of change: what stands before it, and how it is asked for."""


@pytest.mark.parametrize("change", CASES)
def test_what_was_done_is_undone(app: App, node: SimulatedNode, change: str) -> None:
    """Each change that can be undone, by one word; and nothing is undone twice."""
    before, ask = CASES[change]
    before(app)
    stood = standing(app, node)
    changed = done(app, ask(app))
    assert standing(app, node) != stood
    assert app.services.undo.last(ANN) == changed
    undone = done(app, app.services.undo.undo(ANN, ASKED))
    assert undone.undoes == changed.id
    assert json.dumps(standing(app, node)) == json.dumps(stood)
    latest = app.services.undo.last(ANN)
    assert latest is None or latest.id < changed.id


def test_undo_goes_on_to_what_was_done_before(app: App, node: SimulatedNode) -> None:
    """Not back to what was just undone, however often it is said; where nothing is left it says so."""
    made(app)
    done(app, update(app, "zsh"))
    done(app, update(app, "git"))
    done(app, app.services.workloads.rename(ANN, "dev", "prod", ASKED))
    seen = [
        (one.name, one.spec.modules)
        for _ in range(3)
        if done(app, app.services.undo.undo(ANN, ASKED))
        for one in app.services.workloads.list(ANN)
    ]
    assert seen == [("dev", ("git",)), ("dev", ("zsh",)), ("dev", ("fish", "git"))]
    done(app, app.services.undo.undo(ANN, ASKED))
    assert standing(app, node) == {}
    with pytest.raises(InvalidRequest, match="nothing that could be undone"):
        app.services.undo.undo(ANN, ASKED)


def test_said_twice_while_it_waits_it_is_the_same(app: App) -> None:
    """It is not the change before that, and a person has to agree as always."""
    made(app, "other")
    made(app)
    asked = app.services.undo.undo(ANN, ASKED)
    assert (asked.state, asked.kind) == (OperationState.PROPOSED, OperationKind.DESTROY)
    assert app.services.undo.undo(ANN, ASKED).id == asked.id
    app.services.operations.deny(ANN, asked.id)
    again = app.services.undo.undo(ANN, ASKED)
    assert (again.id != asked.id, again.workload) == (True, "dev")


def test_nobody_undoes_what_somebody_else_did(app: App) -> None:
    """Each owner has a last change of their own."""
    made(app)
    assert app.services.undo.last(BOB) is None
    with pytest.raises(InvalidRequest):
        app.services.undo.undo(BOB, ASKED)


def test_what_cannot_be_undone_any_more_is_left_out(app: App) -> None:
    """What was purged cannot come back, and a name that is taken cannot be given back."""
    made(app)
    done(app, app.services.workloads.rename(ANN, "dev", "prod", ASKED))
    made(app)
    done(app, app.services.workloads.destroy(ANN, "dev", ASKED))
    made(app)
    done(app, app.services.trash.purge(ANN, "dev", ASKED))
    latest = app.services.undo.last(ANN)
    assert latest is not None
    assert (latest.kind, latest.workload) == (OperationKind.CREATE, "dev")
    assert "prod" in [one.name for one in app.services.workloads.list(ANN)]
