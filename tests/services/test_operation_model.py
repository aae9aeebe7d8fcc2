"""Operations against a reference: whatever people and the worker do, a simple model says the same."""

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from agent.core.errors import (
    ApprovalExpired,
    Cancelled,
    HostFailure,
    InvalidRequest,
    PlanChanged,
    Refusal,
    UnknownOperation,
)
from agent.core.operation import Arguments, Loss, Operation, OperationKind, OperationState, Plan, Request
from agent.core.owner import Owner
from agent.host.simulated import SimulatedNode
from agent.services.access import Access
from agent.services.changes import Changes, Step
from agent.services.execution import Execution
from agent.services.operations import Operations
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of its own is made in it
NODE = "box"
PATIENCE = timedelta(minutes=60)
OWNERS = (Owner("ann"), Owner("bob"))
MACHINES = ("dev", "db")
FREE, GATED = OperationKind.RESTART, OperationKind.DESTROY
ACTIVE = (OperationState.QUEUED, OperationState.RUNNING)


@dataclass(frozen=True)
class Thing:
    """What an operation is about."""

    owner: str
    name: str
    node: str = NODE

    @property
    def machine(self) -> str:
        """Its name on the node."""
        return f"{self.owner}-{self.name}"


@dataclass(frozen=True)
class Expected:
    """All that the reference knows of an operation."""

    about: Thing
    kind: OperationKind
    key: str
    asked_at: datetime
    state: OperationState
    shown: int | None
    approved_by: str = ""
    cancelled_by: str = ""


class NoSteps:
    """Operations that have nothing to do."""

    @staticmethod
    def steps(_kind: OperationKind) -> tuple[Step, ...]:
        """No steps."""
        return ()


def plan_of(amount: int) -> Plan:
    """The plan to take so much away."""
    return Plan(summary="Gone.", losses=(Loss(what="workspace", amount=amount, unit="bytes"),))


@functools.cache
def empty() -> Path:
    """A database without rows: making one takes longer than a whole run."""
    folder = Path(tempfile.mkdtemp(prefix="voxnix-model-", dir=MEMORY))
    atexit.register(shutil.rmtree, folder)
    Database(f"sqlite:///{folder / 'voxnix.db'}").close()
    return folder / "voxnix.db"


def refused(by: type[Refusal], ask: Callable[[], object]) -> None:
    """It is refused, and with exactly this."""
    with pytest.raises(Refusal) as refusal:
        ask()
    assert refusal.type is by


