"""What is said of snapshots, space and the trash."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.core.operation import OperationKind, OperationState
from agent.core.storage import ChangedFile, FileChange, Schedule, SnapshotKind, Space
from agent.phrasebook import Ask, Background, Call, understand
from agent.phrasebook.meaning import Act
from agent.phrasebook.replies import said
from agent.phrasebook.sayings import question
from agent.tools.storage_views import SnapshotView, TrashedView
from agent.tools.views import (
    ChangeView,
    DifferenceView,
    SnapshotsView,
    TrashView,
    UsageView,
    WorkloadView,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GIB = 1 << 30


def space(name: str, *, trash: bool = False) -> Space:
    """A container that takes 10 GiB of its 20."""
    return Space(name=name, root=2 * GIB, workspace=8 * GIB, snapshots=0, quota=20 * GIB, trash=trash)


def test_usage_has_a_bar_for_each_limit() -> None:
    """And what each is made up of; what is in the trash could go."""
    view = UsageView(quota=100 * GIB, used=20 * GIB, containers=(space("dev"), space("old", trash=True)))
    assert said(view) == (
        "You use 20 GiB of 100 GiB: ▓▓░░░░░░░░ 20%\n\n"
        "- **dev**: 10 GiB of 20 GiB ▓▓▓▓▓░░░░░ 50% (system 2 GiB and /workspace 8 GiB)\n"
        "- **old** in the trash: 10 GiB (system 2 GiB and /workspace 8 GiB)\n\n"
        "What is in the trash can go before its time: `purge old`."
    )
    assert (
        said(UsageView(quota=0, used=0, containers=())) == "You use 0 bytes. Nothing of it is in a container."
    )


@pytest.mark.parametrize(
    ("used", "bar"), [(0, "░" * 10), (1, "▓" + "░" * 9), (995, "▓" * 10), (2000, "▓" * 10)]
)
def test_a_bar_is_never_empty_where_something_is(used: int, bar: str) -> None:
    """Nor longer than it is."""
    assert f"{bar} " in said(UsageView(quota=1000, used=used, containers=(space("dev"),)))


def test_snapshots_are_told_with_what_can_be_done() -> None:
    """Each sentence that is offered is understood, and names the newest."""
    view = SnapshotsView(
        name="dev",
        snapshots=(
            SnapshotView(kind=SnapshotKind.HOURLY, taken_at=NOW, label="", used=0),
            SnapshotView(kind=SnapshotKind.MANUAL, taken_at=NOW, label="good", used=GIB),
            SnapshotView(kind=SnapshotKind.MANUAL, taken_at=NOW, label="", used=0),
            SnapshotView(kind=SnapshotKind.BEFORE, taken_at=NOW, label="17", used=0),
        ),
        older=3,
        schedule=Schedule(hourly=24),
    )
    told = said(view)
    assert "- 2026-11-25 12:00, `good`, holds 1 GiB" in told
    assert "- 2026-11-25 12:00, before operation 17, holds 0 bytes" in told
    assert "24 hourly are kept" in told
    nexts = told.rpartition("Next: ")[2].strip("`.").split("`, `")
    assert len(nexts) == 3
    for sentence in nexts:
        meaning = understand(sentence, Background())
        assert isinstance(meaning, Act)
        assert meaning.calls[0].arguments["snapshot"] == "2026-11-25 12:00"


def test_no_snapshots_are_told_with_how_to_have_some() -> None:
    """By hand, and by themselves."""
    told = said(SnapshotsView(name="dev", snapshots=()))
    assert told == (
        "**dev** has no snapshots. `take a snapshot of dev` takes one. None are taken by themselves; "
        "`snapshot dev every day` changes that."
    )


def test_a_difference_names_the_files() -> None:
    """As many as can be read."""
    files = tuple(ChangedFile(path=f"f{number}`x", change=FileChange.ADDED) for number in range(25))
    told = said(DifferenceView(name="dev", since=NOW, files=files, more=5))
    assert told.count("- added: ") == 20
    assert told.endswith("- and 10 more")
    assert "``" in told
    assert said(DifferenceView(name="dev", since=NOW, files=())) == (
        "Nothing in the /workspace of **dev** has changed since 2026-11-25 12:00."
    )


def test_the_trash_is_told_with_the_way_back() -> None:
    """And until when there is one."""
    trashed = TrashedView(
        number=7, name="old", modules=(), trashed_at=NOW, kept_until=NOW + timedelta(days=7)
    )
    assert said(TrashView(containers=(trashed,))) == (
        "In the trash:\n\n- **old**, destroyed 2026-11-25 12:00 UTC, kept until 2026-12-02 12:00 UTC\n\n"
        "Next: `restore old`, `restore old as old-2`, `purge old`."
    )
    assert said(TrashView(containers=())) == "The trash is empty."


def done(kind: OperationKind, container: str = "", **told: object) -> str:
    """What is said of a change that is done."""
    seen = WorkloadView.model_validate(
        {
            "name": container,
            "state": "running",
            "modules": (),
            "addresses": (),
            "created_at": NOW,
            "observed_at": NOW,
        }
    )
    view = ChangeView.model_validate(
        {
            "operation": 7,
            "action": kind,
            "name": "dev",
            "state": OperationState.DONE,
            "container": seen if container else None,
            **told,
        }
    )
    return said(view)


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (
            OperationKind.DESTROY,
            {"kept_until": NOW},
            "**dev** is destroyed. It can be brought back until 2026-11-25 12:00 UTC: `restore dev`.",
        ),
        (
            OperationKind.SNAPSHOT,
            {"container": "dev", "told": {"label": "good"}},
            "**dev** was snapshotted as `good`.",
        ),
        (
            OperationKind.RESTORE_FILE,
            {"container": "dev", "told": {"path": "a.txt"}},
            "**dev** was given its file back: `a.txt`.",
        ),
        (
            OperationKind.RESIZE,
            {"container": "dev", "told": {"quota": 5 * GIB}},
            "**dev** was resized: 5 GiB.",
        ),
        (OperationKind.CLONE, {"container": "test"}, "**test** is running. It was made of **dev**."),
        (OperationKind.RENAME, {"container": "web"}, "**web** is running."),
        (OperationKind.RESTORE, {"container": "dev"}, "**dev** is running."),
        (OperationKind.PURGE, {}, "**dev** was removed from the trash."),
    ],
)
def test_what_was_done_is_told(kind: OperationKind, given: dict[str, object], told: str) -> None:
    """What there is now, by its own name."""
    container = str(given.get("container", ""))
    rest = {key: value for key, value in given.items() if key != "container"}
    assert done(kind, container, **rest) == told


def test_a_new_name_is_asked_for() -> None:
    """Where it is missing, it is another question than the one for which container."""
    meaning = understand("rename dev")
    assert isinstance(meaning, Ask)
    assert "new name" in question(meaning.call)
    assert "Which container" in question(Call("rename_container", {}))
