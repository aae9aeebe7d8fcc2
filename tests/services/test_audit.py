"""The audit trail: who asked what, in which words, what was done, when, and how it ended."""

from agent.app import App
from agent.core.account import CONSOLE
from agent.core.operation import OperationKind, OperationState, Request
from agent.core.workload import ContainerSpec
from agent.services.boot import WORDS
from agent.store.operations import OperationStore
from tests.services.conftest import ANN, ASKED, BOB, made


def test_an_owner_reads_the_whole_story_of_each_change(app: App) -> None:
    """From the words to the end; of nobody else's."""
    made(app)
    workloads, operations = app.services.workloads, app.services.operations
    request = Request(channel="telegram", conversation="tg:7", words="weg mit dev", by=CONSOLE)
    proposed = workloads.destroy(ANN, "dev", request)
    assert proposed.plan is not None
    operations.approve(ANN, proposed.id, proposed.plan.digest)
    ended = operations.wait(ANN, proposed.id, 30)
    made(app, "other", owner=BOB)
    gone, born = app.services.audit.trail(ANN)
    assert (gone.number, gone.kind, gone.workload) == (proposed.id, OperationKind.DESTROY, "dev")
    assert (gone.asked_by, gone.channel, gone.conversation) == (CONSOLE, "telegram", "tg:7")
    assert (gone.words, gone.approved_by, gone.plan) == ("weg mit dev", "ann", proposed.plan)
    assert (gone.state, gone.found) == (OperationState.DONE, ended.found)
    assert gone.ended_at is not None
    assert gone.began_at is not None
    assert gone.asked_at <= gone.began_at <= gone.ended_at
    assert (born.asked_by, born.words, born.approved_by) == ("ann", ASKED.words, "")
    assert [one.number for one in app.services.audit.trail(ANN, 1)] == [gone.number]


def test_it_says_who_did_not_want_it_any_more_and_why_it_failed(app: App) -> None:
    """A failure has its problem, and what was taken back is said."""
    asked = app.services.workloads.create(ANN, ContainerSpec(name="dev"), ASKED)
    app.services.operations.cancel(ANN, asked.id)
    app.services.operations.wait(ANN, asked.id, 30)
    (entry,) = app.services.audit.trail(ANN)
    assert (entry.cancelled_by, entry.state) == ("ann", OperationState.CANCELLED)


def test_what_the_worker_did_by_itself_was_asked_for_by_nobody(app: App) -> None:
    """It stands under the owner whose containers it concerned, with the reason in the place of words."""
    made(app)
    workload = app.services.workloads.find(ANN, "dev")
    database = app._database  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    request = Request(channel="worker", words=WORDS)
    OperationStore(database).add(workload, OperationKind.START, request, app.services.chats.now())
    entry = app.services.audit.trail(ANN)[0]
    assert (entry.asked_by, entry.channel, entry.words) == ("", "worker", WORDS)
