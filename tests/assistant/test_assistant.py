"""The agent through its front door."""

import asyncio
import logging
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
from agent.core.errors import InvalidRequest, MirrorUnreachable, Problem
from agent.core.owner import Owner
from agent.core.workload import Executed
from agent.phrasebook import Phrasebook
from agent.settings import Settings
from tests.assistant.conftest import Chat
from tests.assistant.scripts import Script, Step

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
    assert "**dev** is running at `10.88.0.12`, with fish and git." in last.text
    assert last.text.count("(phrasebook: no language model is configured)") == 1
    assert ("create", "admin", "dev", "fish", "git") in chat.world.calls


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
    assert chat.changes() == [
        *("create dev", "exec dev", "stop dev", "exec dev", "start dev", "create dev", "destroy dev")
    ]


async def test_a_proposal_waits_for_a_person(chat: Chat) -> None:
    """Destroying waits for an answer, and no sentence of the chat is one."""
    chat.world.add("admin", "dev")
    finished = await chat.say("destroy dev")
    assert finished.exit_code == 3
    assert "Nothing has happened yet" in finished.text
    assert "agree" in finished.text
    assert (await chat.say("yes")).exit_code == 3
    assert chat.changes() == ["destroy dev"]


async def test_a_name_is_asked_for_and_taken(chat: Chat) -> None:
    """A container without a name gets the one that the next sentence gives."""
    asked = await chat.say("I want a container with git")
    assert asked.exit_code == 3
    assert "What should it be called?" in asked.text
    assert (await chat.say("web")).exit_code == 0
    assert ("create", "admin", "web", "git") in chat.world.calls


@pytest.mark.parametrize("sentence", ["", "  \n ", "x" * 100_000, "\udcff", "a\0b"])
async def test_a_bad_sentence_is_refused_before_anything(chat: Chat, sentence: str) -> None:
    """Nothing is loaded, called or kept for a sentence that is none."""
    before = list(chat.world.calls)
    with pytest.raises(InvalidRequest):
        await chat.events(sentence)
    assert chat.world.calls == before
    assert not chat.chats.kept


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("create a container called Dev with git", "A name is 1 to 32 lower-case letters"),
        ("create a container called dev with gti", "There is no module called gti. Did you mean fish?"),
        ("stop nope", "You have no container called nope."),
        ("run 'ls in dev", "Close the quotation"),
    ],
)
async def test_a_refusal_is_told_at_once(chat: Chat, sentence: str, said: str) -> None:
    """What a language model would try again is answered honestly by the phrasebook, once."""
    chat.world.add("admin", "dev")
    events = await chat.events(sentence)
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.exit_code == 3
    assert said in last.text
    assert sum(isinstance(event, ToolStarted) for event in events) == 1


async def test_a_failing_host_is_told_with_cause_and_hint(chat: Chat) -> None:
    """What, why and what next of a failure, and exit code 4."""
    chat.world.fails = Problem(
        "failed", "BuildFailed", "The image could not be built.", "No mirror.", "Try later."
    )
    finished = await chat.say("create dev")
    assert finished.exit_code == 4
    assert "**dev** was not created. The image could not be built. No mirror. Try later." in finished.text
    chat.world.failures["start"] = MirrorUnreachable("The mirror cannot be reached.")
    assert await chat.say("start dev") == Finished(
        "The mirror cannot be reached.\n\n_(phrasebook: no language model is configured)_", 4
    )


async def test_what_takes_longer_is_said_to_go_on(chat: Chat) -> None:
    """After the patience is over the reply tells how far it is, and claims nothing."""
    chat.world.stuck = True
    finished = await chat.say("create a container called dev", patience=0.01)
    assert (
        "Creating **dev**: step 2 of 4, installing packages (34 of 120). It goes on by itself"
        in finished.text
    )
    assert finished.exit_code == 0


