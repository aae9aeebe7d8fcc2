"""Cancelling: at whichever command an operation is, it ends, and things are as they were."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import ApprovalExpired, InvalidRequest, UnknownOperation
from agent.core.operation import Operation, OperationKind, OperationState
from agent.core.workload import ContainerSpec
from agent.host.node import MOST_OUTPUT, Completed, interrupted
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.services import operations as module
from tests.services.conftest import ANN, ASKED, BOB, made


class HaltingNode(SimulatedNode):
    """A simulation on which a certain command of an operation does not end until somebody ends it."""

    def __init__(self) -> None:
        super().__init__("box", pace=Pace.instant())
        self.asked = 0
        self.halt_at: tuple[int, bool] | None = None
        self.halt_on = ""
        self.halted = threading.Event()
        self.released = threading.Event()
        self.thread = 0

    def watch(self, at: tuple[int, bool] | None = None, on: str = "") -> None:
        """Count from here; halt at the command of this number, before or after its work, or one like this."""
        self.asked, self.halt_at, self.halt_on = 0, at, on
        self.halted.clear()
        self.released.clear()

    def run(
        self,
        argv: list[str],
        *,
        input: str | None = None,  # noqa: A002
        timeout: float = 60,
        check: bool = True,
        most: int = MOST_OUTPUT,
    ) -> Completed:
        """See :meth:`agent.host.node.Node.run`."""
        who = threading.current_thread()
        ours = not who.name.startswith("voxnix-") and who is not threading.main_thread()
        number = self.asked if ours else -1
        self.asked += ours
        words = " ".join(argv)
        if ours and self.halt_on and words.startswith(self.halt_on):
            self._halt(argv)
        if self.halt_at == (number, False):
            self._halt(argv)
        done = super().run(argv, input=input, timeout=timeout, check=check, most=most)
        if self.halt_at == (number, True):
            self._halt(argv)
        return done

    def interrupt(self, thread: int) -> None:
        """See :meth:`agent.host.node.Node.interrupt`."""
        super().interrupt(thread)
        if self.halted.is_set() and thread == self.thread:
            self.released.set()

    def release(self) -> None:
        """Let the command go on."""
        self.thread = 0
        self.released.set()

    def _halt(self, argv: list[str]) -> None:
        self.halt_at, self.halt_on = None, ""
        self.thread = threading.get_ident()
        self.halted.set()
        assert self.released.wait(30), "nobody ended the command"
        if self.thread:
            raise interrupted(argv)

    def things(self) -> dict[str, object]:
        """What is on the node, but for images, which others may want too."""
        return {
            "datasets": {
                name: (
                    one.mounted,
                    one.canmount,
                    one.mountpoint,
                    one.quota,
                    one.reservation,
                    one.origin,
                    sorted(one.snapshots),
                    {path: text for path, text in one.files.items() if path.startswith("note")},
                )
                for name, one in self.world.datasets.items()
                if "/workloads/" in name or "/trash/" in name or "/opened/" in name
            },
            "running": sorted(name for name, unit in self.world.units.items() if unit.active),
            "files": sorted(name for name in self.world.files if "nspawn" in name or name.startswith("/mnt")),
            "backups": sorted(
                f"{name}@{one}"
                for name, dataset in self.world.datasets.items()
                for one in dataset.snapshots
                if "-backup-" in one
            ),
        }


@pytest.fixture
def node() -> HaltingNode:
    """The node of this file's tests."""
    return HaltingNode()


@pytest.fixture
def app(node: HaltingNode, tmp_path: Path) -> Iterator[App]:
    """The product on it."""
    opened = App(settings.load(simulate=True, state_dir=tmp_path, node_name="box"), node)
    yield opened
    opened.close()


def ended(app: App, operation: Operation) -> Operation:
    """An operation at its end."""
    return app.services.operations.wait(ANN, operation.id, 30)


def stopped(app: App) -> None:
    """A container that rests."""
    made(app)
    ended(app, app.services.workloads.stop(ANN, "dev", ASKED))


def updated(app: App) -> None:
    """A container that can be rolled back."""
    made(app)
    ended(app, update(app))


def update(app: App) -> Operation:
    """It is to be made of something else."""
    return app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("git", "zsh")), ASKED)


def agreed(app: App, operation: Operation) -> Operation:
    """An operation to which a person has agreed."""
    assert operation.plan is not None
    return app.services.operations.approve(ANN, operation.id, operation.plan.digest)


def destroyed(app: App) -> None:
    """A container in the trash."""
    made(app)
    ended(app, agreed(app, app.services.workloads.destroy(ANN, "dev", ASKED)))


