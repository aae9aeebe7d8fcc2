"""Commands, which begin with a slash, and what is said aloud."""

import asyncio
import json

import pytest

from agent.assistant import Event, ToolStarted
from agent.assistant.history import begins_turn
from agent.core.operation import OperationState, Request
from tests.assistant.conftest import Chat
from tests.assistant.scripts import Script
from tests.simulation import somebody


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("/list", 0, "You have no containers yet."),
        ("/create dev git", 0, "**dev** is running"),
        ("/status nope", 3, "You have no container called nope."),
        ("/help", 0, "create a container called dev"),
        ("/nonsense", 3, "I did not understand"),
        ("/etc/hosts anzeigen", 3, "I did not understand"),
    ],
)
async def test_a_command_is_never_given_to_a_model(chat: Chat, command: str, code: int, said: str) -> None:
    """It is answered the same way with a model and without, and without a word on who answers."""
    script = Script("I was asked.")
    for model in (script.model, None):
        chat.use(model)
        finished = await chat.say(command)
        if model:
            assert said in finished.text
            assert finished.exit_code == code
        assert "phrasebook" not in finished.text
    assert script.left == 1


async def test_a_command_is_part_of_the_conversation(chat: Chat) -> None:
    """A model reads later what was done by command, and "it" is what the command was about."""
    await chat.say("hello")
    await chat.say("/create dev git")
    assert (await chat.say("run git --version in it")).exit_code == 0
    assert chat.ran == ["git --version"]
    assert sum(map(begins_turn, chat.messages)) == 3
    script = Script("Yes.")
    chat.use(script.model)
    await chat.say("did it work?")
    assert "/create dev git" in str(script.seen[0])


async def test_a_model_knows_that_it_hears_rather_than_reads(chat: Chat) -> None:
    """Only where a person speaks aloud is it told that names may be misheard."""
    for channel, told in (("telegram voice", True), ("telegram", False)):
        script = Script("Hello.")
        chat.use(script.model)
        await chat.say("start deaf", channel=channel)
        assert ("recognised from speech" in script.told[0]) is told


async def test_those_who_wait_keep_nobody_waiting(chat: Chat) -> None:
    """However many turns wait for their operations, a list is there at once."""
    chat.simulation.made(chat.owner, "dev")
    called = asyncio.Queue[Event]()

    async def restart() -> None:
        request = Request(channel="test", conversation="chat", words="/restart dev")
        async for event in chat.assistant.reply(chat.owner, request, patience=30):
            if isinstance(event, ToolStarted):
                called.put_nowait(event)

    with chat.simulation.standstill():
        waiting = [asyncio.create_task(restart()) for _ in range(45)]
        for _ in waiting:
            await called.get()
        async with asyncio.timeout(10):
            assert "**dev**" in (await chat.say("/list")).text
        assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("words", ["yes", "yes, destroy dev", "I agree", "approve it", "/approve 1"])
async def test_nothing_that_is_said_approves(chat: Chat, words: str) -> None:
    """A voice that says yes destroys nothing, with a model or without: no tool can agree to a plan."""
    chat.simulation.made(chat.owner, "dev")
    await chat.say("destroy dev", channel="telegram voice")
    willing = Script({"approve": {"operation": 1}}, {"approve_operation": {"number": 1}}, "Done.")
    for model in (None, willing.model):
        chat.use(model)
        await chat.say(words, channel="telegram voice")
    destroying = [one for one in chat.simulation.operations(chat.owner) if one.kind == "destroy"]
    assert {one.state for one in destroying} == {OperationState.PROPOSED}
    assert [one.name for one in chat.simulation.app.services.workloads.list(chat.owner)] == ["dev"]


async def test_what_is_kept_can_be_taken_away(chat: Chat) -> None:
    """A person gets their words, containers, changes and preferences, and nothing that is another's."""
    app = chat.simulation.app
    other = somebody()
    chat.simulation.made(other, "theirs")
    await chat.say("/create dev git")
    app.services.preferences.set_language(chat.owner.key, "de")
    export = chat.assistant.export(chat.owner)
    kept = json.loads(export)
    assert kept["account"] == chat.owner.key
    assert kept["preferences"]["language"] == "de"
    assert [one["spec"]["name"] for one in kept["containers"]] == ["dev"]
    assert [one["kind"] for one in kept["operations"]] == ["create"]
    assert kept["conversations"]["chat"][0]["person"] == "/create dev git"
    assert kept["conversations"]["chat"][1]["called"] == "create_container"
    assert "theirs" not in export
    assert other.key not in export


async def test_a_conversation_can_be_forgotten(chat: Chat) -> None:
    """Afterwards nothing of it is left; containers stay."""
    await chat.say("/create dev git")
    chat.assistant.forget(chat.owner, "chat")
    kept = json.loads(chat.assistant.export(chat.owner))
    assert kept["conversations"] == {}
    assert [one["spec"]["name"] for one in kept["containers"]] == ["dev"]
