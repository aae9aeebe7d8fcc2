"""The agent through its front door."""

import asyncio
import logging
import re
from contextlib import aclosing

import logfire
import pytest
from logfire.testing import TestExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from pydantic import SecretStr
from pydantic_ai.exceptions import ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from agent.assistant import Finished, TextDelta, ToolEnded, ToolStarted
from agent.core.errors import InvalidRequest
from agent.core.operation import OperationState, Request
from agent.host.simulated import Fault
from agent.phrasebook import Phrasebook
from agent.settings import Settings
from tests.assistant.conftest import Chat
from tests.assistant.scripts import Script, Step
from tests.simulation import somebody

CREATE: Step = {"create_container": {"name": "dev", "modules": ["git", "fish"]}}
LIST: Step = {"list_containers": {}}


async def test_a_sentence_becomes_a_container(chat: Chat) -> None:
    """Without any model, "create a container called dev with git and fish" does it, and says so."""
    events = await chat.events("create a container called dev with git and fish")
    assert events[0] == ToolStarted("create_container", {"name": "dev", "modules": ["git", "fish"]})
    assert events[1] == ToolEnded("create_container")
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.exit_code == 0
    assert f"**dev** is running at `{chat.address('dev')}`, with fish and git." in last.text
    assert last.text.count("(phrasebook: no language model is configured)") == 1
    assert chat.modules("dev") == ("fish", "git")


async def test_a_whole_day_with_the_phrasebook(chat: Chat) -> None:
    """A person gets all the way from nothing to a proposal to destroy, each step with its own exit code."""
    said = [
        ("hi", 0),
        ("what do I have?", 0),
        ("create a container called dev with git and fish", 0),
        ("run git --version in it", 0),
        ("stop it", 0),
        ("run git --version in it", 3),
        ("start dev", 0),
        ("create a container called dev", 3),
        ("destroy it", 3),
        ("don't destroy it", 0),
        ("open the pod bay doors", 3),
    ]
    for sentence, code in said:
        finished = await chat.say(sentence)
        assert finished.exit_code == code, (sentence, finished.text)
        assert finished.text.count("_(phrasebook: ") == 1
    assert chat.changes == ["create dev", "stop dev", "start dev", "destroy dev"]
    assert chat.ran == ["git --version"]
    assert chat.simulation.operations(chat.owner)[-1].state is OperationState.PROPOSED


async def test_a_proposal_waits_for_a_person(chat: Chat) -> None:
    """Destroying waits for an answer, and no sentence of the chat is one."""
    chat.simulation.made(chat.owner, "dev")
    finished = await chat.say("destroy dev")
    assert finished.exit_code == 3
    assert "Nothing has happened yet" in finished.text
    assert "agree" in finished.text
    assert (await chat.say("yes")).exit_code == 3
    assert chat.changes == ["create dev", "destroy dev"]
    assert chat.simulation.operations(chat.owner)[-1].state is OperationState.PROPOSED


async def test_a_name_is_asked_for_and_taken(chat: Chat) -> None:
    """A container without a name gets the one that the next sentence gives."""
    asked = await chat.say("I want a container with git")
    assert asked.exit_code == 3
    assert "What should it be called?" in asked.text
    assert (await chat.say("web")).exit_code == 0
    assert chat.modules("web") == ("git",)


@pytest.mark.parametrize("sentence", ["", "  \n ", "x" * 100_000, "\udcff", "a\0b"])
async def test_a_bad_sentence_is_refused_before_anything(chat: Chat, sentence: str) -> None:
    """Nothing is loaded, called or kept for a sentence that is none."""
    with pytest.raises(InvalidRequest):
        await chat.events(sentence)
    assert chat.changes == []
    assert chat.kept is None


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("create a container called Dev with git", "A name is 1 to 32 lower-case letters"),
        ("create a container called dev with gti", "There is no module called gti. Did you mean git?"),
        ("stop nope", "You have no container called nope."),
        ("run 'ls in dev", "Close the quotation"),
    ],
)
async def test_a_refusal_is_told_at_once(chat: Chat, sentence: str, said: str) -> None:
    """What a language model would try again is answered honestly by the phrasebook, once."""
    chat.simulation.made(chat.owner, "dev")
    events = await chat.events(sentence)
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.exit_code == 3
    assert said in last.text
    assert "{" not in last.text  # what a model gets beside the words is not for people
    assert sum(isinstance(event, ToolStarted) for event in events) == 1


