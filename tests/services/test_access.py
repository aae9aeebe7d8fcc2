"""Who may speak: closed by default, let in by an admin, and out again at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.account import CONSOLE, Role
from agent.core.errors import InvalidName, InvalidRequest, NotAllowed
from agent.core.operation import OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec
from agent.host.simulated import Pace, SimulatedNode
from agent.services import access as module
from agent.services.access import Access
from agent.store.buttons import ButtonStore
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

ANN, BOB, CAT = "tg:1", "tg:2", "tg:3"
TEAM = "tg:-1001"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time."""
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    """Stands still."""
    return Clock(now)


@pytest.fixture
def access(database: Database, clock: Clock) -> Access:
    """The accounts, on each kind of database."""
    return Access(database, OperationStore(database), WorkloadStore(database), clock)


@pytest.fixture
def product(database_url: str, tmp_path: Path) -> Iterator[App]:
    """The product without a worker, on each kind of database: what is queued stays so."""
    given = settings.load(
        state_dir=tmp_path, node_name="box", database_url=database_url, embedded_worker=False
    )
    opened = App(given, SimulatedNode("box", pace=Pace.instant()))
    yield opened
    opened.close()


def let_in(access: Access, key: str, role: Role, by: str = CONSOLE) -> None:
    """Somebody who knocked and was let in."""
    access.approve(by, access.knock(key, f"name of {key}", 5).code, role)


def asked(by: str = "") -> Request:
    """A request of somebody."""
    return Request(channel="test", conversation="test", by=by)


def test_an_unknown_person_gets_one_code_until_it_expires(access: Access, clock: Clock) -> None:
    """However often they ask: the rows do not become more."""
    first = access.knock(ANN, "Ann", 5)
    assert access.knock(ANN, "Ann", 5) == first
    assert access.pairings(CONSOLE) == [first]
    assert access.knock(BOB, "Bob", 6).code != first.code
    clock.now = first.expires_at
    again = access.knock(ANN, "Ann", 5)
    assert again.code != first.code
    assert access.pairings(CONSOLE) == [again]
    with pytest.raises(InvalidRequest, match="older than an hour"):
        access.approve(CONSOLE, first.code, Role.VIEWER)


def test_a_code_lets_in_once_however_it_is_typed(access: Access) -> None:
    """With the role that the admin chose, and the name as a line of plain text."""
    code = access.knock(ANN, "A\u202enn\nAdmin\x1b[31m", 5).code
    account = access.approve(CONSOLE, f" {code[:4].lower()}-{code[4:].lower()} ", Role.OPERATOR)
    assert (account.key, account.role, account.changed_by) == (ANN, Role.OPERATOR, CONSOLE)
    assert account.name == "A\ufffdnn Admin"
    assert (access.role(ANN), access.pairings(CONSOLE)) == (Role.OPERATOR, [])
    with pytest.raises(InvalidRequest, match="used already"):
        access.approve(CONSOLE, code, Role.ADMIN)
    with pytest.raises(InvalidRequest, match="let in already"):
        access.knock(ANN, "Ann", 5)


