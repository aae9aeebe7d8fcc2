"""Values as the services would give them, and a simulated product to talk to."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from agent.assistant import Assistant
from agent.channels.desk import Desk
from agent.channels.terminal import Terminal
from agent.core.operation import Loss, Operation, OperationKind, OperationState, Plan, Progress, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from tests.simulation import Simulation, simulation_in, somebody

MakeOperation = Callable[..., Operation]


@pytest.fixture
def operation(now: datetime) -> MakeOperation:
    """Makes operations that differ from a running create in what is given."""

    def make(**given: Any) -> Operation:  # noqa: ANN401 - pydantic checks each
        values: dict[str, Any] = {
            "id": 7,
            "owner": "admin",
            "node": "here",
            "kind": OperationKind.CREATE,
            "workload": "dev",
            "machine": "dev-abcde",
            "request": Request(channel="cli"),
            "state": OperationState.RUNNING,
            "step": 2,
            "steps": 4,
            "progress": Progress(label="installing packages", done=34, total=120),
            "created_at": now,
            "started_at": now,
        }
        return Operation(**(values | given))

    return make


@pytest.fixture
def workload(now: datetime) -> Workload:
    """A container that runs."""
    return Workload(
        owner="admin",
        spec=ContainerSpec(name="dev", modules=("git", "fish")),
        machine="dev-abcde",
        node="here",
        state=WorkloadState.RUNNING,
        addresses=("10.88.0.12",),
        observed_at=now,
        created_at=now,
    )


@pytest.fixture
def plan() -> Plan:
    """What destroying a container would take."""
    return Plan(
        summary="Destroy dev with everything in it.",
        losses=(
            Loss(what="workspace", amount=3 << 20, unit="bytes"),
            Loss(what="snapshots", amount=2, unit="count"),
        ),
    )


@pytest.fixture(scope="package")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """The product on a simulated node."""
    with simulation_in(tmp_path_factory.mktemp("state")) as simulation:
        yield simulation


@pytest.fixture
def owner() -> Owner:
    """The person at the terminal, who has nothing yet."""
    return somebody()


class Person(Terminal):
    """A terminal with a person at it, who gives the answers that were scripted and no others.

    Args:
        answers: to each question in turn.
    """

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[str] = []

    @property
    def interactive(self) -> bool:
        """There is somebody."""
        return True

    def ask(self, question: str) -> bool:
        """The next answer."""
        self.asked.append(question)
        return self.answers.pop(0) == "yes"


def nobody() -> Assistant:
    """Stands where no conversation is held."""
    raise AssertionError("nobody is to be talked to")


def desk_of(
    simulation: Simulation,
    terminal: Terminal,
    owner: Owner,
    assistant: Callable[[], Assistant] = nobody,
) -> Desk:
    """A desk at a product that is open already."""
    app = simulation.app
    terminal.simulated = app.simulated
    return Desk(
        owner=owner,
        services=app.services,
        terminal=terminal,
        node=app.node.name,
        model="",
        history=app.settings.state_dir / "history",
        assistant=assistant,
        forget=app.conversations.clear,
        run_worker=app.run_worker,
        refresh_modules=app.refresh_modules,
        run_bot=lambda: app.bot().serve(),
    )
