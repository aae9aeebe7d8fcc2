"""The product on a simulated node whose time does not pass."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.operation import Operation, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec
from agent.host.simulated import Pace, SimulatedNode

ANN, BOB = Owner("ann"), Owner("bob")
ASKED = Request(channel="test", conversation="test:ann", words="as a test says")


@pytest.fixture
def node() -> SimulatedNode:
    """A node in memory, at rest."""
    return SimulatedNode("box", pace=Pace.instant())


@pytest.fixture
def app(node: SimulatedNode, tmp_path: Path) -> Iterator[App]:
    """The product, wired as always, on that node."""
    opened = App(settings.load(simulate=True, state_dir=tmp_path, node_name="box"), node)
    yield opened
    opened.close()


def made(app: App, name: str = "dev", *modules: str, owner: Owner = ANN) -> Operation:
    """A container that was asked for, at the end of its operation."""
    spec = ContainerSpec(name=name, modules=modules or ("git", "fish"))
    return app.services.operations.wait(owner, app.services.workloads.create(owner, spec, ASKED).id, 30)