async def test_a_failing_host_is_told_with_cause_and_hint(chat: Chat) -> None:
    """What, why and what next of a failure, and exit code 4."""
    unreachable = Fault(" mmdebstrap ", stderr="E: Could not resolve 'mirror.invalid'", times=None)
    with chat.simulation.failing(unreachable):
        finished = await chat.say("create dev with fish, git, node and python")
    assert finished.exit_code == 4
    assert "**dev** was not created. The Debian packages cannot be fetched. " in finished.text
    assert "Could not resolve 'mirror.invalid'" in finished.text
    assert "Look at the node's network and its list of mirrors, then try again." in finished.text


async def test_a_node_that_does_not_answer_is_told_before_anything(chat: Chat) -> None:
    """What fails before there is an operation ends the same way, and nothing is entered."""
    with chat.simulation.failing(Fault("^zfs get", stderr="cannot open /dev/zfs: Permission denied")):
        finished = await chat.say("create dev")
    assert finished.exit_code == 4
    assert "Permission denied" in finished.text
    assert finished.text.endswith("_(phrasebook: no language model is configured)_")
    assert chat.changes == []


async def test_what_takes_longer_is_said_to_go_on(chat: Chat) -> None:
    """After the patience is over the reply tells how far it is, and claims nothing."""
    with chat.simulation.standstill():
        finished = await chat.say("create dev with node, python and workspace", patience=2.5)
    assert re.search(
        r"Creating \*\*dev\*\*: step 1 of 4, downloading packages \(0 of \d+\)\. It goes on by itself",
        finished.text,
    )
    assert finished.exit_code == 0
    (operation,) = chat.simulation.operations(chat.owner)
    assert chat.simulation.settled(operation).state is OperationState.DONE


async def test_a_model_decides_and_streams(chat: Chat) -> None:
    """A language model's calls and words come through as they are, without a word of the phrasebook."""
    script = Script(["Let me see. ", CREATE], "**dev** is up.")
    chat.use(script.model)
    events = await chat.events("mach mir was mit git")
    assert (
        "".join(one.text for one in events if isinstance(one, TextDelta)) == "Let me see. \n\n**dev** is up."
    )
    assert [one for one in events if isinstance(one, (ToolStarted, ToolEnded))] == [
        ToolStarted("create_container", {"name": "dev", "modules": ["git", "fish"]}),
        ToolEnded("create_container"),
    ]
    assert events[-1] == Finished("Let me see. \n\n**dev** is up.", 0)
    assert chat.changes == ["create dev"]


async def test_a_model_is_told_what_there_is(chat: Chat) -> None:
    """The instructions hold this owner's containers, from the database, and nobody else's."""
    script = Script("Hello.")
    chat.use(script.model)
    chat.simulation.made(chat.owner, "dev", "git")
    chat.simulation.made(somebody(), "theirs")
    await chat.say("hi")
    assert f"- dev: running, modules git, at {chat.address('dev')}" in script.told[0]
    assert "Never say that something happened unless a tool said so." in script.told[0]
    assert "theirs" not in script.told[0]


async def test_a_model_mends_its_call(chat: Chat) -> None:
    """A refused name comes back to the model with the rule; when it mends it, the turn was fine."""
    bad: Step = {"create_container": {"name": "Dev", "modules": ["git", "fish"]}}
    script = Script(bad, CREATE, "Done.")
    chat.use(script.model)
    assert await chat.say("create Dev") == Finished("Done.", 0)
    (retried,) = [part for part in script.seen[1][-1].parts if isinstance(part, ToolReturnPart)]
    assert retried.outcome == "retried"
    assert "A name is 1 to 32 lower-case letters" in str(retried.content)


