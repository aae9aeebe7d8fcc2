"""For each kind of operation: what stands before it, and how it is asked for. One small function each."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.core.operation import Operation, OperationKind
from agent.core.storage import Schedule
from agent.core.workload import ContainerSpec
from tests.faults.stage import ANN, ASKED, BOB, Stage, until


def nothing(stage: Stage) -> None:
    """Before a scenario for which there is enough."""


@dataclass(frozen=True)
class Scenario:
    """One way in which an operation of a kind is asked for.

    Attributes:
        kind: of the operation.
        name: what is special about it.
        ask: for it.
        before: what has to be there beside what :func:`furnish` makes.
        forgiven: contents of files that it takes away, as asked.
    """

    kind: OperationKind
    name: str
    ask: Callable[[Stage], Operation]
    before: Callable[[Stage], object] = nothing
    forgiven: frozenset[str] = frozenset()


def furnish(stage: Stage) -> None:
    """What stands before every operation: two containers that run, of two owners, and one that rests."""
    stage.made("dev")
    stage.made("dev", owner=BOB)
    stage.made("rest")
    stage.done(stage.services.workloads.stop(ANN, "rest", ASKED))


def _create(stage: Stage) -> Operation:
    return stage.services.workloads.create(ANN, ContainerSpec(name="new", modules=("git",)), ASKED)


def _create_of_new_modules(stage: Stage) -> Operation:
    return stage.services.workloads.create(ANN, ContainerSpec(name="new", modules=("git", "fish")), ASKED)


def _update(stage: Stage) -> Operation:
    return stage.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("git", "fish")), ASKED)


def _updated(stage: Stage) -> None:
    stage.done(_update(stage))
    stage.wrote("dev", "/srv/state", "of the second generation")


def _destroyed(stage: Stage) -> None:
    stage.done(stage.services.workloads.destroy(ANN, "dev", ASKED))


def _replaced(stage: Stage) -> None:
    _destroyed(stage)
    stage.made("dev")
    stage.wrote("dev", "/workspace/notes", "the new one's")


def _kept(stage: Stage) -> None:
    """There is a snapshot, and things have moved on."""
    stage.done(stage.services.storage.snapshot(ANN, "dev", ASKED, "mine"))
    stage.wrote("dev", "/workspace/notes", "later work")
    stage.wrote("dev", "/srv/state", "a later state")


def _kept_and_updated(stage: Stage) -> None:
    _kept(stage)
    _updated(stage)


def _scheduled(stage: Stage) -> None:
    """Snapshots are taken by themselves, and the first one was."""
    stage.done(stage.services.storage.schedule(ANN, "dev", Schedule(hourly=3), ASKED))
    stage.app.close()
    next_one = type(stage)(stage.folder)  # which looks at once what is due
    next_one.services.operations.ensure_worker()
    if not until(lambda: next_one.services.storage.snapshots(ANN, "dev")):
        raise AssertionError("nobody took a snapshot")


def _disk(stage: Stage) -> None:
    """There is a place for backups."""
    stage.node.run(["mkdir", "--parents", DISK])


def _backed_up(stage: Stage) -> None:
    _disk(stage)
    stage.done(stage.services.backups.backup(ANN, "dev", DISK, ASKED))
    stage.wrote("dev", "/workspace/notes", "later work")


def _receive(stage: Stage) -> Operation:
    (info,) = stage.services.backups.list(DISK)
    return stage.services.backups.receive(ANN, info.name, info.place, ASKED, new_name="again")


DISK = "/mnt/backups"
"""A folder for backups on the node."""

SCENARIOS = (
    Scenario(OperationKind.CREATE, "of an image that is there", _create),
    Scenario(OperationKind.CREATE, "of an image to be built", _create_of_new_modules),
    Scenario(OperationKind.START, "", lambda stage: stage.services.workloads.start(ANN, "rest", ASKED)),
    Scenario(OperationKind.STOP, "", lambda stage: stage.services.workloads.stop(ANN, "dev", ASKED)),
    Scenario(OperationKind.RESTART, "", lambda stage: stage.services.workloads.restart(ANN, "dev", ASKED)),
    Scenario(OperationKind.UPDATE, "", _update),
    Scenario(
        OperationKind.UPDATE,
        "for the second time",
        lambda stage: stage.services.workloads.update(
            ANN, ContainerSpec(name="dev", modules=("git", "zsh")), ASKED
        ),
        _updated,
        frozenset({"ann's state in dev\n"}),
    ),
    Scenario(
        OperationKind.ROLLBACK,
        "",
        lambda stage: stage.services.workloads.roll_back(ANN, "dev", ASKED),
        _updated,
    ),
    Scenario(OperationKind.DESTROY, "", lambda stage: stage.services.workloads.destroy(ANN, "dev", ASKED)),
    Scenario(
        OperationKind.DESTROY,
        "of one that rests",
        lambda stage: stage.services.workloads.destroy(ANN, "rest", ASKED),
    ),
    Scenario(
        OperationKind.RESTORE,
        "",
        lambda stage: stage.services.trash.restore(ANN, "dev", ASKED),
        _destroyed,
    ),
    Scenario(
        OperationKind.RESTORE,
        "as another",
        lambda stage: stage.services.trash.restore(ANN, "dev", ASKED, "other"),
        _destroyed,
    ),
    Scenario(
        OperationKind.RESTORE,
        "over live data",
        lambda stage: stage.services.trash.restore(ANN, "dev", ASKED),
        _replaced,
    ),
    Scenario(
        OperationKind.PURGE,
        "",
        lambda stage: stage.services.trash.purge(ANN, "dev", ASKED),
        _destroyed,
        frozenset({"ann's work in dev\n", "ann's state in dev\n"}),
    ),
    Scenario(OperationKind.BUILD, "", lambda stage: stage.services.images.build(ANN, ("git", "zsh"), ASKED)),
    Scenario(
        OperationKind.PRUNE,
        "",
        lambda stage: stage.services.images.prune(ANN, ASKED),
        lambda stage: stage.done(stage.services.images.build(ANN, ("git", "zsh"), ASKED)),
    ),
    Scenario(
        OperationKind.SNAPSHOT,
        "",
        lambda stage: stage.services.storage.snapshot(ANN, "dev", ASKED, "mine"),
    ),
    Scenario(
        OperationKind.FORGET,
        "",
        lambda stage: stage.services.storage.forget(ANN, "dev", "mine", ASKED),
        _kept,
        frozenset({"ann's work in dev\n", "ann's state in dev\n"}),
    ),
    Scenario(
        OperationKind.REVERT,
        "",
        lambda stage: stage.services.storage.revert(ANN, "dev", "mine", ASKED),
        _kept,
    ),
    Scenario(
        OperationKind.REVERT,
        "across an update",
        lambda stage: stage.services.storage.revert(ANN, "dev", "mine", ASKED),
        _kept_and_updated,
    ),
    Scenario(
        OperationKind.RESTORE_FILE,
        "",
        lambda stage: stage.services.storage.restore_file(ANN, "dev", "mine", "notes", ASKED),
        _kept,
    ),
    Scenario(OperationKind.CLONE, "", lambda stage: stage.services.storage.clone(ANN, "dev", "copy", ASKED)),
    Scenario(
        OperationKind.CLONE,
        "of a snapshot",
        lambda stage: stage.services.storage.clone(ANN, "dev", "copy", ASKED, "mine"),
        _kept,
    ),
    Scenario(
        OperationKind.RENAME, "", lambda stage: stage.services.workloads.rename(ANN, "dev", "named", ASKED)
    ),
    Scenario(
        OperationKind.RENAME,
        "of one that rests",
        lambda stage: stage.services.workloads.rename(ANN, "rest", "named", ASKED),
    ),
    Scenario(
        OperationKind.RESIZE,
        "to more",
        lambda stage: stage.services.workloads.resize(ANN, "dev", 30 << 30, ASKED, reservation=1 << 30),
    ),
    Scenario(
        OperationKind.RESIZE,
        "to less",
        lambda stage: stage.services.workloads.resize(ANN, "dev", 10 << 30, ASKED),
    ),
    Scenario(
        OperationKind.SCHEDULE,
        "",
        lambda stage: stage.services.storage.schedule(ANN, "dev", Schedule(hourly=2), ASKED),
        _scheduled,
    ),
    Scenario(
        OperationKind.BACKUP,
        "",
        lambda stage: stage.services.backups.backup(ANN, "dev", DISK, ASKED),
        _disk,
    ),
    Scenario(
        OperationKind.BACKUP,
        "for the second time",
        lambda stage: stage.services.backups.backup(ANN, "dev", DISK, ASKED),
        _backed_up,
    ),
    Scenario(OperationKind.RECEIVE, "", _receive, _backed_up),
)
