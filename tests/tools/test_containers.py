"""Each tool: one call of a service, a typed view, and a record of how it went."""

import threading
from pathlib import Path

import pytest
from pydantic_ai import ModelRetry, RunContext
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RunUsage

from agent.core.operation import OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import WorkloadState
from agent.host.simulated import Fault
from agent.services import operations
from agent.services.lock import acquire_lock
from agent.services.node_work import MIB
from agent.tools import calling
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
from tests.simulation import Simulation, somebody


class Caller:
    """Calls tools as an agent would, for one owner."""

    def __init__(self, simulation: Simulation, owner: Owner, patience: float = 20) -> None:
        self.owner = owner
        self.deps = Deps(owner, Request(channel="test"), simulation.app.services, patience)

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
def caller(simulation: Simulation) -> Caller:
    """Somebody who has one running container."""
    owner = somebody()
    simulation.made(owner, "dev", "git")
    return Caller(simulation, owner)


def test_there_are_these_tools_and_none_takes_an_owner_or_approves() -> None:
    """What a model may do is this list; it can neither speak for another owner nor agree to a plan."""
    assert sorted(containers.tools) == sorted(
        [
            *("create_container", "list_containers", "container_status", "start_container", "stop_container"),
            *("restart_container", "destroy_container", "container_logs", "run_in_container", "list_modules"),
            *("update_container", "roll_back_container", "explain_module"),
        ]
    )
    for tool in containers.tools.values():
        parameters = tool.function_schema.json_schema["properties"]
        assert set(parameters) <= {"name", "modules", "options", "add", "remove", "lines", "command"}
        assert all(parameter.get("description") for parameter in parameters.values())


def test_a_create_waits_and_returns_the_container(simulation: Simulation, caller: Caller) -> None:
    """A container that was created comes back with its state and address, and how long it took."""
    view = tools.create_container(caller.context, "web", ["node", "git"])
    assert isinstance(view, ChangeView)
    assert view.state is OperationState.DONE
    assert view.container is not None
    web = simulation.app.services.workloads.find(caller.owner, "web")
    assert (view.container.state, view.container.modules) == (WorkloadState.RUNNING, ("git", "node"))
    assert view.container.addresses == web.addresses != ()
    operation = simulation.operations(caller.owner)[-1]
    assert operation.ended_at is not None
    assert view.seconds == round((operation.ended_at - operation.created_at).total_seconds(), 1)
    assert operation.request.channel == "test"
    assert caller.codes == [0]


def test_what_goes_on_is_returned_as_it_stands(simulation: Simulation, caller: Caller) -> None:
    """After the patience is over the tool says how far the operation is; it was neither lost nor done."""
    short = Caller(simulation, caller.owner, patience=2.5)
    with simulation.standstill():
        view = tools.create_container(short.context, "web", ["node", "python", "workspace"])
        assert isinstance(view, ChangeView)
        assert (view.state, view.step, view.steps) == (OperationState.RUNNING, 1, 4)
        assert view.doing.startswith("downloading packages (0 of ")
        assert view.seconds is None
    assert simulation.settled(simulation.operations(caller.owner)[-1]).state is OperationState.DONE
    assert short.codes == [0]