async def test_a_model_decides_and_streams() -> None:
    """A language model's calls and words come through as they are, without a word of the phrasebook."""
    script = Script(["Let me see. ", CREATE], "**dev** is up.")
    chat = Chat(script.model)
    events = await chat.events("mach mir was mit git")
    assert (
        "".join(one.text for one in events if isinstance(one, TextDelta)) == "Let me see. \n\n**dev** is up."
    )
    assert [one for one in events if isinstance(one, (ToolStarted, ToolEnded))] == [
        ToolStarted("create_container", {"name": "dev", "modules": ["git", "fish"]}),
        ToolEnded("create_container"),
    ]
    assert events[-1] == Finished("Let me see. \n\n**dev** is up.", 0)
    assert chat.changes() == ["create dev"]


async def test_a_model_is_told_what_there_is() -> None:
    """The instructions hold this owner's containers, from the database, and nobody else's."""
    script = Script("Hello.")
    chat = Chat(script.model)
    chat.world.add("admin", "dev", "git")
    chat.world.add("other", "theirs")
    await chat.say("hi")
    assert "- dev: running, modules git, at 10.88.0.12" in script.told[0]
    assert "Never say that something happened unless a tool said so." in script.told[0]
    assert "theirs" not in script.told[0]


async def test_a_model_mends_its_call() -> None:
    """A refused name comes back to the model with the rule; when it mends it, the turn was fine."""
    bad: Step = {"create_container": {"name": "Dev", "modules": ["git", "fish"]}}
    script = Script(bad, CREATE, "Done.")
    chat = Chat(script.model)
    assert await chat.say("create Dev") == Finished("Done.", 0)
    (retried,) = [part for part in script.seen[1][-1].parts if isinstance(part, ToolReturnPart)]
    assert retried.outcome == "retried"
    assert "A name is 1 to 32 lower-case letters" in str(retried.content)


async def test_the_exit_code_comes_from_the_tools_not_from_the_text() -> None:
    """A model that glosses over a failure does not change how the turn went."""
    chat = Chat(Script({"start_container": {"name": "nope"}}, "All good, it is running!").model)
    assert (await chat.say("start nope")).exit_code == 3


async def test_a_model_that_does_not_answer_is_stood_in_for(caplog: pytest.LogCaptureFixture) -> None:
    """When the provider fails, the phrasebook does what was asked, and no key gets into the log."""
    error = ModelHTTPError(401, "script", body="Incorrect API key provided: sk-verysecret")
    chat = Chat(Script(error).model)
    with caplog.at_level(logging.DEBUG):
        finished = await chat.say("create a container called dev with git and fish")
    assert finished.exit_code == 0
    assert finished.text.endswith("_(phrasebook: the model did not answer)_")
    assert chat.changes() == ["create dev"]
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
async def test_nothing_is_done_twice_when_a_model_fails_after_its_calls(failure: Exception) -> None:
    """After a call was made, the phrasebook reports what came of it, and calls nothing again."""
    chat = Chat(Script(CREATE, failure).model)
    finished = await chat.say("create a container called dev with git and fish")
    assert chat.changes() == ["create dev"]
    assert finished.exit_code == 0
    assert "**dev** is running" in finished.text
    assert finished.text.endswith("_(phrasebook: the model did not answer)_")


async def test_a_model_cut_off_in_its_first_words_is_stood_in_for() -> None:
    """An answer that breaks off before anything was done is followed by the phrasebook's."""
    chat = Chat(Script(["I will ", OSError("cut")]).model)
    finished = await chat.say("create a container called dev with git and fish")
    assert chat.changes() == ["create dev"]
    assert finished.text.startswith("I will \n\n**dev** is running")


async def test_a_model_that_keeps_making_bad_calls_is_stopped() -> None:
    """Calls that are refused over and over end in an honest report instead of a traceback."""
    bad: Step = {"create_container": {"name": "Dev", "modules": []}}
    chat = Chat(Script(bad, bad, bad).model)
    finished = await chat.say("create Dev")
    assert finished.exit_code == 3
    assert "A name is 1 to 32" in finished.text


