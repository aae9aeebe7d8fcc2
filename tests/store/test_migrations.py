"""A database of an earlier Voxnix keeps what is in it."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import agent.store
from agent.core.operation import OperationState
from agent.core.owner import Owner
from agent.core.workload import WorkloadState
from agent.store.database import Database
from agent.store.images import ImageStore
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

ROWS = (
    """INSERT INTO workloads (owner, name, machine, node, spec, state, addresses, created_at)
    VALUES ('ann', 'dev', 'dev-abcde', 'box', '{"version": 1, "name": "dev", "modules": ["git"]}', 'running',
        '["10.88.0.5"]', '2026-01-01 00:00:00')""",
    """INSERT INTO operations (owner, node, kind, workload, machine, request, state, step, steps, progress,
        claims, created_at)
    VALUES ('ann', 'box', 'create', 'dev', 'dev-abcde', '{"channel": "cli"}', 'done', 4, 4, '{}',
        '["tank/x"]', '2026-01-01 00:00:00')""",
)


@pytest.fixture
def first(database_url: str) -> str:
    """URL of a database of the first revision, with rows in it."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(agent.store.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in ROWS:
            connection.exec_driver_sql(row)
    engine.dispose()
    return database_url


def test_rows_of_the_first_revision_are_kept(first: str) -> None:
    """Containers and operations are as they were, and know nothing of what they were made of."""
    database = Database(first)
    workload = WorkloadStore(database).find(Owner("ann"), "dev")
    assert workload is not None
    assert (workload.machine, workload.state, workload.addresses) == (
        *("dev-abcde", WorkloadState.RUNNING, ("10.88.0.5",)),
    )
    assert (workload.spec.modules, workload.spec.options) == (("git",), {})
    assert (workload.generation, workload.previous) == (None, None)
    (operation,) = OperationStore(database).of_owner(Owner("ann"), 9)
    assert (operation.state, operation.claims, operation.target) == (OperationState.DONE, ("tank/x",), None)
    assert WorkloadStore(database).digests("box") == frozenset()
    assert OperationStore(database).asked_for("box") == []
    assert ImageStore(database).of_node("box") == []
    database.close()
