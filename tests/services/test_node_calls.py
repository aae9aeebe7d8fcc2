"""What is asked of the node, by who may do it there and by who has to ask the worker."""

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from pydantic import ValidationError

from agent import settings
from agent.app import App, now
from agent.core.errors import (
    CommandSaidTooMuch,
    HostFailure,
    InvalidRequest,
    MayHaveRun,
    NotRunning,
    UnknownWorkload,
    WorkerAbsent,
)
from agent.core.operation import Request
from agent.core.workload import Executed
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.services import node_calls, node_work
from agent.services.calls import CALLS, Method
from agent.services.guests.debian import DebianGuests
from agent.services.node_calls import MAX_RECORDED, CarriedCalls, DirectCalls, NodeCalls
from agent.services.node_desk import NodeDesk
from agent.services.node_work import NodeWork
from agent.store.database import Database
from agent.store.node_calls import NodeCallStore
from agent.store.nodes import NodeStore
from agent.store.workloads import WorkloadStore
from tests.services.conftest import ANN, BOB, made
from tests.simulation import Time

KEYED = Request(channel="test", key="tg:1:17/call-1")


@dataclass
class Place:
    """A node, its database, and both ways to ask it.

    Attributes:
        database: as the worker has it.
        work: what does what is asked.
        time: of the node, which a test may have stand still.
        node: the node.
    """

    database: Database
    work: NodeWork
    time: Time
    node: SimulatedNode
    _opened: list[Database] = field(default_factory=list[Database])

    @property
    def store(self) -> NodeCallStore:
        """The rows."""
        return NodeCallStore(self.database)

    def direct(self) -> NodeCalls:
        """As root asks."""
        return DirectCalls("box", self.work, self.store, now)

    def carried(self) -> NodeCalls:
        """As a process without rights asks, which has nothing but the database."""
        own = Database(self.database.url.render_as_string(hide_password=False))
        self._opened.append(own)
        return CarriedCalls("box", own, NodeCallStore(own), NodeStore(own), now, lambda: None)

    @contextmanager
    def worker(self) -> Generator[None]:
        """The worker serves, within the block."""
        NodeStore(self.database).beat("box", now(), simulated=True)
        with NodeDesk("box", self.database, self.store, self.work, now):
            yield

    def ran(self, word: str) -> int:
        """How often a command with a word in it was run in a container."""
        return sum(words[0] == "systemd-run" and word in words for words in self.node.commands)

    def close(self) -> None:
        """Give back every connection."""
        for one in self._opened:
            one.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, SimulatedNode, Time]]:
    """Ann has a container that runs. Making one starts the engine, so it is made once."""
    time = Time()
    node = SimulatedNode("box", pace=Pace.instant(), sleep=time.sleep)
    chosen = settings.load(simulate=True, state_dir=tmp_path_factory.mktemp("calls"), node_name="box")
    app = App(chosen, node)
    made(app)
    yield app, node, time
    app.close()


@pytest.fixture
def place(kept: tuple[App, SimulatedNode, Time], database: Database) -> Iterator[Place]:
    """The same container as a database of each kind knows it, without any worker."""
    app, node, time = kept
    [dev] = app.services.workloads.list(ANN)
    workloads = WorkloadStore(database)
    assert workloads.add(ANN, dev.spec, "box", now()).machine == dev.machine
    guests = DebianGuests(app.settings, node, app.services.catalogue)
    place = Place(database, NodeWork(node, "tank", guests.runtime, workloads, 1 << 20), time, node)
    yield place
    place.close()


@pytest.fixture(params=["direct", "carried"])
def calls(place: Place, request: pytest.FixtureRequest) -> Iterator[NodeCalls]:
    """Each way to ask, with a worker for who needs one."""
    with place.worker():
        yield place.direct() if request.param == "direct" else place.carried()


def test_either_way_gives_the_same_answers(calls: NodeCalls) -> None:
    """Commands, journal, sizes and files, typed as they are."""
    assert calls.exec(ANN, "dev", ["echo", "a", "é\n"], 10) == Executed(
        returncode=0, stdout="a é\n\n", stderr=""
    )
    assert calls.exec(ANN, "dev", ["false"], 10).returncode == 1
    assert len(calls.logs(ANN, "dev", 2)) == 2
    taken = calls.usage(ANN, "dev")
    assert taken.root is not None
    assert taken.workspace is not None
    assert taken.whole is not None
    assert taken.whole.used >= taken.root.used + taken.workspace.used
    assert (taken.whole.quota, taken.unknown) == (20 << 30, ())
    data = bytes(range(256)) * 40
    path = calls.put(ANN, "dev", "all bytes.bin", data)
    assert (calls.size(ANN, "dev", path), calls.get(ANN, "dev", path)) == (len(data), data)