def kept(app: App) -> None:
    """A container with a snapshot called good, and with files that changed since; it rests."""
    made(app)
    write = "echo {0} > /workspace/note; echo {0} > /root/note"
    app.services.workloads.exec(ANN, "dev", ["sh", "-c", write.format("good")], request=ASKED)
    ended(app, app.services.storage.snapshot(ANN, "dev", ASKED, "good"))
    app.services.workloads.exec(ANN, "dev", ["sh", "-c", write.format("bad")], request=ASKED)


def missing(app: App) -> None:
    """The same, where the file is not there any more."""
    kept(app)
    app.services.workloads.exec(ANN, "dev", ["rm", "/workspace/note"], request=ASKED)


def restore_file(app: App) -> Operation:
    """It is to be as it was in that snapshot."""
    return app.services.storage.restore_file(ANN, "dev", "good", "note", ASKED)


def backup(app: App) -> Operation:
    """It is to be backed up."""
    return app.services.backups.backup(ANN, "dev", "/mnt/usb", ASKED)


def backed_up(app: App) -> None:
    """A container that has a backup."""
    made(app)
    ended(app, backup(app))


CASES: dict[OperationKind, tuple[Callable[[App], object], Callable[[App], Operation]]] = {
    OperationKind.CREATE: (
        lambda app: made(app, "other"),
        lambda app: app.services.workloads.create(ANN, ContainerSpec(name="dev", modules=("git",)), ASKED),
    ),
    OperationKind.START: (stopped, lambda app: app.services.workloads.start(ANN, "dev", ASKED)),
    OperationKind.STOP: (made, lambda app: app.services.workloads.stop(ANN, "dev", ASKED)),
    OperationKind.RESTART: (made, lambda app: app.services.workloads.restart(ANN, "dev", ASKED)),
    OperationKind.UPDATE: (made, update),
    OperationKind.DESTROY: (made, lambda app: agreed(app, app.services.workloads.destroy(ANN, "dev", ASKED))),
    OperationKind.RESTORE: (destroyed, lambda app: app.services.trash.restore(ANN, "dev", ASKED)),
    OperationKind.ROLLBACK: (
        updated,
        lambda app: agreed(app, app.services.workloads.roll_back(ANN, "dev", ASKED)),
    ),
    OperationKind.RENAME: (made, lambda app: app.services.workloads.rename(ANN, "dev", "prod", ASKED)),
    OperationKind.SNAPSHOT: (made, lambda app: app.services.storage.snapshot(ANN, "dev", ASKED, "good")),
    OperationKind.REVERT: (
        kept,
        lambda app: agreed(app, app.services.storage.revert(ANN, "dev", "good", ASKED)),
    ),
    OperationKind.CLONE: (kept, lambda app: app.services.storage.clone(ANN, "dev", "copy", ASKED)),
    OperationKind.RESTORE_FILE: (kept, lambda app: agreed(app, restore_file(app))),
    OperationKind.BACKUP: (backed_up, backup),
    OperationKind.RECEIVE: (
        backed_up,
        lambda app: app.services.backups.receive(ANN, "dev", "/mnt/usb", ASKED, new_name="copy"),
    ),
}
"""For each kind: what stands before it, and how it is asked for."""
LAST_IS_FINAL = (
    OperationKind.UPDATE,
    OperationKind.ROLLBACK,
    OperationKind.DESTROY,
    OperationKind.RESTORE_FILE,
    OperationKind.BACKUP,
)
"""Kinds whose last step still asks the node something, and then writes down that all went well."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", CASES)
def test_at_each_of_its_commands_an_operation_can_be_cancelled(
    app: App, node: HaltingNode, kind: OperationKind, *, after: bool
) -> None:
    """The commands are found by walking. Afterwards all is as before, and it can be asked for again."""
    before, ask = CASES[kind]
    before(app)
    names = [one.name for one in app.services.workloads.list(ANN)]
    things, number, cancelled = node.things(), 0, 0
    while True:
        node.watch((number, after))
        operation = ask(app)
        app.services.operations.ensure_worker()
        while not node.halted.wait(0.01) and not app.services.operations.get(ANN, operation.id).state.ended:
            pass
        if not node.halted.is_set():
            break
        seen = app.services.operations.cancel(ANN, operation.id)
        if kind in LAST_IS_FINAL and seen.step == seen.steps:
            node.release()  # too late: it is written down that it went well
            break
        over = ended(app, operation)
        assert over.state is OperationState.CANCELLED, (number, over.problem)
        assert over.cancelled_by == ANN.key
        assert node.things() == things, number
        assert [one.name for one in app.services.workloads.list(ANN)] == names
        number, cancelled = number + 1, cancelled + 1
    assert cancelled > 1
    assert ended(app, operation).state is OperationState.DONE


def test_a_long_build_is_ended(tmp_path: Path) -> None:
    """It does not go on behind the person's back, and nothing of the container is left."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    node = SimulatedNode("box", pace=Pace(build=600, boot=0, lease=0, stop=0))
    app = App(loaded, node)
    try:
        operation = app.services.workloads.create(ANN, ContainerSpec(name="dev"), ASKED)
        for seen in app.services.operations.watch(ANN, operation.id, 30):
            if seen.progress.total:
                app.services.operations.cancel(ANN, operation.id)
        assert ended(app, operation).state is OperationState.CANCELLED
        assert app.services.workloads.list(ANN) == []
    finally:
        app.close()