def test_waiting_ends_when_nobody_waits_any_more(
    simulation: Simulation, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that was given up leaves no thread waiting for its operation longer than one look takes."""
    monkeypatch.setattr(calling, "SLICE", 0.2)
    endless = Caller(simulation, caller.owner, patience=float("inf"))
    with simulation.standstill() as reached:
        thread = threading.Thread(target=tools.stop_container, args=(endless.context, "dev"))
        thread.start()
        assert reached.wait(10)
        assert thread.is_alive()
        endless.deps.stopped.set()
        thread.join(5)
        assert not thread.is_alive()
        assert simulation.operations(caller.owner)[-1].state is OperationState.RUNNING


def test_a_destroy_only_proposes(simulation: Simulation, caller: Caller) -> None:
    """Destroying comes back as a proposal with the losses in numbers, and nothing was lost."""
    machine = simulation.app.services.workloads.find(caller.owner, "dev").machine
    (workspace,) = [one for one in simulation.node.world.datasets if one.endswith(f"{machine}/workspace")]
    simulation.node.grow(workspace, 2 * MIB)
    view = tools.destroy_container(caller.context, "dev")
    assert isinstance(view, ChangeView)
    assert view.state is OperationState.PROPOSED
    assert view.plan is not None
    *amounts, changed = view.plan.losses
    assert (changed.what, changed.unit) == ("last change", "moment")
    assert [(loss.what, loss.amount, loss.unit) for loss in amounts] == [
        ("workspace", 3 * MIB, "bytes"),
        ("root", 16 * MIB, "bytes"),
        ("snapshots", 0, "count"),
    ]
    assert workspace in simulation.node.world.datasets
    assert simulation.app.services.workloads.find(caller.owner, "dev").state is WorkloadState.RUNNING
    assert caller.codes == [3]


@pytest.mark.parametrize(("name", "modules"), [("Dev", ["git"]), ("dev\n", []), ("x", ["gti"]), ("", [])])
def test_what_a_model_can_mend_is_asked_for_again(
    simulation: Simulation, name: str, modules: list[str]
) -> None:
    """A bad name or module comes with its rule for another try, and is on record in case there is none."""
    caller = Caller(simulation, somebody())
    with pytest.raises(ModelRetry, match=r"A name is 1 to 32|Did you mean git"):
        tools.create_container(caller.context, name, modules)
    assert caller.codes == [3]
    assert simulation.operations(caller.owner) == []


def test_what_cannot_be_mended_is_a_problem(simulation: Simulation, caller: Caller) -> None:
    """Refusals, failures of the host and our own mistakes come back as values, each with its exit code."""
    broken = (
        Fault("^journalctl", stderr="Failed to open: I/O error"),
        Fault("^zfs list", stderr="no such pool", times=None),
    )
    views = [
        tools.create_container(caller.context, "dev", []),
        tools.stop_container(caller.context, "nope"),
    ]
    with simulation.failing(*broken):
        views += [
            tools.container_logs(caller.context, "dev"),
            tools.create_container(caller.context, "web", []),
        ]
    with simulation.broken(ZeroDivisionError("a bug")):
        views.append(tools.run_in_container(caller.context, "dev", "sleep 1"))
    problems = [view for view in views if isinstance(view, ProblemView)]
    assert [problem.code for problem in problems] == [
        *("NameInUse", "UnknownWorkload", "CommandFailed", "HostFailure", "ZeroDivisionError")
    ]
    assert caller.codes == [3, 3, 4, 4, 4]


def test_without_a_worker_the_tool_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that nobody runs is a problem with its way out, instead of a wait without end."""
    monkeypatch.setattr(operations, "WORKER_SILENCE", operations.WORKER_SILENCE * 0)
    simulation = Simulation(tmp_path)
    # Another process is the worker, and was never heard of.
    lock = acquire_lock(simulation.app.settings.state_folder)
    assert lock is not None
    caller = Caller(simulation, somebody())
    view = tools.create_container(caller.context, "dev", [])
    assert isinstance(view, ProblemView)
    assert (view.code, "voxnix worker" in view.hint) == ("WorkerAbsent", True)
    assert caller.codes == [4]
    simulation.app.close()
    lock.close()


def test_a_failed_operation_tells_why(simulation: Simulation, caller: Caller) -> None:
    """What, why and what next of a failure reach the model, and what was begun is taken away."""
    with simulation.failing(Fault(" mmdebstrap ", stderr="E: Unable to locate package fish", times=None)):
        view = tools.create_container(caller.context, "web", ["fish", "node", "python"])
    assert isinstance(view, ChangeView)
    assert view.state is OperationState.FAILED
    problem = simulation.operations(caller.owner)[-1].problem
    assert problem is not None
    assert view.problem == ProblemView(
        refused=False, code="BuildFailed", what=problem.what, why=problem.why, hint=problem.hint
    )
    assert "Unable to locate package fish" in problem.why
    assert [one.name for one in simulation.app.services.workloads.list(caller.owner)] == ["dev"]
    assert caller.codes == [4]


def test_a_command_is_run_and_its_output_made_fit(caller: Caller) -> None:
    """What a command printed comes back without terminal sequences, and not without end."""
    plain = tools.run_in_container(caller.context, "dev", ["echo", "\x1b[1mgit\x1b[0m 2"])
    assert isinstance(plain, ExecutedView)
    assert plain.stdout == "git 2\n"
    long = tools.run_in_container(caller.context, "dev", f"echo {'y' * 50_000}; cat {'é' * 40_000}")
    assert isinstance(long, ExecutedView)
    assert (long.returncode, len(long.stdout) < 13_000, len(long.stderr) < 7_000) == (1, True, True)
    assert isinstance(tools.run_in_container(caller.context, "dev", "git --version"), ExecutedView)
    # The command ran: what it made of it is the command's business.
    assert caller.codes == [0, 0, 0]


def test_a_command_in_a_stopped_container_is_refused(simulation: Simulation, caller: Caller) -> None:
    """A stopped container runs nothing, and the answer says what to do first."""
    tools.stop_container(caller.context, "dev")
    view = tools.run_in_container(caller.context, "dev", "ls")
    assert isinstance(view, ProblemView)
    assert view.hint == "Start dev first."
    assert caller.codes == [0, 3]
    assert simulation.ran(caller.owner) == []


def test_looking_changes_nothing(simulation: Simulation, caller: Caller) -> None:
    """Lists, states, logs and modules are read; the node and what was asked of it stay as they were."""
    theirs = somebody()
    simulation.made(theirs, "theirs")
    before = simulation.node.world.model_copy(deep=True)
    listed = tools.list_containers(caller.context)
    assert isinstance(listed, WorkloadsView)
    assert [one.name for one in listed.containers] == ["dev"]
    status = tools.container_status(caller.context, "dev")
    assert isinstance(status, StatusView)
    assert status.container.name == "dev"
    assert status.workspace is not None
    assert status.last_change is not None
    logs = tools.container_logs(caller.context, "dev", 2)
    assert isinstance(logs, LogsView)
    assert len(logs.lines) == 2
    assert "Reached target multi-user.target" in logs.lines[-1]
    modules = tools.list_modules(caller.context)
    assert isinstance(modules, ModulesView)
    assert {"fish", "git"} <= {module.name for module in modules.modules}
    assert isinstance(tools.container_status(caller.context, "theirs"), ProblemView)
    assert simulation.node.world == before
    assert simulation.changes(caller.owner) == ["create dev"]


def _outcome(tool: str, step: int, code: int) -> Outcome:
    view = ProblemView(refused=code == 3, code="X", what="x") if code else WorkloadsView(containers=())
    return Outcome("call", tool, {}, step, view, tool in calling.ACTING)


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
