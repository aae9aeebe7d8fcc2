"""Taking back what was asked for."""

import pytest
from pydantic_ai import ModelRetry

from agent.core.operation import OperationState, Request
from agent.core.workload import ContainerSpec
from agent.tools import undo as tools
from agent.tools.views import CancelView, ProblemView
from tests.simulation import Simulation, somebody
from tests.tools.test_containers import Caller


@pytest.fixture
def caller(simulation: Simulation) -> Caller:
    """Somebody who has one running container."""
    owner = somebody()
    simulation.made(owner, "dev", "git")
    return Caller(simulation, owner)


def test_what_waits_for_an_answer_is_withdrawn(simulation: Simulation, caller: Caller) -> None:
    """A proposal is the only thing that has not ended, so it is what is meant; afterwards nothing is."""
    proposed = simulation.app.services.workloads.destroy(caller.owner, "dev", Request(channel="test"))
    view = tools.cancel_change(caller.context)
    assert isinstance(view, CancelView)
    assert (view.change.operation, view.change.state) == (proposed.id, OperationState.CANCELLED)
    with pytest.raises(ModelRetry, match="There is nothing to cancel"):
        tools.cancel_change(caller.context)
    assert simulation.app.services.workloads.find(caller.owner, "dev")
    assert caller.codes == [0, 3]


def test_what_runs_is_ended_and_taken_back(simulation: Simulation, caller: Caller) -> None:
    """What has ended already cannot be ended, and says so."""
    impatient = Caller(simulation, caller.owner, patience=0.1)
    with simulation.standstill() as reached:
        spec = ContainerSpec(name="web")
        running = simulation.app.services.workloads.create(caller.owner, spec, Request(channel="test"))
        assert reached.wait(10)
        view = tools.cancel_change(impatient.context, name="web")
        assert isinstance(view, CancelView)
        assert view.change.operation == running.id
    assert simulation.settled(running).state is OperationState.CANCELLED
    with pytest.raises(ModelRetry, match="is cancelled"):
        tools.cancel_change(caller.context, running.id)
    assert [one.name for one in simulation.app.services.workloads.list(caller.owner)] == ["dev"]
    assert (impatient.codes, caller.codes) == ([0], [3])


def test_of_several_one_has_to_be_named(simulation: Simulation, caller: Caller) -> None:
    """By its number or by its container; one of this conversation is meant rather than another."""
    simulation.made(caller.owner, "web")
    destroy = simulation.app.services.workloads.destroy
    elsewhere = Request(channel="test", conversation="elsewhere")
    first, second = (destroy(caller.owner, name, elsewhere) for name in ("dev", "web"))
    with pytest.raises(ModelRetry, match=rf"{second.id} \(destroy web\), {first.id} \(destroy dev\)"):
        tools.cancel_change(caller.context)
    here = destroy(caller.owner, "dev", Request(channel="test"))
    for number, name in ((0, ""), (0, "web"), (first.id, "")):
        view = tools.cancel_change(caller.context, number, name)
        assert isinstance(view, CancelView)
    assert [
        one.id for one in simulation.operations(caller.owner) if one.state is OperationState.CANCELLED
    ] == [
        first.id,
        second.id,
        here.id,
    ]


def test_another_owners_operation_is_unknown(simulation: Simulation, caller: Caller) -> None:
    """The same answer as for one that does not exist."""
    theirs = simulation.app.services.workloads.destroy(caller.owner, "dev", Request(channel="test"))
    other = Caller(simulation, somebody())
    view = tools.cancel_change(other.context, theirs.id)
    assert isinstance(view, ProblemView)
    assert view.code == "UnknownOperation"
    assert simulation.app.services.operations.get(caller.owner, theirs.id).state is OperationState.PROPOSED
