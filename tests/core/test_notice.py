"""Notices: what there is to do about each kind."""

import pytest

from agent.core.notice import Look, NoticeKind
from agent.core.operation import OperationKind


@pytest.mark.parametrize("kind", NoticeKind)
def test_there_is_something_to_do_about_every_kind(kind: NoticeKind) -> None:
    """And nothing of it takes anything away."""
    assert kind.actions
    assert not any(isinstance(action, OperationKind) and action.gated for action in kind.actions)


def test_what_crashed_is_started() -> None:
    """The obvious thing comes first; a look into its logs comes next."""
    assert NoticeKind.CRASHED.actions == (OperationKind.START, Look.LOGS)
