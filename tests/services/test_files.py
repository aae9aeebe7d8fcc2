"""Files into a container and out of it."""

import pytest

from agent.app import App
from agent.core.errors import InvalidRequest, NoSpace, NotAllowed, NotRunning, UnknownWorkload
from agent.core.operation import Request
from agent.host.simulated import SimulatedNode
from agent.host.zfs import Zfs
from agent.services.node_work import MAX_SENT, MIB
from tests.services.conftest import ANN, ASKED, BOB, made

EVERY_BYTE = bytes(range(256))


def workspace(node: SimulatedNode) -> str:
    """The data set of the one workspace there is."""
    return next(name for name in node.world.datasets if name.endswith("/workspace"))


def whole(node: SimulatedNode) -> str:
    """The data set above it, which has the limit."""
    return workspace(node).rpartition("/")[0]


def test_a_file_goes_in_and_comes_out_as_it_was(app: App) -> None:
    """Whatever bytes it has; by its name from /workspace on, or by its whole path."""
    made(app)
    files = app.services.files
    path = files.put(ANN, "dev", "../../etc/Résumé.pdf", EVERY_BYTE, ASKED)
    assert path == "/workspace/Résumé.pdf"
    assert files.get(ANN, "dev", "Résumé.pdf") == files.get(ANN, "dev", path) == EVERY_BYTE
    assert files.check(ANN, "dev", "Résumé.pdf") == (path, 256)
    ran = app.services.workloads.exec(ANN, "dev", ["ls"], request=ASKED)
    assert ran.stdout == "Résumé.pdf\n"
    app.services.workloads.exec(ANN, "dev", ["sh", "-c", "echo kept > /note"], request=ASKED)
    assert files.get(ANN, "dev", "/note") == b"kept\n"
    assert files.put(ANN, "dev", "empty", b"", ASKED) == "/workspace/empty"
    assert files.get(ANN, "dev", "empty") == b""


def test_nothing_is_overwritten(app: App) -> None:
    """The second of a name gets a number; the same request again is no second one."""
    made(app)
    files = app.services.files
    keyed = Request(channel="test", key="tg:1:2")
    paths = [files.put(ANN, "dev", "report.pdf", content, ASKED) for content in (b"1", b"2", b"3")]
    assert paths == ["/workspace/report.pdf", "/workspace/report (2).pdf", "/workspace/report (3).pdf"]
    assert [files.get(ANN, "dev", path) for path in paths] == [b"1", b"2", b"3"]
    assert {files.put(ANN, "dev", "report.pdf", b"4", keyed) for _ in range(3)} == {
        "/workspace/report (4).pdf"
    }


def test_what_is_too_large_is_refused_with_numbers(app: App, node: SimulatedNode) -> None:
    """Before anything is written: over the limit, over what the workspace has left, over what can be sent."""
    made(app)
    files = app.services.files
    with pytest.raises(InvalidRequest, match=r"big.bin is too large: 20.0 MiB. A file may have 20.0 MiB"):
        files.put(ANN, "dev", "big.bin", bytes(20 * MIB + 1), ASKED)
    one = node.world.datasets[workspace(node)]
    Zfs(node).set(whole(node), "quota", "3M")
    with pytest.raises(NoSpace, match=r"It has 4.0 MiB; 1.9 MiB are free"):
        files.put(ANN, "dev", "big.bin", bytes(4 * MIB), ASKED)
    assert one.files == {}
    Zfs(node).set(whole(node), "quota", "none")
    one.put("huge", bytes(MAX_SENT + 1))
    for ask in (files.check, files.get):
        with pytest.raises(InvalidRequest, match=r"/workspace/huge is too large to be sent: 47.7 MiB"):
            ask(ANN, "dev", "huge")


@pytest.mark.parametrize("path", ["", "a\0b", "\udc80", "x" * 5000, "none.txt", "/etc/none", "."])
def test_what_is_no_file_is_refused(app: App, path: str) -> None:
    """No path, nothing there, or a folder."""
    made(app)
    for ask in (app.services.files.check, app.services.files.get):
        with pytest.raises(InvalidRequest):
            ask(ANN, "dev", path)


def test_it_has_to_run_and_to_be_ones_own(app: App) -> None:
    """Another owner's container is unknown, and a stopped one has to be started first."""
    made(app)
    files, operations = app.services.files, app.services.operations
    for name in ("dev", "nope"):
        with pytest.raises(UnknownWorkload):
            files.put(BOB, name, "a", b"a", ASKED)
        with pytest.raises(UnknownWorkload):
            files.get(BOB, name, "a")
    operations.wait(ANN, app.services.workloads.stop(ANN, "dev", ASKED).id, 30)
    with pytest.raises(NotRunning, match="Start dev first"):
        files.put(ANN, "dev", "a", b"a", ASKED)
    with pytest.raises(NotRunning, match="Start dev first"):
        files.check(ANN, "dev", "a")


def test_who_may_only_look_changes_nothing(app: App) -> None:
    """Somebody from a chat without the role runs no command, and sends no file in."""
    made(app)
    stranger = Request(channel="test", by="tg:17")
    with pytest.raises(NotAllowed):
        app.services.files.put(ANN, "dev", "a", b"a", stranger)
    with pytest.raises(NotAllowed):
        app.services.workloads.exec(ANN, "nope", ["id"], request=stranger)
