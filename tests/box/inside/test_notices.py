"""What people are told unasked, of real containers: crashes and full workspaces."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from agent.core.notice import Notice, NoticeKind
from agent.settings import load
from agent.store.database import Database
from agent.store.notices import NoticeStore
from tests.box.inside.product import host, machine_of, voxnix


@pytest.fixture
def noticed() -> Iterator[Callable[[str], list[Notice]]]:
    """What was noticed about a container."""
    database = Database(load().database)
    store = NoticeStore(database)
    yield lambda name: [
        one for one in store.waiting(datetime.now(UTC) - timedelta(hours=1)) if one.workload == name
    ]
    database.close()


def until(found: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def state_of(name: str) -> str:
    """What a container was last seen doing."""
    return voxnix("status", name, "--json").data["workload"]["state"]


def test_a_container_that_is_killed_is_noticed_once(
    fresh: str, noticed: Callable[[str], list[Notice]]
) -> None:
    """Its first process is killed; a worker that starts anew in between does not notice it again."""
    assert voxnix("create", fresh, "git").code == 0
    leader = host("machinectl", "show", machine_of(fresh), "--property=Leader", "--value")
    host("kill", "-KILL", leader.strip())
    until(lambda: noticed(fresh))
    (notice,) = noticed(fresh)
    assert (notice.owner, notice.kind) == ("admin", NoticeKind.CRASHED)
    assert notice.values["result"] in {"exit-code", "signal"}
    assert state_of(fresh) == "failed"
    host("systemctl", "restart", "voxnix-worker")
    assert voxnix("start", fresh).code == 0
    assert [one.id for one in noticed(fresh)] == [notice.id]


def test_a_container_that_powers_itself_off_is_not_noticed(
    fresh: str, noticed: Callable[[str], list[Notice]]
) -> None:
    """Nor is one that is stopped, restarted and destroyed by its owner."""
    assert voxnix("create", fresh, "git").code == 0
    voxnix("exec", fresh, "--", "systemctl", "poweroff")
    until(lambda: state_of(fresh) == "stopped")
    for change in (["start"], ["restart"], ["stop"]):
        assert voxnix(*change, fresh).code == 0
    assert noticed(fresh) == []


def test_a_workspace_that_fills_up_is_noticed_once(
    fresh: str, noticed: Callable[[str], list[Notice]]
) -> None:
    """At 90 per cent of its quota; the worker looks as soon as it starts, and every minute."""
    assert voxnix("create", fresh, "git").code == 0
    assert voxnix("resize", fresh, "28M", "--yes").code == 0
    filled = voxnix("exec", fresh, "--", "sh", "-c", "head -c 25500000 /dev/urandom > /workspace/big && sync")
    assert filled.code == 0, filled
    for _ in range(2):
        host("systemctl", "restart", "voxnix-worker")
        until(lambda: noticed(fresh))
    (notice,) = noticed(fresh)
    assert notice.kind is NoticeKind.QUOTA
    assert (notice.values["part"], notice.values["quota"]) == ("workload", 28 << 20)