def test_either_way_refuses_alike(calls: NodeCalls, place: Place) -> None:
    """With the error that it is, so that who asks can tell them apart."""
    with pytest.raises(UnknownWorkload):
        calls.exec(BOB, "dev", ["id"], 10)
    with pytest.raises(InvalidRequest, match="cannot be run"):
        calls.exec(ANN, "dev", ["A=b"], 10)
    with pytest.raises(InvalidRequest, match="no file /workspace/none"):
        calls.get(ANN, "dev", "/workspace/none")
    place.node.faults.append(Fault("^journalctl", stderr="I/O error"))
    with pytest.raises(HostFailure, match="I/O error") as failure:
        calls.logs(ANN, "dev", 1)
    assert failure.value.problem.code == "CommandFailed"
    place.node.faults.append(Fault("^systemctl show", returncode=0, stderr=""))
    with pytest.raises(NotRunning, match="Start dev first"):
        calls.exec(ANN, "dev", ["id"], 10)


def test_what_has_a_key_runs_once(calls: NodeCalls, place: Place) -> None:
    """The same again is answered alike; another command with the same number is another one."""
    before = place.ran("once")
    first = calls.exec(ANN, "dev", ["echo", "once"], 10, KEYED.key)
    assert calls.exec(ANN, "dev", ["echo", "once"], 10, KEYED.key) == first
    assert place.ran("once") == before + 1
    assert calls.exec(ANN, "dev", ["echo", "two"], 10, KEYED.key).stdout == "two\n"
    paths = {calls.put(ANN, "dev", "keyed.txt", b"x", KEYED.key) for _ in range(2)}
    assert len(paths) == 1
    assert calls.exec(ANN, "dev", ["echo", "once"], 10).stdout == "once\n"
    assert calls.exec(ANN, "dev", ["echo", "once"], 10).stdout == "once\n"
    assert place.ran("once") == before + 3


def test_a_problem_is_an_answer_too(calls: NodeCalls, place: Place) -> None:
    """What failed once with a key is not tried again behind somebody's back."""
    place.node.faults.append(Fault("echo broken", hangs=True))
    messages: set[str] = set()
    for _ in range(2):
        with pytest.raises(HostFailure, match="did not end within 10 seconds") as failure:
            calls.exec(ANN, "dev", ["echo", "broken"], 10, KEYED.key)
        messages.add(str(failure.value))
    assert len(messages) == 1


def test_long_output_is_kept_in_part(calls: NodeCalls) -> None:
    """So that a row does not grow without end."""
    calls.exec(ANN, "dev", ["echo", "y" * MAX_RECORDED * 2], 10, KEYED.key)
    again = calls.exec(ANN, "dev", ["echo", "y" * MAX_RECORDED * 2], 10, KEYED.key)
    assert MAX_RECORDED < len(again.stdout) < MAX_RECORDED + 100
    assert f"{MAX_RECORDED + 1:,} characters left out" in again.stdout


def test_what_was_under_way_when_the_process_died_is_not_run_again(place: Place) -> None:
    """The person is told, and told to look."""
    direct = place.direct()

    class Died(BaseException):
        """The process is killed."""

    def die(_seconds: float) -> None:
        raise Died

    place.node._sleep, kept = die, place.node._sleep  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    try:
        with pytest.raises(Died):
            direct.exec(ANN, "dev", ["sleep", "3"], 10, KEYED.key)
    finally:
        place.node._sleep = kept  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    before = place.ran("sleep")
    for _ in range(2):
        with pytest.raises(
            MayHaveRun, match=r"It may have run; its output is lost\. .* Look before doing it again"
        ):
            direct.exec(ANN, "dev", ["sleep", "3"], 10, KEYED.key)
    assert place.ran("sleep") == before


def test_a_worker_that_died_is_told_of_and_nothing_runs_twice(place: Place) -> None:
    """The next worker ends what the last one began; what only looks may be asked again."""
    carried = place.carried()
    for method in (Method.EXEC, Method.LOGS):
        with ThreadPoolExecutor(1) as threads:
            ask: Callable[[], object] = (
                (lambda: carried.exec(ANN, "dev", ["echo", "dead"], 10, KEYED.key))
                if method is Method.EXEC
                else (lambda: carried.logs(ANN, "dev", 1))
            )
            asked = threads.submit(ask)
            while place.store.take("box", [method], now(), now() - timedelta(hours=1)) is None:
                assert not asked.done()
            with place.worker():
                error = asked.exception(timeout=20)
        assert isinstance(error, MayHaveRun if method is Method.EXEC else HostFailure)
        assert "restarted" in str(error)
        assert isinstance(error, MayHaveRun) == (method is Method.EXEC)
    with place.worker(), pytest.raises(MayHaveRun):
        carried.exec(ANN, "dev", ["echo", "dead"], 10, KEYED.key)
    assert place.ran("dead") == 0


