"""Each tool: one call of a service, a typed view, and a record of how it went."""

import threading

import pytest
from pydantic_ai import ModelRetry, RunContext
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RunUsage

from agent.core.errors import CommandFailed, Problem, WorkerAbsent
from agent.core.operation import OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import Executed, WorkloadState
from agent.tools import containers as tools
from agent.tools.containers import containers
from agent.tools.deps import Deps, Outcome, exit_code
from agent.tools.views import (
    ChangeView,
    ExecutedView,
    LogsView,
    ModulesView,
    ProblemView,
    StatusView,
    WorkloadsView,
)
from tests.standins import World

OWNER = Owner("admin")


class Caller:
    """Calls tools as an agent would, for one owner."""

    def __init__(self, world: World, patience: float = 5) -> None:
        self.deps = Deps(OWNER, Request(channel="test"), world.services, patience)

    @property
    def context(self) -> RunContext[Deps]:
        """What pydantic-ai hands to a tool."""
        return RunContext(
            deps=self.deps, model=TestModel(), usage=RunUsage(), run_step=1, tool_call_id="call"
        )

    @property
    def codes(self) -> list[int]:
        """How the calls went."""
        return [outcome.exit_code for outcome in self.deps.outcomes]


@pytest.fixture
def world() -> World:
    """A world with one running container."""
    world = World()
    world.add("admin", "dev", "git")
    return world


@pytest.fixture
def caller(world: World) -> Caller:
    """Somebody in it."""
    return Caller(world)


def test_there_are_the_ten_tools_and_none_takes_an_owner_or_approves() -> None:
    """What a model may do is this list; it can neither speak for another owner nor agree to a plan."""
    assert sorted(containers.tools) == sorted(
        [
            *("create_container", "list_containers", "container_status", "start_container", "stop_container"),
            *("restart_container", "destroy_container", "container_logs", "run_in_container", "list_modules"),
        ]
    )
    for tool in containers.tools.values():
        parameters = tool.function_schema.json_schema["properties"]
        assert set(parameters) <= {"name", "modules", "lines", "command"}
        assert all(parameter.get("description") for parameter in parameters.values())


def test_a_create_waits_and_returns_the_container(world: World, caller: Caller) -> None:
    """A container that was created comes back with its state and address."""
    view = tools.create_container(caller.context, "web", ["node", "git"])
    assert isinstance(view, ChangeView)
    assert view.state is OperationState.DONE
    assert view.seconds == 3.2
    assert view.container is not None
    assert view.container.modules == ("git", "node")
    assert view.container.addresses == ("10.88.0.12",)
    assert ("create", "admin", "web", "git", "node") in world.calls
    assert world.entered[0].request.channel == "test"
    assert caller.codes == [0]


def test_what_goes_on_is_returned_as_it_stands(world: World) -> None:
    """After the patience is over the tool says how far the operation is; it was neither lost nor done."""
    world.stuck = True
    caller = Caller(world, patience=0.01)
    view = tools.stop_container(caller.context, "dev")
    assert isinstance(view, ChangeView)
    assert (view.state, view.step, view.steps) == (OperationState.RUNNING, 2, 4)
    assert view.doing == "installing packages (34 of 120)"
    assert caller.codes == [0]


def test_waiting_ends_when_nobody_waits_any_more(world: World) -> None:
    """A turn that was given up leaves no thread waiting for its operation."""
    world.stuck = True
    caller = Caller(world, patience=float("inf"))
    caller.deps.stopped.set()
    thread = threading.Thread(target=tools.stop_container, args=(caller.context, "dev"))
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert max(world.patiences) <= tools.SLICE


def test_a_destroy_only_proposes(world: World, caller: Caller) -> None:
    """Destroying comes back as a proposal with the losses in numbers, and nothing was lost."""
    view = tools.destroy_container(caller.context, "dev")
    assert isinstance(view, ChangeView)
    assert view.state is OperationState.PROPOSED
    assert view.plan is not None
    assert [(loss.what, loss.amount, loss.unit) for loss in view.plan.losses] == [
        ("workspace", 3 << 20, "bytes"),
        ("snapshots", 2, "count"),
    ]
    assert ("admin", "dev") in world.known
    assert caller.codes == [3]


@pytest.mark.parametrize(("name", "modules"), [("Dev", ["git"]), ("dev\n", []), ("x", ["gti"]), ("", [])])
def test_what_a_model_can_mend_is_asked_for_again(caller: Caller, name: str, modules: list[str]) -> None:
    """A bad name or module comes with its rule for another try, and is on record in case there is none."""
    with pytest.raises(ModelRetry, match=r"A name is 1 to 32|The modules are: fish"):
        tools.create_container(caller.context, name, modules)
    assert caller.codes == [3]


