"""Commands, which begin with a slash, and what is said aloud."""

import asyncio

import pytest

from agent.assistant.history import begins_turn
from agent.core.operation import OperationState
from tests.assistant.conftest import Chat
from tests.assistant.scripts import Script


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
    with chat.simulation.standstill() as reached:
        waiting = [asyncio.create_task(chat.events("/restart dev", patience=30)) for _ in range(45)]
        assert await asyncio.to_thread(reached.wait, 10)
        while len(chat.changes) < 1 + len(waiting):
            await asyncio.sleep(0.01)
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
    """A person gets the words of their conversation, and after it is forgotten there are none."""
    await chat.say("/create dev git")
    export = chat.assistant.exported(chat.owner, "chat")
    assert '"person": "/create dev git"' in export
    assert '"called": "create_container"' in export
    assert chat.simulation.app.conversations.of_owner(chat.owner) == ["chat"]
    chat.simulation.app.conversations.clear(chat.owner, "chat")
    assert chat.assistant.exported(chat.owner, "chat") == "[]"
