"""What a module has to give back elsewhere, before its container is destroyed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.operation import Operation, OperationState
from agent.host.simulated import Fault, Pace, SimulatedNode
from tests.services.conftest import ANN, ASKED, made

LEAVES = {
    "name": "club",
    "summary": "s",
    "description": "d",
    "example": "club",
    "farewell": ["true", "leave"],
    "debian": {"packages": ["git"]},
}


@pytest.fixture
def app(node: SimulatedNode, tmp_path: Path) -> Iterator[App]:
    """The product with a module of the admin's own that takes its leave."""
    chosen = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    chosen.own_modules.parent.mkdir(parents=True)
    chosen.own_modules.write_text(json.dumps({"version": 1, "modules": {"club": LEAVES}}))
    opened = App(chosen, node)
    yield opened
    opened.close()


@pytest.fixture
def node() -> SimulatedNode:
    """A node in memory, at rest."""
    return SimulatedNode("box", pace=Pace.instant())


def destroyed(app: App) -> Operation:
    """Ann's container, destroyed with her consent, at the end of the operation."""
    proposed = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert proposed.plan is not None
    approved = app.services.operations.approve(ANN, proposed.id, proposed.plan.digest)
    return app.services.operations.wait(ANN, approved.id, 30)


def farewells(node: SimulatedNode) -> list[tuple[str, ...]]:
    """The commands that were run to take leave."""
    return [argv for argv in node.commands if argv[-2:] == ("true", "leave")]


def test_a_module_takes_its_leave_before_its_container_is_destroyed(app: App, node: SimulatedNode) -> None:
    """Once, inside, while it still runs."""
    made(app, "dev", "club")
    assert destroyed(app).state is OperationState.DONE
    assert len(farewells(node)) == 1
    order = [argv[:2] for argv in node.commands]
    leaving = node.commands.index(farewells(node)[0])
    assert ("systemctl", "stop") in order[leaving:]
    assert ("zfs", "rename") in order[leaving:]


def test_a_farewell_that_fails_keeps_the_container(app: App, node: SimulatedNode) -> None:
    """It is not lost without its place elsewhere being given back; the person is told what to do."""
    made(app, "dev", "club")
    node.faults.append(Fault("systemd-run .* true leave", stderr="the club does not answer"))
    failed = destroyed(app)
    assert failed.state is OperationState.FAILED
    assert failed.problem is not None
    assert "the club does not answer" in failed.problem.why
    assert "stop dev" in failed.problem.hint
    assert [one.name for one in app.services.workloads.list(ANN)] == ["dev"]
    assert destroyed(app).state is OperationState.DONE


def test_a_container_that_is_stopped_is_destroyed_without_it(app: App, node: SimulatedNode) -> None:
    """There is nobody to say it; that is what the hint is about."""
    made(app, "dev", "club")
    app.services.operations.wait(ANN, app.services.workloads.stop(ANN, "dev", ASKED).id, 30)
    assert destroyed(app).state is OperationState.DONE
    assert farewells(node) == []


def test_without_such_a_module_nobody_is_asked_to_leave(app: App, node: SimulatedNode) -> None:
    """Nothing is run in the container."""
    made(app, "dev", "git")
    assert destroyed(app).state is OperationState.DONE
    assert [argv for argv in node.commands if argv[0] == "systemd-run"] == []