class Model(RuleBasedStateMachine):
    """The store, the gate and the worker's side of operations, and beside them what they should come to."""

    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="voxnix-model-", dir=MEMORY))
        file = shutil.copy(empty(), self._folder)
        self._now = datetime(2026, 1, 2, tzinfo=UTC)
        self._loss = 1
        self._database = Database(f"sqlite:///{file}")
        self._store, workloads = OperationStore(self._database), WorkloadStore(self._database)
        self._operations = Operations(
            self._database,
            self._store,
            workloads,
            NodeStore(self._database),
            Access(self._database, self._store, workloads, self._clock),
            planner=self._plan,
            approval=PATIENCE,
            clock=self._clock,
            ensure_worker=lambda: None,
        )
        self._worker = Execution(SimulatedNode(NODE), self._store, cast("Changes", NoSteps()), self._clock)
        self._expected: dict[int, Expected] = {}

    def teardown(self) -> None:
        """Leave nothing behind."""
        self._database.close()
        shutil.rmtree(self._folder)

    def _clock(self) -> datetime:
        return self._now

    def _plan(self, _owner: Owner, _kind: OperationKind, _name: str, _: Arguments) -> Plan | None:
        return plan_of(self._loss) if self._loss else None

    def _owner(self, number: int) -> Owner:
        return Owner(self._expected[number].about.owner)

    def _became(self, number: int, seen: Operation, **values: object) -> None:
        self._expected[number] = replace(self._expected[number], **values)
        assert seen.state is self._expected[number].state

    @rule(
        target=numbers,
        owner=st.sampled_from(OWNERS),
        name=st.sampled_from(MACHINES),
        kind=st.sampled_from((FREE, GATED)),
        key=st.sampled_from(("", "", "message 1", "message 2")),
    )
    def submit(self, owner: Owner, name: str, kind: OperationKind, key: str) -> int:
        """Somebody asks: what may take something away waits, and a message that comes twice is one."""
        about = Thing(owner.key, name)
        seen = self._operations.submit(
            about, kind, Request(channel="test", key=f"{owner.key}/{key}" if key else "")
        )
        same = [
            number
            for number, one in self._expected.items()
            if key and (one.key, one.about.owner) == (key, owner.key)
        ]
        if same:
            assert [seen.id] == same
            return seen.id
        assert seen.id > max(self._expected, default=0)
        shown = self._loss if kind is GATED and self._loss else None
        state = OperationState.QUEUED if shown is None else OperationState.PROPOSED
        self._expected[seen.id] = Expected(about, kind, key, self._now, state, shown)
        return seen.id

    @rule(loss=st.integers(0, 2))
    def things_change(self, loss: int) -> None:
        """There is more or less to be lost, or nothing."""
        self._loss = loss

    @rule(minutes=st.sampled_from((1, 30, 61)))
    def time_passes(self, minutes: int) -> None:
        """Nobody does anything for a while."""
        self._now += timedelta(minutes=minutes)

    @rule(number=numbers, stale=st.booleans())
    def approve(self, number: int, *, stale: bool) -> None:
        """A person agrees to the plan that the operation has, or to one of another time."""
        one = self._expected[number]
        digest = plan_of((one.shown or 0) + 10 if stale else one.shown or 0).digest

        def ask() -> Operation:
            return self._operations.approve(self._owner(number), number, digest, by=one.about.owner)

        if one.state is not OperationState.PROPOSED:
            refused(InvalidRequest, ask)
        elif self._now - one.asked_at > PATIENCE:
            refused(ApprovalExpired, ask)
        elif stale or (self._loss and self._loss != one.shown):
            refused(PlanChanged, ask)
            self._expected[number] = replace(one, shown=self._loss or one.shown)
        else:
            self._became(number, ask(), state=OperationState.QUEUED, approved_by=one.about.owner)

    @rule(number=numbers)
    def deny(self, number: int) -> None:
        """A person does not agree."""

        def ask() -> Operation:
            return self._operations.deny(self._owner(number), number)

        if self._expected[number].state is OperationState.PROPOSED:
            self._became(number, ask(), state=OperationState.DENIED)
        else:
            refused(InvalidRequest, ask)

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        """A person does not want it any more: what runs is for the worker to end."""
        one = self._expected[number]

        def ask() -> Operation:
            return self._operations.cancel(self._owner(number), number)

        if one.state is OperationState.RUNNING:
            self._became(number, ask(), cancelled_by=one.about.owner)
        elif one.state.ended:
            refused(InvalidRequest, ask)
        else:
            self._became(number, ask(), state=OperationState.CANCELLED, cancelled_by=one.about.owner)

    @rule(number=numbers, verb=st.sampled_from(("get", "approve", "deny", "cancel")))
    def another_owner(self, number: int, verb: str) -> None:
        """Who owns something else is told that there is no such operation, whatever they want of it."""
        (other,) = [owner for owner in OWNERS if owner != self._owner(number)]
        digest = plan_of(self._expected[number].shown or 0).digest
        asks: dict[str, Callable[[], object]] = {
            "get": lambda: self._operations.get(other, number),
            "approve": lambda: self._operations.approve(other, number, digest),
            "deny": lambda: self._operations.deny(other, number),
            "cancel": lambda: self._operations.cancel(other, number),
        }
        refused(UnknownOperation, asks[verb])

    @rule()
    def expire(self) -> None:
        """The worker ends what nobody agreed to in time, and nothing else."""
        late = {
            number
            for number, one in self._expected.items()
            if one.state is OperationState.PROPOSED and self._now - one.asked_at > PATIENCE
        }
        assert set(self._store.stale(NODE, self._now - PATIENCE)) == late
        for number in late:
            seen = self._store.move(number, OperationState.CANCELLED, self._now)
            self._became(number, seen, state=OperationState.CANCELLED)

    @rule(number=numbers)
    def begin(self, number: int) -> None:
        """The worker takes an operation, perhaps for the second time: it begins only if it is queued."""
        one = self._expected[number]
        begun = self._worker.begin(number)
        if one.state in ACTIVE:
            assert begun == one.kind
            self._expected[number] = replace(one, state=OperationState.RUNNING)
        else:
            assert not begun

    @rule(number=numbers, how=st.sampled_from(("well", "badly", "cancelled")))
    def end(self, number: int, how: str) -> None:
        """The worker is done with what runs, perhaps for the second time: the first end counts."""
        one = self._expected[number]
        if one.state is not OperationState.RUNNING and not one.state.ended:
            return  # the worker never ends what it did not begin
        problems = {"badly": HostFailure("It did not go."), "cancelled": Cancelled("Nobody wants it.")}
        ends = {"well": "DONE", "badly": "FAILED", "cancelled": "CANCELLED"}
        self._worker.end(number, problems[how].problem.as_dict() if how in problems else None, "")
        if one.state is OperationState.RUNNING:
            self._expected[number] = replace(one, state=OperationState[ends[how]])

    @invariant()
    def the_record_is_as_expected(self) -> None:
        """Every operation, as its owner sees it; and what may run now is the oldest of each workload."""
        for owner in OWNERS:
            seen = {one.id: one for one in self._operations.list(owner, limit=1000)}
            mine = {number: one for number, one in self._expected.items() if one.about.owner == owner.key}
            assert seen.keys() == mine.keys()
            for number, one in mine.items():
                got = seen[number]
                assert (got.state, got.kind, got.machine) == (one.state, one.kind, one.about.machine)
                assert (got.approved_by, got.cancelled_by) == (one.approved_by, one.cancelled_by)
                assert got.plan == (None if one.shown is None else plan_of(one.shown))
                assert (got.ended_at is not None) == one.state.ended
        oldest: dict[str, int] = {}
        for number, one in sorted(self._expected.items()):
            if one.state in ACTIVE:
                oldest.setdefault(one.about.machine, number)
        assert sorted(self._store.ready(NODE)) == sorted(oldest.values())


Model.TestCase.settings = settings(
    max_examples=300 if os.environ.get("VOXNIX_TEST_FULL") else 15, stateful_step_count=30, deadline=None
)
TestOperations = Model.TestCase
"""Operations end as the model says, in every order of what people and the worker do that is tried."""
