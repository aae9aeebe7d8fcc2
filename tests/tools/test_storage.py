"""The tools for snapshots, space and the trash, where they take nothing away."""

import inspect

import pytest
from pydantic_ai import ModelRetry

from agent.core.operation import OperationState, Request
from agent.core.storage import FileChange
from agent.tools import storage as tools
from agent.tools import undo as undoing
from agent.tools.calling import ACTING
from agent.tools.toolsets import TOOLSETS
from agent.tools.views import (
    ChangeView,
    DifferenceView,
    ProblemView,
    SnapshotsView,
    TrashView,
    UsageView,
    ViewAdapter,
)
from tests.simulation import Simulation, somebody
from tests.tools.test_containers import Caller

LOOKING = ("list_", "show_", "explain_", "container_", "changed_", "storage_usage", "send_file")
"""What the names of tools begin with that only look."""


@pytest.fixture
def caller(simulation: Simulation) -> Caller:
    """Somebody who has one running container, and each call is a request of its own."""
    owner = somebody()
    simulation.made(owner, "dev", "git")
    return Caller(simulation, owner)


def done(view: object) -> ChangeView:
    """A change that went well."""
    assert isinstance(view, ChangeView)
    assert view.state is OperationState.DONE, view
    assert ViewAdapter.validate_json(view.model_dump_json()) == view
    return view


def test_each_tool_says_whether_it_does_something() -> None:
    """The exit code is made of that."""
    names = {name for one in TOOLSETS for name in one.tools}
    assert {name for name in names if not name.startswith(LOOKING)} == ACTING


def test_each_tool_takes_what_its_phrase_is_made_of() -> None:
    """None of them takes an owner, and each argument is described."""
    for one in TOOLSETS:
        for name, tool in one.tools.items():
            schema = tool.function_schema.json_schema["properties"]
            assert all(parameter.get("description") for parameter in schema.values()), name
            assert set(schema) == set(inspect.signature(tool.function).parameters) - {"ctx"}


def test_snapshots_are_taken_listed_and_compared_with(simulation: Simulation, caller: Caller) -> None:
    """A label is what asks for one again; times are those of the person's clock."""
    done(tools.snapshot_container(caller.context, "dev", "good"))
    simulation.app.services.files.put(caller.owner, "dev", "a.txt", b"x", Request(channel="test"))
    listed = tools.list_snapshots(caller.context, "dev")
    assert isinstance(listed, SnapshotsView)
    assert [(one.label, one.called) for one in listed.snapshots] == [("good", "good")]
    assert listed.snapshots[0].taken_at.tzinfo is not None
    changed = tools.changed_files(caller.context, "dev", "good")
    assert isinstance(changed, DifferenceView)
    assert [(one.path, one.change) for one in changed.files] == [("a.txt", FileChange.ADDED)]


def test_a_schedule_is_changed_in_part(caller: Caller) -> None:
    """What is left out stays; what is no number of snapshots is refused with the rule."""
    done(tools.schedule_snapshots(caller.context, "dev", hourly=24))
    done(tools.schedule_snapshots(caller.context, "dev", daily=7))
    listed = tools.list_snapshots(caller.context, "dev")
    assert isinstance(listed, SnapshotsView)
    assert (listed.schedule.hourly, listed.schedule.daily, listed.schedule.weekly) == (24, 7, 0)
    with pytest.raises(ModelRetry, match="0 to 1000"):
        tools.schedule_snapshots(caller.context, "dev", weekly=1001)


def test_a_copy_that_nobody_named_gets_a_name(caller: Caller) -> None:
    """One that is free, and no longer than a name may be."""
    names: list[str] = []
    for _ in range(2):
        view = done(tools.copy_container(caller.context, "dev"))
        assert view.container is not None
        names.append(view.container.name)
    assert names == ["dev-copy", "dev-copy-2"]
    long = done(tools.copy_container(caller.context, "dev", "a" * 32))
    assert long.container is not None
    again = done(tools.copy_container(caller.context, "a" * 32))
    assert again.container is not None
    assert again.container.name == f"{'a' * 27}-copy"


def test_a_new_name_and_size_take_nothing_away(caller: Caller) -> None:
    """The answer tells of the container by its new name; a size has to be one."""
    renamed = done(tools.rename_container(caller.context, "dev", "web"))
    assert renamed.container is not None
    assert (renamed.name, renamed.container.name, renamed.told) == ("dev", "web", {"name": "web"})
    done(tools.resize_container(caller.context, "web", "30G", "1G"))
    done(tools.resize_container(caller.context, "web", "", "none"))
    usage = tools.storage_usage(caller.context)
    assert isinstance(usage, UsageView)
    assert [(one.name, one.quota) for one in usage.containers] == [("web", 30 << 30)]
    with pytest.raises(ModelRetry, match="Such as: 20G"):
        tools.resize_container(caller.context, "web", "thirty")


def test_what_was_destroyed_is_listed_and_comes_back(simulation: Simulation, caller: Caller) -> None:
    """Under another name, where one is given."""
    operations = simulation.app.services.operations
    proposed = simulation.app.services.workloads.destroy(caller.owner, "dev", Request(channel="test"))
    assert proposed.plan is not None
    simulation.settled(operations.approve(caller.owner, proposed.id, proposed.plan.digest))
    listed = undoing.list_trash(caller.context)
    assert isinstance(listed, TrashView)
    assert [(one.name, one.number) for one in listed.containers] == [("dev", proposed.id)]
    restored = done(undoing.restore_container(caller.context, "dev", "old"))
    assert restored.container is not None
    assert restored.container.name == "old"
    theirs = undoing.restore_container(Caller(simulation, somebody()).context, "dev")
    assert isinstance(theirs, ProblemView)
    assert theirs.code == "UnknownSnapshot"


def test_undo_asks_for_the_opposite(simulation: Simulation, caller: Caller) -> None:
    """The answer is the change that undoes; where nothing is left to undo, that is said."""
    stopped = simulation.app.services.workloads.stop(caller.owner, "dev", Request(channel="test"))
    simulation.settled(stopped)
    view = done(undoing.undo_last_change(caller.context))
    assert view.action.value == "start"
    assert simulation.operations(caller.owner)[-1].undoes == stopped.id
    with pytest.raises(ModelRetry, match="nothing that could be undone"):
        undoing.undo_last_change(Caller(simulation, somebody()).context)