async def test_the_exit_code_comes_from_the_tools_not_from_the_text(chat: Chat) -> None:
    """A model that glosses over a failure does not change how the turn went."""
    chat.use(Script({"start_container": {"name": "nope"}}, "All good, it is running!").model)
    assert (await chat.say("start nope")).exit_code == 3


async def test_a_model_that_does_not_answer_is_stood_in_for(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    """When the provider fails, the phrasebook does what was asked, and no key gets into the log."""
    error = ModelHTTPError(401, "script", body="Incorrect API key provided: sk-verysecret")
    chat.use(Script(error).model)
    with caplog.at_level(logging.DEBUG):
        finished = await chat.say("create a container called dev with git and fish")
    assert finished.exit_code == 0
    assert finished.text.endswith("_(phrasebook: the model did not answer)_")
    assert chat.changes == ["create dev"]
    assert "the model did not answer" in caplog.text
    assert "verysecret" not in caplog.text


@pytest.mark.parametrize(
    "failure",
    [
        ConnectionError("gone"),
        ModelHTTPError(500, "script"),
        ValueError("no JSON"),
        ["It is ", OSError("cut")],
    ],
)
async def test_nothing_is_done_twice_when_a_model_fails_after_its_calls(
    chat: Chat, failure: Exception
) -> None:
    """After a call was made, the phrasebook reports what came of it, and calls nothing again."""
    chat.use(Script(CREATE, failure).model)
    finished = await chat.say("create a container called dev with git and fish")
    assert chat.changes == ["create dev"]
    assert finished.exit_code == 0
    assert "**dev** is running" in finished.text
    assert finished.text.endswith("_(phrasebook: the model did not answer)_")


async def test_a_model_cut_off_in_its_first_words_is_stood_in_for(chat: Chat) -> None:
    """An answer that breaks off before anything was done is followed by the phrasebook's."""
    chat.use(Script(["I will ", OSError("cut")]).model)
    finished = await chat.say("create a container called dev with git and fish")
    assert chat.changes == ["create dev"]
    assert finished.text.startswith("I will \n\n**dev** is running")


async def test_a_model_that_keeps_making_bad_calls_is_stopped(chat: Chat) -> None:
    """Calls that are refused over and over end in an honest report instead of a traceback."""
    bad: Step = {"create_container": {"name": "Dev", "modules": []}}
    chat.use(Script(bad, bad, bad).model)
    finished = await chat.say("create Dev")
    assert finished.exit_code == 3
    assert "A name is 1 to 32" in finished.text


async def test_a_model_that_goes_round_in_circles_is_stopped(chat: Chat) -> None:
    """A turn has an end, whatever the model wants."""
    chat.use(Script(*[LIST] * 20).model)
    finished = await chat.say("list my containers")
    assert "You have no containers yet." in finished.text


async def test_arguments_that_do_not_fit_are_refused_not_run(chat: Chat) -> None:
    """A model that invents an argument, such as an owner, is told so, and the turn is not called fine."""
    chat.simulation.made(other := somebody(), "theirs")
    stolen = {"stop_container": {"name": "theirs", "owner": other.key}}
    chat.use(Script(stolen, "I could not.").model)
    assert await chat.say("stop theirs") == Finished("I could not.", 3)
    assert chat.changes == []
    assert chat.simulation.changes(other) == ["create theirs"]


async def test_models_read_each_others_history(chat: Chat) -> None:
    """The phrasebook knows what "it" is after a model's turn, and a model sees what the phrasebook did."""
    chat.use(Script(CREATE, "Done.").model)
    await chat.say("dev bitte")
    chat.use(None)
    assert (await chat.say("run git --version in it")).exit_code == 0
    script = Script("Yes.")
    chat.use(script.model)
    await chat.say("did it work?")
    calls = [
        part.tool_name
        for message in script.seen[0]
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]
    assert calls == ["create_container", "run_in_container"]


async def test_owners_do_not_see_each_other(chat: Chat) -> None:
    """The same sentence in the same chat is about each owner's own things, conversation included."""
    other = somebody()
    chat.simulation.made(chat.owner, "dev")
    await chat.say("status of dev")
    for sentence in ("stop dev", "stop it"):
        events = await chat.events(sentence, owner=other)
        assert ToolStarted("stop_container", {"name": "dev"}) in events
        assert isinstance(events[-1], Finished)
        assert events[-1].exit_code == 3
    assert chat.simulation.changes(other) == []
    assert chat.changes == ["create dev"]


async def test_a_failed_turn_is_remembered(
    chat: Chat, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn in which something broke ends with an answer, and the next one knows of it."""
    monkeypatch.setattr(Phrasebook, "respond", None)
    finished = await chat.say("hi")
    assert finished.exit_code == 4
    assert "Something went wrong inside Voxnix." in finished.text
    assert "Traceback" not in finished.text
    assert caplog.records
    assert isinstance(chat.messages[0].parts[0], UserPromptPart)
    answer = chat.messages[-1].parts[-1]
    assert isinstance(answer, TextPart)
    assert "Something went wrong" in answer.content


async def test_a_cancelled_turn_is_remembered_and_lets_go(chat: Chat) -> None:
    """Whoever goes away gets the prompt back at once; the history stays whole, and the thread ends."""
    with chat.simulation.standstill() as reached:
        task = asyncio.create_task(chat.say("create a container called dev", patience=30))
        assert await asyncio.to_thread(reached.wait, 10)
        task.cancel()
        async with asyncio.timeout(2):
            with pytest.raises(asyncio.CancelledError):
                await task
    (operation,) = chat.simulation.operations(chat.owner)
    assert chat.simulation.settled(operation).state is OperationState.DONE
    calls = [part for message in chat.messages for part in message.parts if isinstance(part, ToolCallPart)]
    returns = [
        part for message in chat.messages for part in message.parts if isinstance(part, ToolReturnPart)
    ]
    assert [part.tool_call_id for part in returns] == [part.tool_call_id for part in calls]
    assert returns[0].outcome == "interrupted"
    assert isinstance(chat.messages[-1], ModelResponse)
    assert (await chat.say("status of it")).exit_code == 0


async def test_a_listener_who_stops_listening_is_a_cancelled_turn(chat: Chat) -> None:
    """Closing the events in the middle keeps the conversation whole."""
    request = Request(channel="test", conversation="chat", words="hi")
    reply = chat.assistant.reply(chat.owner, request, patience=1)
    async with aclosing(reply) as events:
        async for _ in events:
            break
    assert isinstance(chat.messages[0], ModelRequest)
    assert isinstance(chat.messages[-1], ModelResponse)
    assert (await chat.say("hi")).exit_code == 0


async def test_nothing_that_was_said_gets_into_a_trace(chat: Chat) -> None:
    """Traces tell what was called and how long it took; people say secrets, and commands print them."""
    exporter = TestExporter()
    logfire.configure(
        send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter)]
    )
    bad: Step = {"create_container": {"name": "TopSecret", "modules": []}}
    told: Step = {"run_in_container": {"name": "dev", "command": "echo TopSecret; cat /TopSecret"}}
    chat.use(Script(CREATE, bad, told, "TopSecret").model, Settings(logfire_token=SecretStr("a token")))
    await chat.say("my password is TopSecret")
    assert chat.ran == ["sh -c echo TopSecret; cat /TopSecret"]
    spans = exporter.exported_spans_as_dict(parse_json_attributes=True)
    assert any(span["name"] == "execute_tool create_container" for span in spans)
    assert "TopSecret" not in str(spans)


async def test_without_a_token_nothing_is_traced(chat: Chat) -> None:
    """Tracing costs time in every turn, so only who wants it pays."""
    exporter = TestExporter()
    logfire.configure(
        send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter)]
    )
    await chat.say("hi")
    assert exporter.exported_spans_as_dict() == []


async def test_unexpected_behaviour_of_a_model_is_no_traceback(chat: Chat) -> None:
    """A model that answers nothing at all is stood in for, too."""
    chat.use(Script(UnexpectedModelBehavior("nothing in it")).model)
    assert (await chat.say("list")).exit_code == 0
