"""Whatever happens in whatever order: who has no role does nothing, and only an admin gives one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete

from agent.core.account import CONSOLE, Role
from agent.core.errors import InvalidRequest, NotAllowed, Refusal
from agent.core.operation import Operation, OperationKind, OperationState, Plan, Request
from agent.services.access import CODE_LIFE, Access
from agent.services.operations import Operations
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.operations import OperationStore
from agent.store.schema import accounts, operations, pairings
from agent.store.workloads import WorkloadStore

PEOPLE = ["tg:1", "tg:2", "tg:3"]
people = st.sampled_from(PEOPLE)
speakers = st.sampled_from([*PEOPLE, "tg:-9", CONSOLE])
roles = st.sampled_from(Role)
UNUSED = "no-such-code"


@dataclass(frozen=True)
class Thing:
    """What an operation is about."""

    owner: str
    node: str = "box"
    name: str = "dev"
    machine: str = "dev-abcde"


class Accounts(RuleBasedStateMachine):
    """The services beside a model of them in two dictionaries.

    Args:
        database: emptied first.
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        with database.write() as connection:
            for table in (accounts, pairings, operations):
                connection.execute(delete(table))
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self.store = OperationStore(database)
        self.access = Access(database, self.store, WorkloadStore(database), lambda: self.now)
        self.operations = Operations(
            database,
            self.store,
            WorkloadStore(database),
            NodeStore(database),
            self.access,
            planner=_no_plan,
            approval=timedelta(days=1),
            clock=lambda: self.now,
            ensure_worker=lambda: None,
        )
        self.roles: dict[str, Role | None] = {}
        self.codes: dict[str, tuple[str, datetime]] = {}
        self.entered: list[Operation] = []

    def _admin(self, by: str) -> bool:
        return by == CONSOLE or self.roles.get(by) is Role.ADMIN

    def _may_lose(self, by: str, key: str) -> bool:
        admins = {one for one, role in self.roles.items() if role is Role.ADMIN}
        return by == CONSOLE or admins != {key}

    @rule(key=people)
    def knock(self, key: str) -> None:
        """Only who was never let in gets a code, and the same one while it lasts."""
        try:
            given = self.access.knock(key, key, 1)
        except Refusal:
            assert key in self.roles
            return
        assert key not in self.roles
        code, expires_at = self.codes.get(key, ("", self.now))
        if expires_at > self.now:
            assert (given.code, given.expires_at) == (code, expires_at)
        else:
            assert given.expires_at == self.now + CODE_LIFE
        self.codes[key] = (given.code, given.expires_at)

    @rule(by=speakers, key=people, role=roles)
    def approve(self, by: str, key: str, role: Role) -> None:
        """An admin lets in who has a code that holds; nobody else does, and no other code."""
        code, expires_at = self.codes.get(key, (UNUSED, self.now))
        try:
            account = self.access.approve(by, code, role)
        except NotAllowed:
            assert not self._admin(by)
        except InvalidRequest:
            assert self._admin(by)
            assert expires_at <= self.now
        else:
            assert self._admin(by)
            assert expires_at > self.now
            assert (account.key, account.changed_by) == (key, by)
            self.roles[key] = role
            self.codes[key] = (code, self.now)  # used up

    @rule(by=speakers, key=people, role=roles)
    def set_role(self, by: str, key: str, role: Role) -> None:
        """An admin gives known people another role, but does not leave a chat without any admin."""
        try:
            self.access.set_role(by, key, role)
        except NotAllowed:
            assert not self._admin(by) or not self._may_lose(by, key)
        except InvalidRequest:
            assert key not in self.roles
        else:
            assert self._admin(by)
            assert role is Role.ADMIN or self._may_lose(by, key)
            self.roles[key] = role

    @rule(by=speakers, key=people)
    def revoke(self, by: str, key: str) -> None:
        """An admin takes a role, but not the last admin's."""
        try:
            self.access.revoke(by, key)
        except NotAllowed:
            assert not self._admin(by) or not self._may_lose(by, key)
        except InvalidRequest:
            assert key not in self.roles
        else:
            assert self._admin(by)
            assert self._may_lose(by, key)
            self.roles[key] = None

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        """Codes expire."""
        self.now += timedelta(minutes=minutes)

    @rule(owner=st.sampled_from([*PEOPLE, "tg:-9"]), by=st.sampled_from(["", *PEOPLE, "tg:-9"]))
    def submit(self, owner: str, by: str) -> None:
        """Exactly who has a role for it enters an operation, and for themselves alone."""
        request = Request(channel="test", by=by)
        role = self.roles.get(by or owner)
        may = role is not None and role.includes(Role.OPERATOR) and by in {"", owner}
        try:
            self.entered.append(self.operations.submit(Thing(owner), OperationKind.START, request))
        except NotAllowed:
            assert not may
        else:
            assert may

    @invariant()
    def roles_are_what_admins_made_them(self) -> None:
        """Nothing else changes one."""
        assert {one.key: one.role for one in self.access.accounts(CONSOLE)} == self.roles
        assert {key: self.access.role(key) for key in PEOPLE} == {key: self.roles.get(key) for key in PEOPLE}

    @invariant()
    def nothing_waits_that_nobody_may_have_asked_for(self) -> None:
        """What has not begun is of somebody who may ask for it now."""
        for operation in self.entered:
            role = self.roles[operation.owner]
            found = self.store.get(operation.id)
            assert found is not None
            if role is None or not role.includes(Role.OPERATOR):
                assert found.state is OperationState.CANCELLED

    @invariant()
    def what_waits_can_be_used(self) -> None:
        """The list shows the codes that hold and no others."""
        holding = {code for code, expires_at in self.codes.values() if expires_at > self.now}
        assert {one.code for one in self.access.pairings(CONSOLE)} == holding


def _no_plan(*_: object) -> Plan:
    raise AssertionError("nothing that needs a plan is asked for")


def test_nobody_acts_without_a_role_and_only_an_admin_gives_one(database: Database) -> None:
    """Over knocks, approvals, roles, time and requests in any order, by anybody."""

    class Here(Accounts):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
