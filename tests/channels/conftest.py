"""Values as the services would give them, and a simulated product to talk to."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agent.core.operation import Loss, Operation, OperationKind, OperationState, Plan, Progress, Request
from agent.core.workload import ContainerSpec, Workload, WorkloadState

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