def test_codes_that_wait_are_bounded(access: Access, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes when it is full is sent away, those who wait keep theirs, and expired ones make room."""
    monkeypatch.setattr(module, "MAX_PAIRINGS", 2)
    waiting = [access.knock(key, "Ann", 5) for key in (ANN, BOB)]
    with pytest.raises(NotAllowed, match="in an hour"):
        access.knock(CAT, "Cat", 5)
    assert access.knock(ANN, "Ann", 5) == waiting[0]
    clock.now += timedelta(hours=1)
    assert access.knock(CAT, "Cat", 5).account == CAT


def test_a_code_that_is_drawn_twice_is_drawn_again(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets a code that is somebody else's."""
    drawn = iter("A" * 8 + "A" * 8 + "B" * 8)

    def choice(_alphabet: str) -> str:
        return next(drawn)

    monkeypatch.setattr(module.secrets, "choice", choice)
    assert [access.knock(key, "x", 5).code for key in (ANN, BOB)] == ["A" * 8, "B" * 8]


@pytest.mark.parametrize("key", [TEAM, "admin", "tg:", "tg:x", ""])
def test_only_people_can_knock(access: Access, key: str) -> None:
    """A group is no speaker, and who is on the machine needs no code."""
    with pytest.raises(InvalidRequest, match="Only a person"):
        access.knock(key, "x", 5)


def test_everybody_else_is_told_what_to_do(access: Access) -> None:
    """What happened, why, and whom to ask: unknown, revoked, a role that does not go so far, a group."""
    let_in(access, ANN, Role.VIEWER)
    let_in(access, BOB, Role.ADMIN)
    access.check(ANN, Role.VIEWER)
    access.check(BOB, Role.ADMIN)
    access.check("ann", Role.ADMIN)
    access.revoke(CONSOLE, BOB)
    access.share(CONSOLE, TEAM, shared=True)
    said = {
        (ANN, Role.OPERATOR): "role is viewer, and this takes the role operator. Ask an admin",
        (BOB, Role.VIEWER): "has taken your role. Ask an admin",
        (CAT, Role.VIEWER): "do not know you yet.*ask an admin",
        ("tg:x", Role.VIEWER): "do not know you",
        (TEAM, Role.VIEWER): "A group cannot",
    }
    for (key, needed), sentence in said.items():
        with pytest.raises(NotAllowed, match=sentence):
            access.check(key, needed)
    for key in ("", "TG:2", "tg:2\n"):
        with pytest.raises(InvalidName):
            access.check(key, Role.VIEWER)


def test_only_an_admin_manages_access(access: Access) -> None:
    """A right guess of an operator counts as little as a wrong one, and lists are an admin's too."""
    let_in(access, ANN, Role.OPERATOR)
    let_in(access, BOB, Role.ADMIN)
    code = access.knock(CAT, "Cat", 5).code
    for by in (ANN, CAT, TEAM):
        for tried in (
            partial(access.approve, by, code, Role.ADMIN),
            partial(access.set_role, by, ANN, Role.ADMIN),
            partial(access.revoke, by, BOB),
            partial(access.share, by, TEAM, shared=True),
            partial(access.accounts, by),
            partial(access.pairings, by),
        ):
            with pytest.raises(NotAllowed):
                tried()
    assert access.account(TEAM) is None
    assert access.approve(BOB, code, Role.VIEWER).changed_by == BOB


def test_who_was_sent_away_gets_no_code(access: Access) -> None:
    """Only an admin brings them back; a code from before is no way around."""
    let_in(access, ANN, Role.OPERATOR)
    access.revoke(CONSOLE, ANN)
    with pytest.raises(NotAllowed, match="give you one again"):
        access.knock(ANN, "Ann", 5)
    assert (access.role(ANN), access.pairings(CONSOLE)) == (None, [])
    access.set_role(CONSOLE, ANN, Role.VIEWER)
    assert access.role(ANN) is Role.VIEWER


def test_the_last_admin_stays(access: Access) -> None:
    """In a chat; on the machine itself it can be undone."""
    let_in(access, ANN, Role.ADMIN)
    with pytest.raises(NotAllowed, match="last admin"):
        access.revoke(ANN, ANN)
    with pytest.raises(NotAllowed, match="last admin"):
        access.set_role(ANN, ANN, Role.OPERATOR)
    assert access.set_role(ANN, ANN, Role.ADMIN).role is Role.ADMIN
    let_in(access, BOB, Role.ADMIN, by=ANN)
    access.revoke(BOB, ANN)
    with pytest.raises(NotAllowed, match="last admin"):
        access.revoke(BOB, BOB)
    assert access.revoke(CONSOLE, BOB).role is None


@pytest.mark.parametrize("key", [CAT, TEAM, "admin", "x y"])
def test_a_role_is_given_to_people_who_were_let_in(access: Access, key: str) -> None:
    """A mistyped number would let in a stranger."""
    access.share(CONSOLE, TEAM, shared=True)
    with pytest.raises(InvalidRequest, match="Nobody is known"):
        access.set_role(CONSOLE, key, Role.ADMIN)
    with pytest.raises(InvalidRequest, match="Nobody is known"):
        access.revoke(CONSOLE, key)
    assert access.account(key) is None or key == TEAM


def test_only_a_group_shares(access: Access) -> None:
    """It is known from then on, by the name that came with it, and has no role."""
    with pytest.raises(InvalidRequest, match="no group"):
        access.share(CONSOLE, ANN, shared=True)
    access.share(CONSOLE, TEAM, shared=True, name="The\nteam")
    group = access.share(CONSOLE, TEAM, shared=False)
    assert (group.name, group.shared, group.role, access.role(TEAM)) == ("The team", False, None, None)


def test_a_change_takes_an_operator(product: App) -> None:
    """Nobody without the role enters an operation, and nothing stays of the attempt."""
    spec = ContainerSpec(name="dev", modules=("git",))
    workloads, access = product.services.workloads, product.services.access
    for role in (None, Role.VIEWER):
        if role:
            let_in(access, ANN, role)
        with pytest.raises(NotAllowed):
            workloads.create(Owner(ANN), spec, asked())
    assert workloads.list(Owner(ANN)) == []
    access.set_role(CONSOLE, ANN, Role.OPERATOR)
    assert workloads.create(Owner(ANN), spec, asked()).state is OperationState.QUEUED
    let_in(access, BOB, Role.ADMIN)
    with pytest.raises(NotAllowed, match="somebody else's"):
        workloads.stop(Owner(ANN), "dev", asked(BOB))
    assert workloads.stop(Owner(ANN), "dev", asked(CONSOLE)).request.by == CONSOLE


def test_what_concerns_the_whole_node_takes_an_admin(product: App) -> None:
    """An operator changes their own containers only."""
    let_in(product.services.access, ANN, Role.OPERATOR)
    with pytest.raises(NotAllowed, match="takes the role admin"):
        product.services.images.prune(Owner(ANN), asked())
    product.services.access.set_role(CONSOLE, ANN, Role.ADMIN)
    assert product.services.images.prune(Owner(ANN), asked()).state is OperationState.QUEUED


def test_a_group_owns_containers_when_an_admin_says_so(product: App) -> None:
    """It is a person in it who asks and agrees, and a viewer does neither."""
    services, team = product.services, Owner(TEAM)
    let_in(services.access, ANN, Role.OPERATOR)
    let_in(services.access, BOB, Role.VIEWER)
    spec = ContainerSpec(name="dev", modules=("git",))
    with pytest.raises(NotAllowed, match="no containers of its own"):
        services.workloads.create(team, spec, asked(ANN))
    services.access.share(CONSOLE, TEAM, shared=True)
    for by, sentence in (
        ("", "A group cannot"),
        (BOB, "viewer"),
        (CAT, "know you"),
        (TEAM, "A group cannot"),
    ):
        with pytest.raises(NotAllowed, match=sentence):
            services.workloads.create(team, spec, asked(by))
    services.workloads.create(team, spec, asked(ANN))
    proposed = services.workloads.destroy(team, "dev", asked(ANN))
    assert proposed.plan is not None
    for by in ("", BOB, CAT):
        with pytest.raises(NotAllowed):
            services.operations.approve(team, proposed.id, proposed.plan.digest, by)
        with pytest.raises(NotAllowed):
            services.operations.deny(team, proposed.id, by)
    services.access.share(CONSOLE, TEAM, shared=False)
    with pytest.raises(NotAllowed, match="no containers of its own"):
        services.operations.approve(team, proposed.id, proposed.plan.digest, ANN)
    services.access.share(CONSOLE, TEAM, shared=True)
    approved = services.operations.approve(team, proposed.id, proposed.plan.digest, ANN)
    assert approved.state is OperationState.QUEUED


def test_a_revoked_account_is_out_at_once(product: App, database_url: str, now: datetime) -> None:
    """What it asked for and has not begun is withdrawn; what others asked for, or runs, goes on."""
    services, ann, team = product.services, Owner(ANN), Owner(TEAM)
    database = Database(database_url)
    buttons, store = ButtonStore(database), OperationStore(database)
    let_in(services.access, ANN, Role.OPERATOR)
    let_in(services.access, BOB, Role.OPERATOR)
    services.access.share(CONSOLE, TEAM, shared=True)
    button = buttons.add(ANN, 5, {"do": "stop"}, now + timedelta(days=10_000))
    running = services.workloads.create(ann, ContainerSpec(name="runs"), asked())
    store.move(running.id, OperationState.RUNNING, now)
    queued = services.workloads.create(ann, ContainerSpec(name="new"), asked())
    shared = services.workloads.create(team, ContainerSpec(name="common"), asked(BOB))
    proposed = services.workloads.destroy(ann, "runs", asked())
    stopping = services.workloads.stop(team, "common", asked(ANN))
    on_behalf = services.workloads.stop(ann, "runs", asked(CONSOLE))

    services.access.revoke(CONSOLE, ANN)

    states = [
        None if (one := store.get(each.id)) is None else one.state.value
        for each in (running, queued, shared, proposed, stopping, on_behalf)
    ]
    assert states == ["running", "cancelled", "queued", "denied", "cancelled", "queued"]
    assert [one.name for one in services.workloads.list(ann)] == ["runs"]
    assert (tapped := buttons.find(button)) is not None
    assert tapped.expires_at < now + timedelta(days=10_000)
    for tried in (services.workloads.start, services.workloads.stop, services.workloads.destroy):
        with pytest.raises(NotAllowed, match="any more"):
            tried(ann, "runs", asked())
    database.close()


def test_a_role_that_is_taken_while_the_plan_is_made_anew_counts(
    product: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of an approval: the answer of somebody who is out is none."""
    services, ann = product.services, Owner(ANN)
    let_in(services.access, ANN, Role.OPERATOR)
    services.workloads.create(ann, ContainerSpec(name="dev"), asked())
    proposed = services.workloads.destroy(ann, "dev", asked())
    plan = proposed.plan
    assert plan is not None

    def planner(*_: object) -> object:
        services.access.revoke(CONSOLE, ANN)
        return plan

    monkeypatch.setattr(services.operations, "_planner", planner)
    with pytest.raises(NotAllowed, match="any more"):
        services.operations.approve(ann, proposed.id, plan.digest)
    assert services.operations.get(ann, proposed.id).state is OperationState.DENIED


def test_who_becomes_a_viewer_has_nothing_under_way(product: App) -> None:
    """What they asked for as an operator and has not begun is withdrawn, too."""
    services, ann = product.services, Owner(ANN)
    let_in(services.access, ANN, Role.ADMIN)
    queued = services.workloads.create(ann, ContainerSpec(name="dev"), asked())
    services.access.set_role(CONSOLE, ANN, Role.OPERATOR)
    assert services.operations.get(ann, queued.id).state is OperationState.QUEUED
    services.access.set_role(CONSOLE, ANN, Role.VIEWER)
    assert services.operations.get(ann, queued.id).state is OperationState.CANCELLED
