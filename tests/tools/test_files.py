"""The tool for files that go with an answer."""

import asyncio
from dataclasses import replace

from pydantic_ai import CombinedToolset

from agent.core.conversation import SentFile
from agent.core.operation import Request
from agent.tools import containers as tools
from agent.tools.files import send_file
from agent.tools.toolsets import OFFERED, offered
from agent.tools.views import ChangeView, ExecutedView, FileView
from tests.simulation import Simulation, somebody
from tests.tools.test_containers import Caller


def test_a_file_is_noted_to_go_with_the_answer(simulation: Simulation) -> None:
    """Once, however often a model asks; what is not there is a problem, and goes with nothing."""
    owner = somebody()
    simulation.made(owner, "dev", "git")
    caller = Caller(simulation, owner)
    simulation.app.services.files.put(owner, "dev", "a.txt", b"abc", Request(channel="test"))
    for path in ("a.txt", "/workspace/a.txt"):
        view = send_file(caller.context, "dev", path)
        assert view == FileView(name="dev", path="/workspace/a.txt", size=3)
    tools.stop_container(caller.context, "dev")
    send_file(caller.context, "dev", "a.txt")
    assert caller.deps.files == [SentFile("dev", "/workspace/a.txt")]
    assert caller.codes == [0, 0, 0, 3]


def test_it_is_offered_only_where_files_can_be_sent(simulation: Simulation) -> None:
    """A console has no use for it."""
    caller = Caller(simulation, somebody())

    def seen(*, sends_files: bool) -> set[str]:
        deps = replace(caller.deps, sends_files=sends_files)
        context = replace(caller.context, deps=deps)
        names = set(asyncio.run(CombinedToolset(OFFERED).get_tools(context)))
        assert names == offered(deps)
        return names

    assert seen(sends_files=True) - seen(sends_files=False) == {"send_file"}


def test_each_call_is_a_part_of_its_own_of_what_was_asked_for(simulation: Simulation) -> None:
    """Made again in the same turn with the same number, a change or a command is done once."""
    owner = somebody()
    caller = Caller(simulation, owner)
    caller.deps = replace(caller.deps, request=Request(channel="test", key=f"tg:1:{owner.key}"))
    first, again = (tools.create_container(caller.context, "dev", []) for _ in range(2))
    assert isinstance(first, ChangeView)
    assert first == again
    [operation] = simulation.operations(owner)
    assert operation.request.key == f"tg:1:{owner.key}/call"
    for _ in range(2):
        assert isinstance(tools.run_in_container(caller.context, "dev", "touch once"), ExecutedView)
    assert simulation.ran(owner) == ["touch once"]
