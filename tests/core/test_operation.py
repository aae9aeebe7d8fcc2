from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import InvalidRequest
from agent.core.operation import (
    NEXT_STATES,
    Loss,
    Operation,
    OperationKind,
    OperationState,
    Plan,
    Request,
)

SOME = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = {OperationState.DONE, OperationState.FAILED, OperationState.DENIED, OperationState.CANCELLED}


def operation(state: OperationState) -> Operation:
    """An operation in a state."""
    return Operation(
        id=1,
        owner="ann",
        node="box",
        kind=OperationKind.DESTROY,
        workload="dev",
        machine="dev-abcde",
        request=Request(channel="cli"),
        state=state,
        created_at=SOME,
    )


@given(st.lists(st.sampled_from(OperationState)))
def test_no_way_leads_to_running_past_a_person(ways: list[OperationState]) -> None:
    """From proposed, every way to running goes through queued, which only an approval makes."""
    current, passed = operation(OperationState.PROPOSED), [OperationState.PROPOSED]
    for to in ways:
        try:
            current.check_move(to)
        except InvalidRequest:
            continue
        current = operation(to)
        passed.append(to)
    if OperationState.RUNNING in passed:
        assert OperationState.QUEUED in passed[: passed.index(OperationState.RUNNING)]


@pytest.mark.parametrize("state", OperationState)
def test_an_end_is_final(state: OperationState) -> None:
    """Exactly the four ends lead nowhere."""
    assert state.ended == (state in ENDS)
    assert state.ended == (not NEXT_STATES[state])


def test_every_state_can_end() -> None:
    """Nothing can stay under way for ever: from each state some way leads to an end."""
    reach = set(ENDS)
    while more := {state for state, to in NEXT_STATES.items() if state not in reach and to & reach}:
        reach |= more
    assert reach == set(OperationState)


losses = st.builds(
    Loss, what=st.text(max_size=9), amount=st.integers(0, 2**62), unit=st.sampled_from(["bytes", "count"])
)
plans = st.builds(Plan, summary=st.text(max_size=20), losses=st.lists(losses, max_size=3).map(tuple))


@given(plans, plans)
def test_a_digest_stands_for_one_plan(one: Plan, other: Plan) -> None:
    """Two plans have the same digest exactly when they are the same."""
    assert (one.digest == other.digest) == (one == other)


@given(plans)
def test_a_plan_keeps_its_digest_in_the_database(plan: Plan) -> None:
    """Through JSON and back it is the plan that was shown."""
    assert Plan.model_validate_json(plan.model_dump_json()).digest == plan.digest


def test_only_what_takes_something_away_is_gated() -> None:
    """What makes something, or can be taken back, asks nobody."""
    assert {kind.value for kind in OperationKind if kind.gated} == {
        "destroy",
        "rollback",
        "revert",
        "forget",
        "restore file",
        "restore",
        "resize",
        "purge",
    }


def test_a_request_has_no_end_of_parts_and_short_keys() -> None:
    """Each part has a key of its own, always the same, however long the name is that a provider gave it."""
    asked = Request(channel="test", key="tg:1:17")
    names = ["call_1", "x" * 149, "x" * 5000, "x" * 5001, "\udcff" * 200]
    keys = [asked.part(name).key for name in names]
    assert keys[0] == "tg:1:17/call_1"
    assert len(set(keys)) == len(names)
    assert max(map(len, keys)) <= 150
    assert keys == [asked.part(name).key for name in names]


def test_what_is_not_repeated_has_no_parts() -> None:
    """Without a key nothing is recognised, so nothing is given one."""
    asked = Request(channel="test")
    assert asked.part("call_1") == asked
