"""What is said of changes."""

import pytest

from agent.core.operation import OperationKind, OperationState
from agent.phrasebook.change_replies import DOING
from agent.phrasebook.replies import said
from agent.tools.views import CancelView, ChangeView


def view(state: OperationState, kind: OperationKind = OperationKind.CREATE) -> ChangeView:
    """How a change of dev stands."""
    return ChangeView(operation=7, action=kind, name="dev", state=state)


@pytest.mark.parametrize("kind", OperationKind)
@pytest.mark.parametrize("state", OperationState)
def test_each_kind_is_told_in_each_state(kind: OperationKind, state: OperationState) -> None:
    """With its name, whatever comes to be changed later."""
    assert kind in DOING
    for told in (view(state, kind), CancelView(change=view(state, kind))):
        assert "**dev**" in said(told)


@pytest.mark.parametrize(
    ("state", "told", "code"),
    [
        (OperationState.CANCELLED, "Cancelled: **dev** was not created, and nothing is left of it.", 0),
        (OperationState.RUNNING, "Creating **dev** is being cancelled, and what it made is taken away.", 0),
        (OperationState.DONE, "That is too late: **dev** was created already.", 3),
        (OperationState.FAILED, "That has ended already: **dev** was not created.", 3),
    ],
)
def test_what_came_of_cancelling(state: OperationState, told: str, code: int) -> None:
    """It went well where the change is cancelled, or will be."""
    cancelled = CancelView(change=view(state))
    assert said(cancelled) == f"{told} (operation 7)"
    assert cancelled.exit_code == code
