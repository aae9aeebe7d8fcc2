import pytest

from agent.app import App
from agent.channels.gate import settle
from agent.channels.terminal import Terminal
from agent.core.errors import ApprovalNeeded, PlanChanged
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.host.simulated import SimulatedNode
from tests.channels.conftest import Person, desk_of, made

ADMIN = Owner("admin")


def proposed(app: App, name: str) -> Operation:
    """A container and the proposal to destroy it."""
    made(app, name)
    return app.services.workloads.destroy(ADMIN, name, Request(channel="test"))


def grown(app: App, operation: Operation) -> None:
    """Have the container hold more than its plan said."""
    assert isinstance(app.node, SimulatedNode)
    held = [one for name, one in app.node.world.datasets.items() if operation.machine in name]
    assert held
    for dataset in held:
        dataset.written += 64 << 20


def test_a_yes_to_what_was_shown_approves_it(product: App, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan is on the screen with its numbers before the question."""
    person = Person("yes")
    operation = proposed(product, "agreed")
    assert settle(desk_of(product, person), operation, ask=person.ask).state is not OperationState.PROPOSED
    assert person.asked == ["Destroy agreed?"]
    assert "workspace" in capsys.readouterr().err


def test_a_no_changes_nothing(product: App) -> None:
    """The operation is denied, and the container is there."""
    person = Person("no")
    operation = proposed(product, "kept")
    assert settle(desk_of(product, person), operation, ask=person.ask).state is OperationState.DENIED
    assert product.services.workloads.find(ADMIN, "kept")


def test_without_a_person_nothing_is_agreed_to(product: App) -> None:
    """Nobody at the terminal means no, and the proposal does not linger."""
    desk = desk_of(product, Terminal())
    operation = proposed(product, "alone")
    with pytest.raises(ApprovalNeeded):
        settle(desk, operation, ask=desk.terminal.ask)
    assert product.services.operations.get(ADMIN, operation.id).state is OperationState.DENIED


def test_a_plan_that_grew_is_shown_again(product: App, capsys: pytest.CaptureFixture[str]) -> None:
    """A yes to the old plan counts for nothing; the new one is shown, and asked about anew."""
    person = Person("yes", "no")
    operation = proposed(product, "growing")
    grown(product, operation)
    assert settle(desk_of(product, person), operation, ask=person.ask).state is OperationState.DENIED
    assert len(person.asked) == 2
    assert "changed" in capsys.readouterr().err


def test_yes_agrees_to_one_plan_only(product: App) -> None:
    """With --yes a plan that grew meanwhile is refused, and the proposal does not linger."""
    desk = desk_of(product, Terminal())
    operation = proposed(product, "surprise")
    grown(product, operation)
    with pytest.raises(PlanChanged):
        settle(desk, operation, yes=True, ask=desk.terminal.ask)
    assert product.services.operations.get(ADMIN, operation.id).state is OperationState.DENIED
    assert product.services.workloads.find(ADMIN, "surprise")


def test_ctrl_c_at_the_question_is_a_no(product: App) -> None:
    """Whatever ends the question, the proposal does not linger."""

    def leave(_: str) -> bool:
        raise KeyboardInterrupt

    operation = proposed(product, "left")
    with pytest.raises(KeyboardInterrupt):
        settle(desk_of(product, Person()), operation, ask=leave)
    assert product.services.operations.get(ADMIN, operation.id).state is OperationState.DENIED
