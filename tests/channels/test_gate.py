import pytest

from agent.channels.gate import settle
from agent.channels.terminal import Terminal
from agent.core.errors import ApprovalNeeded, PlanChanged
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from tests.channels.conftest import Person, desk_of
from tests.simulation import Simulation


def proposed(simulation: Simulation, owner: Owner, name: str) -> Operation:
    """A container and the proposal to destroy it."""
    simulation.made(owner, name)
    return simulation.app.services.workloads.destroy(owner, name, Request(channel="test"))


def grown(simulation: Simulation, operation: Operation) -> None:
    """Have the container hold more than its plan said."""
    held = [one for name, one in simulation.node.world.datasets.items() if operation.machine in name]
    assert held
    for dataset in held:
        dataset.written += 64 << 20


def test_a_yes_to_what_was_shown_approves_it(
    simulation: Simulation, owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan is on the screen with its numbers before the question."""
    person = Person("yes")
    operation = proposed(simulation, owner, "agreed")
    assert (
        settle(desk_of(simulation, person, owner), operation, ask=person.ask).state
        is not OperationState.PROPOSED
    )
    assert person.asked == ["Destroy agreed?"]
    assert "workspace" in capsys.readouterr().err


def test_a_no_changes_nothing(simulation: Simulation, owner: Owner) -> None:
    """The operation is denied, and the container is there."""
    person = Person("no")
    operation = proposed(simulation, owner, "kept")
    assert (
        settle(desk_of(simulation, person, owner), operation, ask=person.ask).state is OperationState.DENIED
    )
    assert simulation.app.services.workloads.find(owner, "kept")


def test_without_a_person_nothing_is_agreed_to(simulation: Simulation, owner: Owner) -> None:
    """Nobody at the terminal means no, and the proposal does not linger."""
    desk = desk_of(simulation, Terminal(), owner)
    operation = proposed(simulation, owner, "alone")
    with pytest.raises(ApprovalNeeded):
        settle(desk, operation, ask=desk.terminal.ask)
    assert simulation.app.services.operations.get(owner, operation.id).state is OperationState.DENIED


def test_a_plan_that_grew_is_shown_again(
    simulation: Simulation, owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """A yes to the old plan counts for nothing; the new one is shown, and asked about anew."""
    person = Person("yes", "no")
    operation = proposed(simulation, owner, "growing")
    grown(simulation, operation)
    assert (
        settle(desk_of(simulation, person, owner), operation, ask=person.ask).state is OperationState.DENIED
    )
    assert len(person.asked) == 2
    assert "changed" in capsys.readouterr().err


def test_yes_agrees_to_one_plan_only(simulation: Simulation, owner: Owner) -> None:
    """With --yes a plan that grew meanwhile is refused, and the proposal does not linger."""
    desk = desk_of(simulation, Terminal(), owner)
    operation = proposed(simulation, owner, "surprise")
    grown(simulation, operation)
    with pytest.raises(PlanChanged):
        settle(desk, operation, yes=True, ask=desk.terminal.ask)
    assert simulation.app.services.operations.get(owner, operation.id).state is OperationState.DENIED
    assert simulation.app.services.workloads.find(owner, "surprise")


def test_ctrl_c_at_the_question_is_a_no(simulation: Simulation, owner: Owner) -> None:
    """Whatever ends the question, the proposal does not linger."""

    def leave(_: str) -> bool:
        raise KeyboardInterrupt

    operation = proposed(simulation, owner, "left")
    with pytest.raises(KeyboardInterrupt):
        settle(desk_of(simulation, Person(), owner), operation, ask=leave)
    assert simulation.app.services.operations.get(owner, operation.id).state is OperationState.DENIED