def test_what_cannot_be_mended_is_a_problem(world: World, caller: Caller) -> None:
    """Refusals and failures of the host come back as values, each with its own exit code."""
    world.failures["start"] = WorkerAbsent("Nothing runs operations.", hint="Start the worker.")
    world.failures["logs"] = CommandFailed(("journalctl",), 1, "no")
    world.failures["modules"] = ZeroDivisionError("a bug")
    views = [
        tools.create_container(caller.context, "dev", []),
        tools.stop_container(caller.context, "nope"),
        tools.start_container(caller.context, "dev"),
        tools.container_logs(caller.context, "dev"),
        tools.list_modules(caller.context),
    ]
    problems = [view for view in views if isinstance(view, ProblemView)]
    assert [problem.code for problem in problems] == [
        *("NameInUse", "UnknownWorkload", "WorkerAbsent", "CommandFailed", "ZeroDivisionError")
    ]
    assert caller.codes == [3, 3, 4, 4, 4]


def test_a_failed_operation_tells_why(world: World, caller: Caller) -> None:
    """What, why and what next of a failure reach the model."""
    world.fails = Problem(
        "failed", "BuildFailed", "The image could not be built.", "No mirror.", "Try later."
    )
    view = tools.restart_container(caller.context, "dev")
    assert isinstance(view, ChangeView)
    assert view.problem == ProblemView(
        refused=False,
        code="BuildFailed",
        what="The image could not be built.",
        why="No mirror.",
        hint="Try later.",
    )
    assert caller.codes == [4]


def test_a_command_is_run_and_its_output_made_fit(world: World, caller: Caller) -> None:
    """What a command printed comes back without terminal sequences, and not without end."""
    world.executed["git", "--version"] = Executed(returncode=0, stdout="\x1b[1mgit\x1b[0m 2\n", stderr="")
    world.executed["sh", "-c", "yes | head"] = Executed(
        returncode=1, stdout="y\n" * 100_000, stderr="é" * 50_000
    )
    plain = tools.run_in_container(caller.context, "dev", "git --version")
    assert isinstance(plain, ExecutedView)
    assert plain.stdout == "git 2\n"
    long = tools.run_in_container(caller.context, "dev", "yes | head")
    assert isinstance(long, ExecutedView)
    assert (long.returncode, len(long.stdout) < 13_000, len(long.stderr) < 7_000) == (1, True, True)
    assert isinstance(tools.run_in_container(caller.context, "dev", ["git", "--version"]), ExecutedView)
    # The command ran: what it made of it is the command's business.
    assert caller.codes == [0, 0, 0]


def test_a_command_in_a_stopped_container_is_refused(world: World, caller: Caller) -> None:
    """A stopped container runs nothing, and the answer says what to do first."""
    world.add("admin", "off", state=WorkloadState.STOPPED)
    view = tools.run_in_container(caller.context, "off", "ls")
    assert isinstance(view, ProblemView)
    assert view.hint == "Start off first."
    assert caller.codes == [3]


def test_looking_changes_nothing(world: World, caller: Caller) -> None:
    """Lists, states, logs and modules are read through one call each."""
    world.add("other", "theirs")
    listed = tools.list_containers(caller.context)
    assert isinstance(listed, WorkloadsView)
    assert [one.name for one in listed.containers] == ["dev"]
    status = tools.container_status(caller.context, "dev")
    assert isinstance(status, StatusView)
    assert (status.container.name, status.workspace) == ("dev", None)
    logs = tools.container_logs(caller.context, "dev", 2)
    assert isinstance(logs, LogsView)
    assert logs.lines == ("line 1", "line 2")
    assert isinstance(tools.list_modules(caller.context), ModulesView)
    assert world.calls == [
        ("list", "admin"),
        ("status", "admin", "dev"),
        ("logs", "admin", "dev", "2"),
        ("modules",),
    ]
    assert isinstance(tools.container_status(caller.context, "theirs"), ProblemView)


def _outcome(tool: str, step: int, code: int) -> Outcome:
    view = ProblemView(refused=code == 3, code="X", what="x") if code else WorkloadsView(containers=())
    return Outcome("call", tool, {}, step, view, tool in tools.ACTING)


@pytest.mark.parametrize(
    ("calls", "code"),
    [
        ([], 0),
        ([("create_container", 1, 3), ("create_container", 2, 0)], 0),
        ([("create_container", 1, 4), ("list_containers", 2, 0)], 4),
        ([("container_status", 1, 3), ("create_container", 2, 0)], 0),
        ([("stop_container", 1, 3), ("stop_container", 1, 0)], 3),
        ([("list_containers", 1, 0), ("container_status", 1, 3)], 3),
        ([("start_container", 1, 4), ("stop_container", 2, 3)], 4),
    ],
)
def test_the_exit_code_is_made_of_what_was_done(calls: list[tuple[str, int, int]], code: int) -> None:
    """Mended calls count once, looking does not hide a failure, and the worst of what was done wins."""
    assert exit_code([_outcome(*call) for call in calls]) == code
