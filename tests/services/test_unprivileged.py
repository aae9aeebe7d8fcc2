"""The product in a process that may do nothing on the node."""

from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import HostFailure
from agent.host.simulated import Fault, SimulatedNode
from agent.store.database import Database
from agent.store.node_calls import NodeCallStore
from tests.services.conftest import ANN, ASKED, made


def test_who_is_not_root_asks_the_worker(
    node: SimulatedNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything goes as rows to a worker, here to the one that the process embeds."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(node, "simulated", False)
    app = App(settings.load(simulate=True, state_dir=tmp_path, node_name="box"), node)
    try:
        made(app)
        workloads = app.services.workloads
        assert workloads.exec(ANN, "dev", ["git", "--version"], request=ASKED).stdout.startswith(
            "git version"
        )
        assert workloads.logs(ANN, "dev", 2)
        assert workloads.status(ANN, "dev").workspace is not None
        assert workloads.destroy(ANN, "dev", ASKED).plan is not None
        path = app.services.files.put(ANN, "dev", "a.txt", b"a", ASKED)
        assert app.services.files.get(ANN, "dev", path) == b"a"
        database = Database(app.settings.database)
        store = NodeCallStore(database)
        rows = [row for number in range(1, 20) if (row := store.get(number))]
        database.close()
        assert [row.method for row in rows] == [
            *("ready", "exec", "logs", "usage", "usage", "last change", "put", "get")
        ]
        # Nobody agrees to a plan of what could not be counted, and the status tells what it knows.
        node.faults.append(Fault("^zfs list", stderr="cannot open /dev/zfs: Permission denied", times=None))
        assert workloads.status(ANN, "dev").workspace is None
        with pytest.raises(HostFailure, match="ZFS did not answer for its root and workspace"):
            workloads.destroy(ANN, "dev", ASKED)
    finally:
        app.close()
