"""What a container is made of, chosen by a model: options, changes, the way back, and what it may be told."""

import json
from collections.abc import Mapping

import pytest
from pydantic import JsonValue
from pydantic_ai import ModelRetry

from agent.core.operation import OperationState
from agent.core.workload import WorkloadState
from agent.services.catalogue import Catalogue
from agent.tools import containers as tools
from agent.tools.views import ChangeView, ModuleView, ProblemView, WorkloadView
from tests.simulation import Simulation, somebody
from tests.tools.test_containers import Caller


@pytest.fixture
def caller(simulation: Simulation) -> Caller:
    """Somebody who has one running container."""
    owner = somebody()
    simulation.made(owner, "dev", "git")
    return Caller(simulation, owner)


def done(view: ChangeView | ProblemView) -> WorkloadView:
    """The container after a change that went well."""
    assert isinstance(view, ChangeView)
    assert view.state is OperationState.DONE
    assert view.container is not None
    return view.container


def retried(error: pytest.ExceptionInfo[ModelRetry]) -> dict[str, str]:
    """What a program finds in the text that a model is sent back with."""
    text = error.value.message
    return json.loads(text)["about"]


def test_a_container_is_created_with_options(simulation: Simulation, caller: Caller) -> None:
    """What was asked for is in its spec, and what was not is left to the defaults."""
    options: dict[str, dict[str, JsonValue]] = {"git": {"name": "Ann"}}
    done(tools.create_container(caller.context, "web", ["git", "node"], options))
    web = simulation.app.services.workloads.find(caller.owner, "web")
    assert web.spec.options == {"git": {"name": "Ann"}}
    assert caller.deps.outcomes[-1].arguments == {
        "name": "web",
        "modules": ["git", "node"],
        "options": options,
    }


@pytest.mark.parametrize(
    ("options", "about"),
    [
        (
            {"git": {"nick": "Ann"}},
            {"code": "unknown_option", "module": "git", "option": "nick", "accepted": "email, name"},
        ),
        ({"git": {"name": 5}}, {"code": "invalid_option", "module": "git", "option": "name"}),
        ({"fish": {"greeting": "x"}}, {"code": "option_without_module", "module": "fish", "accepted": "git"}),
    ],
)
def test_a_wrong_option_comes_back_with_what_is_accepted(
    simulation: Simulation,
    caller: Caller,
    options: dict[str, dict[str, JsonValue]],
    about: Mapping[str, str],
) -> None:
    """As a sentence and as JSON with module, option and what would do; nothing was asked of the node."""
    before = simulation.changes(caller.owner)
    with pytest.raises(ModelRetry) as error:
        tools.create_container(caller.context, "web", ["git"], options)
    assert retried(error).items() >= about.items()
    assert retried(error)["accepted"]
    assert simulation.changes(caller.owner) == before
    assert caller.codes == [3]


def test_a_container_is_changed_in_place(simulation: Simulation, caller: Caller) -> None:
    """Modules come and go, options change one by one, and what was not spoken of stays."""
    context = caller.context
    assert done(tools.update_container(context, "dev", add=["fish", "go"])).modules == ("fish", "git", "go")
    done(tools.update_container(context, "dev", options={"git": {"name": "Ann"}}))
    done(tools.update_container(context, "dev", options={"git": {"email": "ann@example.com"}}))
    changed = done(tools.update_container(context, "dev", remove=["go"]))
    assert (changed.modules, changed.state) == (("fish", "git"), WorkloadState.RUNNING)
    spec = simulation.app.services.workloads.find(caller.owner, "dev").spec
    assert spec.options["git"] == {"name": "Ann", "email": "ann@example.com"}
    assert caller.codes == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("add", "remove", "said"),
    [
        ((), ("go",), "dev has no module go"),
        (("gti",), (), "Did you mean git"),
        (("fish", "zsh"), (), "do not go together"),
        ((), (), "is made of exactly this already"),
    ],
)
def test_a_change_that_makes_no_sense_is_asked_for_again(
    simulation: Simulation, caller: Caller, add: tuple[str, ...], remove: tuple[str, ...], said: str
) -> None:
    """It is refused before anything is touched, in words that a model can mend it with."""
    with pytest.raises(ModelRetry, match=said):
        tools.update_container(caller.context, "dev", list(add), list(remove))
    assert simulation.changes(caller.owner) == ["create dev"]
    assert caller.codes == [3]


def test_an_update_can_be_taken_back(simulation: Simulation, caller: Caller) -> None:
    """It is what it was before; one that was never updated has nothing to go back to."""
    with pytest.raises(ModelRetry, match="never updated"):
        tools.roll_back_container(caller.context, "dev")
    tools.update_container(caller.context, "dev", add=["fish"])
    proposed = tools.roll_back_container(caller.context, "dev")
    assert isinstance(proposed, ChangeView)
    assert (proposed.state, caller.codes[-1]) == (OperationState.PROPOSED, 3)
    assert proposed.plan is not None
    simulation.app.services.operations.approve(caller.owner, proposed.operation, proposed.plan.digest)
    simulation.settled(simulation.operations(caller.owner)[-1])
    assert simulation.app.services.workloads.find(caller.owner, "dev").spec.modules == ("git",)
    assert simulation.changes(caller.owner) == ["create dev", "update dev", "rollback dev"]


def test_another_owners_container_is_neither_changed_nor_rolled_back(
    simulation: Simulation, caller: Caller
) -> None:
    """The answer is the same as for one that does not exist."""
    theirs = somebody()
    simulation.made(theirs, "theirs")
    for view in (
        tools.update_container(caller.context, "theirs", add=["fish"]),
        tools.roll_back_container(caller.context, "theirs"),
    ):
        assert isinstance(view, ProblemView)
        assert view.code == "UnknownWorkload"
    assert simulation.changes(theirs) == ["create theirs"]


def test_a_module_tells_what_can_be_chosen(caller: Caller) -> None:
    """Every module does: options with what they accept and their defaults, ports and secrets."""
    for module in Catalogue().all():
        view = tools.explain_module(caller.context, module.name)
        assert isinstance(view, ModuleView)
        assert view.options.keys() == module.options.keys()
        assert all(option.accepted and option.description for option in view.options.values())
    database = tools.explain_module(caller.context, "postgresql")
    assert isinstance(database, ModuleView)
    assert database.options["port"].default == 5432
    assert database.ports[0].startswith("5432/tcp: ")
    assert "postgresql.password" in database.secrets
    with pytest.raises(ModelRetry, match="Did you mean postgresql"):
        tools.explain_module(caller.context, "postgres")
