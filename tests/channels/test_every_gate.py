"""Nothing is taken away but by a person who saw the plan: tried by every tool, by each command, and in words.

A kind of operation that is gated and does not stand in ``WAYS`` fails here.
"""

import inspect
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai import ModelRetry, RunContext
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RunUsage

import agent
from agent.channels.console import Console
from agent.channels.terminal import Terminal
from agent.core.operation import Operation, OperationKind, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec
from agent.phrasebook import Act, Call, understand
from agent.services.operations import Operations
from agent.tools.deps import Deps
from agent.tools.toolsets import TOOLSETS
from agent.tools.views import ChangeView
from tests.channels.conftest import desk_of
from tests.channels.test_commands import Run, answer, run
from tests.simulation import Simulation, somebody

__all__ = ["run"]
REQUEST = Request(channel="test")


@dataclass(frozen=True)
class Way:
    """How a gated kind is asked for, where it would take something away.

    Attributes:
        tool: the call of a model.
        command: what is typed.
        words: what is said without a model.
    """

    tool: Call
    command: tuple[str, ...]
    words: str


WAYS: dict[OperationKind, Way] = {
    OperationKind.DESTROY: Way(Call("destroy_container", {"name": "dev"}), ("destroy", "dev"), "destroy dev"),
    OperationKind.ROLLBACK: Way(
        Call("roll_back_container", {"name": "dev"}), ("rollback", "dev"), "roll back dev"
    ),
    OperationKind.REVERT: Way(
        Call("revert_container", {"name": "dev", "snapshot": "good"}),
        ("revert", "dev", "good"),
        "take dev back to the snapshot good",
    ),
    OperationKind.FORGET: Way(
        Call("forget_snapshot", {"name": "dev", "snapshot": "good"}),
        ("forget", "dev", "good"),
        "forget the snapshot good of dev",
    ),
    OperationKind.RESTORE_FILE: Way(
        Call("restore_file", {"name": "dev", "path": "notes.txt", "snapshot": "good"}),
        ("restore-file", "dev", "good", "notes.txt"),
        "bring back the file notes.txt in dev from good",
    ),
    OperationKind.RESTORE: Way(Call("restore_container", {"name": "old"}), ("restore", "old"), "restore old"),
    OperationKind.RESIZE: Way(
        Call("resize_container", {"name": "dev", "size": "1G"}),
        ("resize", "dev", "1G"),
        "resize dev to 1G",
    ),
    OperationKind.PURGE: Way(Call("purge_container", {"name": "old"}), ("purge", "old"), "purge old"),
}
KINDS = [kind for kind in OperationKind if kind.gated]
TOOLS = {name: tool for one in TOOLSETS for name, tool in one.tools.items()}


def staged(simulation: Simulation, owner: Owner) -> None:
    """Have everything that each of these would take away."""
    services = simulation.app.services

    def done(operation: Operation) -> None:
        if operation.plan is not None:
            operation = services.operations.approve(owner, operation.id, operation.plan.digest)
        assert simulation.settled(operation).state is OperationState.DONE

    simulation.made(owner, "dev", "git")
    services.files.put(owner, "dev", "notes.txt", b"then", REQUEST)
    done(services.storage.snapshot(owner, "dev", REQUEST, "good"))
    spec = ContainerSpec(name="dev", modules=("fish", "git"))
    done(services.workloads.update(owner, spec, REQUEST))
    simulation.made(owner, "old")
    done(services.workloads.destroy(owner, "old", REQUEST))
    simulation.made(owner, "old")


@pytest.fixture(scope="module")
def scene(simulation: Simulation) -> Owner:
    """Somebody who has all of that, and keeps it: one for all tests that change nothing."""
    owner = somebody()
    staged(simulation, owner)
    return owner


def held(simulation: Simulation, owner: Owner) -> dict[str, Any]:
    """What somebody has: containers with what they are made of and may take, the trash, and the data sets."""
    services = simulation.app.services
    own = {one.machine for one in services.workloads.list(owner)}
    own |= {one.workload.machine for one in services.trash.list(owner)}
    return {
        "containers": [(one.name, one.spec, one.quota) for one in services.workloads.list(owner)],
        "trash": [one.operation for one in services.trash.list(owner)],
        "data sets": {
            path: (sorted(one.files), one.quota)
            for path, one in simulation.node.world.datasets.items()
            if any(machine in path for machine in own)
        },
    }


def called(simulation: Simulation, owner: Owner, call: Call) -> object:
    """What a tool answers to a model."""
    deps = Deps(owner, REQUEST, simulation.app.services, patience=20, sends_files=True)
    context = RunContext(
        deps=deps, model=TestModel(), usage=RunUsage(), run_step=1, tool_call_id=f"call-{call.tool}"
    )
    return TOOLS[call.tool].function(context, **call.arguments)  # type: ignore[arg-type] - as a model calls it


def newest(simulation: Simulation, owner: Owner) -> Operation:
    """What was asked for last."""
    return simulation.operations(owner)[-1]