async def test_a_model_that_goes_round_in_circles_is_stopped() -> None:
    """A turn has an end, whatever the model wants."""
    chat = Chat(Script(*[LIST] * 20).model)
    finished = await chat.say("list my containers")
    assert "You have no containers yet." in finished.text


async def test_arguments_that_do_not_fit_are_refused_not_run() -> None:
    """A model that invents an argument, such as an owner, is told so, and the turn is not called fine."""
    stolen = {"stop_container": {"name": "theirs", "owner": "other"}}
    chat = Chat(Script(stolen, "I could not.").model)
    chat.world.add("other", "theirs")
    assert await chat.say("stop theirs") == Finished("I could not.", 3)
    assert chat.changes() == []


async def test_models_read_each_others_history() -> None:
    """The phrasebook knows what "it" is after a model's turn, and a model sees what the phrasebook did."""
    chat = Chat(Script(CREATE, "Done.").model)
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
    chat.world.add("admin", "dev")
    await chat.say("status of dev")
    events = await chat.events("stop dev", owner=Owner("other"))
    assert isinstance(events[-1], Finished)
    assert events[-1].exit_code == 3
    await chat.events("stop it", owner=Owner("other"))
    assert ("stop", "other", "dev") in chat.world.calls
    assert not [call for call in chat.world.calls if call[0] == "stop" and call[1] == "admin"]


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
    chat.world.stuck = True
    task = asyncio.create_task(chat.say("create a container called dev", patience=30))
    await asyncio.to_thread(chat.world.waiting.wait, 5)
    task.cancel()
    async with asyncio.timeout(2):
        with pytest.raises(asyncio.CancelledError):
            await task
    calls = [part for message in chat.messages for part in message.parts if isinstance(part, ToolCallPart)]
    returns = [
        part for message in chat.messages for part in message.parts if isinstance(part, ToolReturnPart)
    ]
    assert [part.tool_call_id for part in returns] == [part.tool_call_id for part in calls]
    assert returns[0].outcome == "interrupted"
    assert isinstance(chat.messages[-1], ModelResponse)
    chat.world.stuck = False
    assert (await chat.say("status of it")).exit_code == 0


async def test_a_listener_who_stops_listening_is_a_cancelled_turn(chat: Chat) -> None:
    """Closing the events in the middle keeps the conversation whole."""
    reply = chat.assistant.reply(Owner("admin"), "chat", "hi", channel="test", patience=1)
    async with aclosing(reply) as events:
        async for _ in events:
            break
    assert isinstance(chat.messages[0], ModelRequest)
    assert isinstance(chat.messages[-1], ModelResponse)
    assert (await chat.say("hi")).exit_code == 0


async def test_nothing_that_was_said_gets_into_a_trace() -> None:
    """Traces tell what was called and how long it took; people say secrets, and commands print them."""
    exporter = TestExporter()
    logfire.configure(
        send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter)]
    )
    bad: Step = {"create_container": {"name": "TopSecret", "modules": []}}
    chat = Chat(
        Script(
            CREATE, bad, {"run_in_container": {"name": "dev", "command": "git --version"}}, "TopSecret"
        ).model,
        Settings(logfire_token=SecretStr("a token")),
    )
    chat.world.executed["git", "--version"] = Executed(returncode=0, stdout="TopSecret", stderr="TopSecret")
    await chat.say("my password is TopSecret")
    spans = exporter.exported_spans_as_dict(parse_json_attributes=True)
    assert any(span["name"] == "execute_tool create_container" for span in spans)
    assert "TopSecret" not in str(spans)


async def test_without_a_token_nothing_is_traced() -> None:
    """Tracing costs time in every turn, so only who wants it pays."""
    exporter = TestExporter()
    logfire.configure(
        send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter)]
    )
    await Chat().say("hi")
    assert exporter.exported_spans_as_dict() == []


async def test_unexpected_behaviour_of_a_model_is_no_traceback() -> None:
    """A model that answers nothing at all is stood in for, too."""
    chat = Chat(Script(UnexpectedModelBehavior("nothing in it")).model)
    assert (await chat.say("list")).exit_code == 0