def test_what_nobody_took_is_taken_back_and_never_runs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a worker that is silent or busy it is said that nothing was done, and that stays true."""
    monkeypatch.setattr(node_calls, "WORKER_SILENCE", timedelta(0))
    carried = place.carried()
    with pytest.raises(WorkerAbsent, match=r"never heard of. .*voxnix worker.*Nothing was done"):
        carried.exec(ANN, "dev", ["echo", "late"], 10, KEYED.key)
    monkeypatch.setattr(node_calls, "WORKER_SILENCE", timedelta(hours=1))
    monkeypatch.setattr(node_calls, "TAKEN_WITHIN", 0.0)
    with pytest.raises(HostFailure, match=r"did not begin with this\. Nothing was done"):
        carried.exec(ANN, "dev", ["echo", "late"], 10)
    monkeypatch.undo()
    with place.worker():
        # What is asked now is served after all that would have been there before it.
        assert carried.exec(ANN, "dev", ["true"], 10).returncode == 0
    assert place.ran("late") == 0


def test_an_answer_that_does_not_come_ends_the_wait(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken by a worker that lives and says nothing: it may have run."""
    monkeypatch.setattr(node_calls, "GRACE", -9.9)
    carried = place.carried()
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(carried.exec, ANN, "dev", ["echo", "lost"], 10)
        while place.store.take("box", [Method.EXEC], now(), now() - timedelta(hours=1)) is None:
            assert not asked.done()
        with pytest.raises(MayHaveRun, match="No answer came in time"):
            asked.result(timeout=20)


def test_slow_commands_do_not_hold_up_who_only_looks(place: Place) -> None:
    """However many there are; all of them end."""
    carried = place.carried()
    with place.worker(), ThreadPoolExecutor(12) as threads:
        place.time.flowing.clear()
        place.time.reached.clear()
        try:
            slow = [threads.submit(carried.exec, ANN, "dev", ["sleep", "5"], 30) for _ in range(10)]
            assert place.time.reached.wait(20)
            assert carried.logs(ANN, "dev", 1)
            assert not any(one.done() for one in slow)
        finally:
            place.time.flowing.set()
        assert [one.result(timeout=20).returncode for one in slow] == [0] * 10


def test_what_cannot_be_asked_is_not_done(place: Place) -> None:
    """A row with another shape or somebody else's workload ends with a problem; of another method, never."""
    evil: list[tuple[str, dict[str, object]]] = [
        ("exec", {"owner": "ann", "name": "dev", "argv": "id", "timeout": 5}),
        ("exec", {"owner": "../ann", "name": "dev", "argv": ["id"], "timeout": 5}),
        ("exec", {"owner": "ann", "name": "dev", "argv": ["id"], "timeout": 5, "machine": "host"}),
        ("exec", {"owner": "ann", "name": "dev", "argv": [], "timeout": 5}),
        ("get", {"owner": "ann", "name": "dev", "path": "relative"}),
        ("logs", {"owner": "ann", "name": "../../etc", "lines": 5}),
        ("usage", {"owner": "bob", "name": "dev"}),
    ]
    before = list(place.node.commands)
    rows = [place.store.enter("box", method, given, now())[0] for method, given in evil]
    unknown, _ = place.store.enter("box", "destroy", {"owner": "ann", "name": "dev"}, now())
    with place.worker():
        done = threading.Event()
        while not all((one := place.store.get(row.id)) and one.ended_at for row in rows):
            done.wait(0.01)
    ended = [place.store.get(row.id) for row in rows]
    assert all(one and one.problem and one.result is None for one in ended)
    assert place.node.commands == before
    left = place.store.get(unknown.id)
    assert left is not None
    assert left.taken_at is None


def test_every_method_has_one_shape() -> None:
    """The list is closed, and what is in a call is checked when it is made."""
    assert set(CALLS) == set(Method)
    with pytest.raises(ValidationError):
        CALLS[Method.LOGS](owner="ann", name="dev", lines=0)  # pyright: ignore[reportCallIssue]


def test_a_command_that_prints_for_ever_is_ended(calls: NodeCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is told of their own command, and what to do."""
    monkeypatch.setattr(node_work, "MAX_SAID", 1 << 20)  # as much as takes no time in a row
    with pytest.raises(CommandSaidTooMuch, match=r"^echo printed more than 1\.0 MiB.*into a file") as failure:
        calls.exec(ANN, "dev", ["echo", "y" * (1 << 20)], 60, KEYED.key)
    assert "systemd-run" not in str(failure.value)