@pytest.mark.parametrize("kind", ["create", "update", "build"])
@pytest.mark.parametrize("label", ["unpacking the image", "giving the image to its owner"])
def test_half_an_image_is_not_left(tmp_path: Path, kind: str, label: str) -> None:
    """Nobody may ever want it again, and no prune would know of it; what is whole stays."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    node = SimulatedNode("box", pace=Pace.instant())
    with closing(App(loaded, node)) as app:
        made(app)
        node.faults.append(Fault("^tar .*--extract" if "unpacking" in label else "shift", hangs=True))
        zsh, workloads = ("zsh",), app.services.workloads
        asks = {
            "create": lambda: workloads.create(ANN, ContainerSpec(name="web", modules=zsh), ASKED),
            "update": lambda: workloads.update(ANN, ContainerSpec(name="dev", modules=zsh), ASKED),
            "build": lambda: app.services.images.build(ANN, zsh, ASKED),
        }
        operation = asks[kind]()
        for seen in app.services.operations.watch(ANN, operation.id, 30):
            if seen.progress.label == label and not seen.cancelled_by:
                app.services.operations.cancel(ANN, operation.id)
        assert ended(app, operation).state is OperationState.CANCELLED
        images = [one for name, one in node.world.datasets.items() if name.startswith("tank/images/")]
        assert images
        assert all("golden" in one.snapshots for one in images)


def test_what_has_not_begun_never_begins(tmp_path: Path) -> None:
    """A create that waits for its turn leaves no container behind, and a plan nobody to agree to it."""
    loaded = settings.load(state_dir=tmp_path, node_name="box", embedded_worker=False)
    app = App(loaded, HaltingNode())
    try:
        queued = app.services.workloads.create(ANN, ContainerSpec(name="dev"), ASKED)
        assert app.services.operations.cancel(ANN, queued.id).state is OperationState.CANCELLED
        assert app.services.workloads.list(ANN) == []
    finally:
        app.close()


def test_a_plan_can_be_cancelled_and_what_has_ended_cannot(app: App) -> None:
    """An end is an end, and another owner's operation does not exist."""
    number = made(app).id
    with pytest.raises(InvalidRequest, match="done"):
        app.services.operations.cancel(ANN, number)
    proposed = app.services.workloads.destroy(ANN, "dev", ASKED)
    with pytest.raises(UnknownOperation):
        app.services.operations.cancel(BOB, proposed.id)
    assert app.services.operations.cancel(ANN, proposed.id).state is OperationState.CANCELLED
    assert [one.name for one in app.services.workloads.list(ANN)] == ["dev"]


def test_nobody_can_agree_after_an_hour(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was shown may not be true any more: it has to be asked for again."""
    made(app)
    proposed = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert proposed.plan is not None
    operations = app.services.operations
    later = proposed.created_at + timedelta(minutes=61)
    monkeypatch.setattr(operations, "_clock", lambda: later)
    with pytest.raises(ApprovalExpired, match="in time"):
        operations.approve(ANN, proposed.id, proposed.plan.digest)
    assert [one.name for one in app.services.workloads.list(ANN)] == ["dev"]
    assert module.expired(proposed).problem.hint


def test_the_worker_ends_what_nobody_agreed_to(tmp_path: Path) -> None:
    """It does not stay among what waits for an answer; and who agreed to what is written down."""
    moved = timedelta()

    def clock() -> datetime:
        return datetime.now(UTC) + moved

    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    app = App(loaded, SimulatedNode("box", pace=Pace.instant()), clock)
    try:
        made(app)
        proposed = app.services.workloads.destroy(ANN, "dev", ASKED)
        moved = timedelta(minutes=61)
        while not (seen := app.services.operations.get(ANN, proposed.id)).state.ended:
            threading.Event().wait(0.01)
        assert seen.state is OperationState.CANCELLED
        assert seen.problem is not None
        assert seen.problem.code == "ApprovalExpired"
        again = app.services.workloads.destroy(ANN, "dev", ASKED)
        assert again.plan is not None
        assert app.services.operations.approve(ANN, again.id, again.plan.digest).approved_by == ANN.key
    finally:
        app.close()