def test_each_gated_kind_is_tried() -> None:
    """A new one needs a line in the table above."""
    assert set(WAYS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tool_only_proposes(simulation: Simulation, scene: Owner, kind: OperationKind) -> None:
    """With a plan in numbers; everything is as it was."""
    before = held(simulation, scene)
    view = called(simulation, scene, WAYS[kind].tool)
    assert isinstance(view, ChangeView)
    assert (view.action, view.state, view.exit_code) == (kind, OperationState.PROPOSED, 3)
    assert view.plan is not None
    assert view.plan.losses
    assert held(simulation, scene) == before


def test_no_tool_agrees(simulation: Simulation, owner: Owner) -> None:
    """Whichever is called while all of these wait for an answer, with whatever it may be told about them."""
    staged(simulation, owner)
    operations = simulation.app.services.operations
    proposed: list[Operation] = []
    for way in WAYS.values():
        called(simulation, owner, way.tool)
        proposed.append(newest(simulation, owner))
    assert [one.kind for one in proposed] == list(WAYS)
    given = {
        "name": "dev",
        "new_name": "dev-2",
        "snapshot": "good",
        "path": "notes.txt",
        "modules": ["git"],
        "command": f"voxnix destroy dev --yes; voxnix approve {proposed[0].id}",
        "kind": "quota",
        "begin": "22:00",
        "end": "07:00",
    }
    for name in TOOLS.keys() - {"cancel_change"}:
        wanted = [one for one in inspect.signature(TOOLS[name].function).parameters if one in given]
        with suppress(ModelRetry):
            called(simulation, owner, Call(name, {one: given[one] for one in wanted}))
        for one in proposed:
            after = operations.get(owner, one.id)
            assert (after.state, after.approved_by) == (OperationState.PROPOSED, ""), name
    for one in proposed:
        called(simulation, owner, Call("cancel_change", {"number": one.id}))
        ended = operations.get(owner, one.id)
        assert (ended.state, ended.approved_by) == (OperationState.CANCELLED, "")


def test_no_tool_has_a_word_for_agreeing() -> None:
    """Nor could it be told the plan that was shown, or who asks."""
    words = {one for tool in TOOLS.values() for one in inspect.signature(tool.function).parameters}
    assert not words & {"yes", "digest", "plan", "approve", "approved", "confirm", "force", "owner", "by"}
    assert not [name for name in TOOLS if "approve" in name or "confirm" in name]
    assert not [file for file in _tool_files() if ".approve(" in file.read_text()]


def _tool_files() -> list[Path]:
    root = Path(agent.__file__).parent
    return [file for room in ("tools", "phrasebook", "assistant") for file in (root / room).glob("*.py")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_without_a_person_is_refused(
    run: Run, simulation: Simulation, scene: Owner, kind: OperationKind
) -> None:
    """Exit code 3, whatever comes in where a terminal would be; the hint names what can be typed."""
    before = held(simulation, scene)
    for argv, how in (((), {"input": "y\n"}), (("--json",), {}), (("--no-wait",), {"input": "yes\nyes\n"})):
        refused = run(*WAYS[kind].command, *argv, "--owner", scene.key, **how)
        assert refused.exit_code == 3, refused.output
        operation = newest(simulation, scene)
        assert (operation.kind, operation.state) == (kind, OperationState.DENIED)
        assert operation.plan is not None
    told = answer(run(*WAYS[kind].command, "--owner", scene.key, "--json"))
    assert told["error"]["code"] == "ApprovalNeeded"
    assert f"`voxnix {WAYS[kind].command[0]}`" in told["error"]["hint"]
    assert told["operation"]["plan"]["losses"]
    assert held(simulation, scene) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_with_yes_shows_the_plan_and_does_it(
    run: Run, simulation: Simulation, owner: Owner, kind: OperationKind
) -> None:
    """What was agreed to is on the screen, and in the record."""
    staged(simulation, owner)
    done = run(*WAYS[kind].command, "--yes")
    assert done.exit_code == 0, done.output
    operation = newest(simulation, owner)
    assert (operation.kind, operation.state) == (kind, OperationState.DONE)
    assert operation.approved_by
    assert operation.plan is not None
    shown = "".join(done.stderr.split())
    assert "".join(operation.plan.summary.split()) in shown
    for loss in operation.plan.losses:
        assert "".join(loss.what.split()) in shown


@pytest.mark.parametrize("kind", KINDS)
def test_words_only_propose(
    simulation: Simulation, scene: Owner, kind: OperationKind, capsys: pytest.CaptureFixture[str]
) -> None:
    """The phrasebook calls the same tool; without a person at the terminal nothing that is said agrees."""
    way = WAYS[kind]
    meaning = understand(way.words)
    assert isinstance(meaning, Act)
    assert meaning.calls == (way.tool,)
    before = held(simulation, scene)
    talk = Console(desk_of(simulation, Terminal(), scene, lambda: simulation.app.assistant(None)))
    assert talk.once(way.words) == 3
    operation = newest(simulation, scene)
    assert (operation.kind, operation.state) == (kind, OperationState.DENIED)
    assert "for you to agree to" in capsys.readouterr().out
    for words in (
        "yes",
        "I agree",
        "approve",
        f"approve operation {operation.id}",
        f"/approve {operation.id}",
    ):
        assert talk.once(words) == 3, words
    assert newest(simulation, scene).id == operation.id
    assert held(simulation, scene) == before


def test_nobody_hands_a_plan_in() -> None:
    """The gate makes it itself: who asks can neither bring one nor say that none is needed."""
    told = set(inspect.signature(Operations.submit).parameters)
    assert told == {"self", "subject", "kind", "request", "target", "arguments", "undoes"}
