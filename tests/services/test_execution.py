"""One operation from begin to end: what it says it found, and what it says where it cannot be taken back."""

import pytest

from agent.app import App
from agent.core.operation import Operation, OperationState
from agent.core.workload import ContainerSpec
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.services import execution
from tests.services.conftest import ANN, ASKED, made


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "UNDO_PAUSE", 0.0)


def ended(app: App, operation: Operation) -> Operation:
    """An operation at its end."""
    return app.services.operations.wait(ANN, operation.id, 30)


def failing(node: SimulatedNode, times: int) -> None:
    """Have containers not start, and data sets not be destroyed so often."""
    node.faults.append(Fault("^systemctl start", stderr="Job failed."))
    node.faults.append(Fault("^zfs destroy", stderr="cannot destroy: I/O error", times=times))


def test_a_step_says_what_it_found(app: App) -> None:
    """For the audit trail: what was there already, what was made, how it came out."""
    first, second = made(app), made(app, "other")
    above = "tank/users/ann/workloads/"
    assert first.found == (
        "The image was built.",
        f"The data set {above}{first.machine} was made; its quota is set.",
        "It was started.",
        f"It runs, at {app.services.workloads.find(ANN, 'dev').addresses[0]}.",
    )
    assert second.found[0] == "The image was there already."
    workloads = app.services.workloads
    assert ended(app, workloads.start(ANN, "dev", ASKED)).found[0] == "It ran already."
    assert ended(app, workloads.stop(ANN, "dev", ASKED)).found == ("It was stopped.",)
    assert ended(app, workloads.stop(ANN, "dev", ASKED)).found == ("It did not run.",)
    assert ended(app, workloads.start(ANN, "dev", ASKED)).found[0] == "It was started."
    spec = ContainerSpec(name="dev", modules=("git", "zsh"))
    updated = ended(app, workloads.update(ANN, spec, ASKED))
    assert updated.found[1] == "It is made of git, zsh now."
    assert updated.found[-1] == "What it was made of before is kept, to be rolled back to."


def test_an_undo_that_fails_once_is_tried_again(app: App, node: SimulatedNode) -> None:
    """A host that answers with an error for a moment leaves nothing behind."""
    failing(node, times=2)
    failed = made(app)
    assert failed.problem is not None
    assert "left" not in failed.problem.what
    assert app.services.workloads.list(ANN) == []
    assert not [name for name in node.world.datasets if failed.machine in name]


def test_what_could_not_be_taken_back_is_said(app: App, node: SimulatedNode) -> None:
    """Whoever asked is told that something is left, why, and who says what it is."""
    failing(node, times=20)
    failed = made(app)
    assert failed.state is OperationState.FAILED
    assert failed.problem is not None
    assert failed.problem.what.endswith("Something of it is left.")
    assert "I/O error" in failed.problem.why
    assert "voxnix doctor" in failed.problem.hint
    assert any(said.startswith("Not all of it could be taken back.") for said in failed.found)


def test_a_cancelled_one_that_could_not_be_taken_back_says_so(app: App, node: SimulatedNode) -> None:
    """It is not called cancelled, which would say that all is as before."""
    node.faults.append(Fault("^zfs destroy", stderr="cannot destroy: I/O error", times=20))
    node.pace = Pace(build=0, boot=600, lease=0, stop=0)
    operation = app.services.workloads.create(ANN, ContainerSpec(name="dev"), ASKED)
    for seen in app.services.operations.watch(ANN, operation.id, 30):
        if seen.progress.label == "starting the container":
            app.services.operations.cancel(ANN, operation.id)
    failed = ended(app, operation)
    assert failed.state is OperationState.FAILED
    assert failed.problem is not None
    assert failed.problem.what == "Create dev was cancelled. Something of it is left."
    assert "was taken back" not in str(failed.problem)
