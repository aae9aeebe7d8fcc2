import pytest

from agent.app import App
from agent.core.errors import UnknownModule
from agent.core.operation import OperationState
from agent.core.workload import ContainerSpec
from agent.host.simulated import Pace, SimulatedNode
from tests.services.conftest import ANN, ASKED, BOB, made


def images(app: App) -> dict[tuple[str, ...], int]:
    """What was built, and how many use it."""
    return {one.image.composition.modules: one.users for one in app.services.images.list()}


def done(app: App, number: int) -> None:
    """An operation went well."""
    ended = app.services.operations.wait(ANN, number, 30)
    assert ended.state is OperationState.DONE, ended.problem


def test_what_was_built_is_known_with_who_uses_it(app: App) -> None:
    """Two containers of the same modules share one image, whoever owns them."""
    made(app, "dev", "git")
    made(app, "dev", "git", owner=BOB)
    made(app, "other", "fish", "git")
    assert images(app) == {("git",): 2, ("fish", "git"): 1}
    assert all(one.current and one.size > 0 for one in app.services.images.list())


def test_an_image_can_be_built_before_anybody_waits_for_it(app: App, node: SimulatedNode) -> None:
    """The container that is created next is not built any more."""
    done(app, app.services.images.build(ANN, ("git",), ASKED).id)
    assert images(app) == {("git",): 0}
    node.commands.clear()
    made(app, "dev", "git")
    assert [argv for argv in node.commands if argv[0] == "unshare"] == []


def test_pruning_takes_what_nothing_uses_and_leaves_the_rest(app: App, node: SimulatedNode) -> None:
    """What a container can be rolled back to is used as well."""
    made(app, "dev", "git")
    done(app, app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("fish",)), ASKED).id)
    done(app, app.services.images.build(ANN, ("node",), ASKED).id)
    before = [name for name in node.world.datasets if "/images/" in name]
    done(app, app.services.images.prune(ANN, ASKED).id)
    assert images(app) == {("fish",): 1, ("git",): 1}
    after = [name for name in node.world.datasets if "/images/" in name]
    assert len(before) - len(after) == 2  # the image, and the owner's view of it
    back = app.services.workloads.roll_back(ANN, "dev", ASKED)
    assert back.plan is not None
    done(app, app.services.operations.approve(ANN, back.id, back.plan.digest).id)


def test_pruning_spares_what_is_being_made(app: App, node: SimulatedNode) -> None:
    """An operation that waits for its turn finds what was built for it."""
    done(app, app.services.images.build(ANN, ("git",), ASKED).id)
    app.close()  # no worker runs now, so the next one sees both at the same time
    again = SimulatedNode("box", pace=Pace.instant())
    again.world = node.world
    reopened = App(app.settings, again)
    try:
        pruned = reopened.services.images.prune(ANN, ASKED)
        created = reopened.services.workloads.create(ANN, ContainerSpec(name="dev", modules=("git",)), ASKED)
        done(reopened, pruned.id)
        done(reopened, created.id)
        assert images(reopened) == {("git",): 1}
    finally:
        reopened.close()


def test_what_people_make_is_counted(app: App) -> None:
    """By what it is made of, also when it is long gone; the most frequent first."""
    made(app, "a", "git")
    made(app, "b", "git", owner=BOB)
    made(app, "c", "fish")
    assert [(one.composition.modules, one.times) for one in app.services.images.popular(5)] == [
        (("git",), 2),
        (("fish",), 1),
    ]
    assert len(app.services.images.popular(1)) == 1


def test_an_image_of_what_does_not_exist_is_refused(app: App) -> None:
    """Before anything is entered."""
    with pytest.raises(UnknownModule):
        app.services.images.build(ANN, ("gti",), ASKED)
    assert app.services.operations.list(ANN) == []
