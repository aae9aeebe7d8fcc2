"""A turn that has a key outlives its process, wherever that ends."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelRequest, ToolCallPart, ToolReturnPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from agent import settings
from agent.app import App
from agent.assistant import Assistant, Event, Finished, TextDelta
from agent.assistant.history import begins_turn, calls_of, loaded
from agent.core.conversation import SentFile
from agent.core.operation import OperationState, Request
from agent.host.simulated import Fault
from agent.store.turns import TurnRecord
from tests.assistant.mortal import DEATH, OWNER, REQUEST, Death, Instant, Killed, When, mortal
from tests.assistant.scripts import Script, Step
from tests.simulation import Simulation, somebody

CREATE: Step = {"create_container": {"name": "dev", "modules": ["git"]}}
STOP: Step = {"stop_container": {"name": "dev"}}
NUMBERS = count(1)


class Talk:
    """One person's turn, in one process after the other."""

    def __init__(self, simulation: Simulation, words: str) -> None:
        self.simulation = simulation
        self.app = simulation.app
        self.owner = somebody()
        self.request = Request(
            channel="telegram", conversation="5:0", words=words, key=f"tg:9:{next(NUMBERS)}"
        )

    def assistant(self, model: Model | None = None) -> Assistant:
        """As a new process has it."""
        app = self.app
        return Assistant(app.settings, app.services, app.conversations, app.turns, model=model)

    async def events(self, model: Model | None = None) -> list[Event]:
        """The turn, in a new process."""
        return [event async for event in self.assistant(model).reply(self.owner, self.request, patience=20)]

    async def finished(self, model: Model | None = None) -> Finished:
        """How it ends there."""
        events = await self.events(model)
        last = events[-1]
        assert isinstance(last, Finished)
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == last.text
        return last

    async def dies(self, at: int, when: When, model: Model | None = None) -> bool:
        """Have it end at a write; whether there was such a one."""

        def die() -> None:
            raise Killed

        death = Death(at, when, die)
        token = DEATH.set(death)
        try:
            with mortal(self.app), suppress(Killed):
                await self.events(model)
        finally:
            DEATH.reset(token)
        return death.came

    @property
    def messages(self) -> list[ModelMessage]:
        """What is kept of the conversation."""
        return loaded(self.app.conversations.load(self.owner, "5:0"))

    @property
    def changes(self) -> list[str]:
        """What was asked to be done."""
        return self.simulation.changes(self.owner)

    def check(self, turns: int = 1) -> None:
        """The conversation has the turn once, and every call in it has its return."""
        assert sum(map(begins_turn, self.messages)) == turns
        calls = [call.tool_call_id for message in self.messages for call in calls_of(message)]
        returns = [
            part.tool_call_id
            for message in self.messages
            for part in message.parts
            if isinstance(part, ToolReturnPart)
        ]
        assert returns == calls


def every_write() -> Iterator[tuple[int, When]]:
    """Each point at which a process can end."""
    for at in count(1):
        yield at, "before"
        yield at, "after"


async def test_a_turn_of_a_model_outlives_every_write(simulation: Simulation) -> None:
    """Wherever it ends: one operation, one turn, and nothing is asked whose answer is in the books."""
    died = 0
    for at, when in every_write():
        talk, instant = Talk(simulation, "dev please"), Instant()
        came = await talk.dies(at, when, instant.model)
        assert await talk.finished(instant.model) == Finished("I make it.\n\nIt is made.", 0), (at, when)
        assert talk.changes == ["create dev"], (at, when)
        talk.check()
        assert instant.asked["words"] == (2 if (at, when) == (1, "before") else 1), (at, when)
        asked = instant.asked.total()
        assert await talk.finished(instant.model) == Finished("I make it.\n\nIt is made.", 0)
        assert instant.asked.total() == asked
        talk.check()
        if not came:
            break
        died += 1
    assert died == 6  # what the model wants, the operation, the answer: each before and after


@pytest.mark.parametrize("words", ["create a container called dev with git", "/create dev git"])
async def test_a_turn_of_the_phrasebook_does_as_well(simulation: Simulation, words: str) -> None:
    """Its calls have new ids in each process, and are known again all the same."""
    died = 0
    for at, when in every_write():
        talk = Talk(simulation, words)
        came = await talk.dies(at, when)
        finished = await talk.finished()
        assert finished.exit_code == 0, (at, when)
        assert "**dev** is running" in finished.text
        assert talk.changes == ["create dev"], (at, when)
        talk.check()
        assert await talk.finished() == finished
        if not came:
            break
        died += 1
    assert died == 6


async def test_a_turn_dies_again_and_again(simulation: Simulation) -> None:
    """Every start gets one write further or none, and at last it is done, once."""
    talk, instant = Talk(simulation, "dev please"), Instant()
    for _ in range(3):
        assert await talk.dies(1, "after", instant.model)
    assert (await talk.finished(instant.model)).exit_code == 0
    assert talk.changes == ["create dev"]
    assert instant.asked["words"] == 1
    talk.check()


async def test_what_was_done_before_counts_afterwards(simulation: Simulation) -> None:
    """A turn that goes on at its second step knows how the first one went: its exit code, its report."""
    talk = Talk(simulation, "dev, and stop it")
    unreachable = Fault(" mmdebstrap ", stderr="E: Could not resolve 'mirror.invalid'", times=None)
    create: Step = {"create_container": {"name": "dev", "modules": ["node", "python", "fish"]}}
    with simulation.failing(unreachable):
        # The checkpoint, the operation, and the second checkpoint.
        assert await talk.dies(3, "after", Script(create, {"stop_container": {"name": "other"}}).model)
    finished = await talk.finished(Script(ConnectionError("gone")).model)
    assert finished.exit_code == 4
    assert "**dev** was not created." in finished.text
    assert "You have no container called other." in finished.text
    talk.check()


async def test_the_phrasebook_goes_on_with_its_own_turn(simulation: Simulation) -> None:
    """Where the model had failed before, it is not asked in the middle of what the phrasebook does."""
    talk = Talk(simulation, "create a container called dev with git")
    assert await talk.dies(2, "after", Script(ConnectionError("gone")).model)
    script = Script("I know nothing of this.")
    finished = await talk.finished(script.model)
    assert script.left == 1
    assert finished.text.endswith("_(phrasebook: the model did not answer)_")
    assert talk.changes == ["create dev"]


async def test_a_model_that_fails_after_a_crash_is_stood_in_for(simulation: Simulation) -> None:
    """What it had wanted is done, once, and the phrasebook reports it."""
    talk = Talk(simulation, "dev please")
    assert await talk.dies(2, "after", Script(CREATE).model)
    finished = await talk.finished(Script(ConnectionError("gone")).model)
    assert "**dev** is running" in finished.text
    assert finished.text.endswith("_(phrasebook: the model did not answer)_")
    assert talk.changes == ["create dev"]
    talk.check()


async def test_calls_of_the_same_id_are_different_calls(simulation: Simulation) -> None:
    """A server that numbers the calls of every response from 0 gets both of its changes done."""
    steps = iter(
        [("create_container", '{"name": "dev", "modules": []}'), ("stop_container", '{"name": "dev"}')]
    )

    async def answer(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str | DeltaToolCalls]:
        step = next(steps, None)
        yield {0: DeltaToolCall(*step, tool_call_id="call_0")} if step else "Both done."

    talk = Talk(simulation, "dev, and stop it")
    assert await talk.finished(FunctionModel(stream_function=answer)) == Finished("Both done.", 0)
    assert talk.changes == ["create dev", "stop dev"]
    talk.check()


async def test_the_same_words_in_another_message_are_another_turn(simulation: Simulation) -> None:
    """Only what is the same message is answered from the books."""
    talk = Talk(simulation, "/create dev git")
    assert (await talk.finished()).exit_code == 0
    talk.request = talk.request.model_copy(update={"key": f"tg:9:{next(NUMBERS)}"})
    assert "You have a container called dev already" in (await talk.finished()).text
    talk.check(turns=2)


async def test_a_turn_that_is_shut_down_goes_on(simulation: Simulation) -> None:
    """A process that stops leaves its turns like a crash does: nothing is remembered as ended."""
    talk, instant = Talk(simulation, "dev please"), Instant()
    with simulation.standstill() as reached:
        task = asyncio.create_task(talk.events(instant.model))
        assert await asyncio.to_thread(reached.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert talk.messages == []
    assert await talk.finished(instant.model) == Finished("I make it.\n\nIt is made.", 0)
    assert instant.asked["words"] == 1
    assert talk.changes == ["create dev"]
    talk.check()


async def test_a_turn_that_a_person_cancels_is_remembered_as_such(simulation: Simulation) -> None:
    """What it had begun is in the conversation as possibly done, and its message gets no other answer."""
    talk, instant = Talk(simulation, "dev please"), Instant()
    with simulation.standstill() as reached:
        task = asyncio.create_task(talk.events(instant.model))
        assert await asyncio.to_thread(reached.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ended = talk.assistant().break_off(talk.owner, talk.request)
    assert (ended.exit_code, ended.text) == (3, "_(The turn was ended before it was done.)_")
    assert await talk.finished(instant.model) == ended
    assert talk.assistant().break_off(talk.owner, talk.request) == ended
    assert instant.asked.total() == 1
    talk.check()
    returns = [part for one in talk.messages for part in one.parts if isinstance(part, ToolReturnPart)]
    assert [part.outcome for part in returns] == ["interrupted"]
    (operation,) = simulation.operations(talk.owner)
    assert simulation.settled(operation).state is OperationState.DONE


async def test_a_turn_that_has_an_answer_cannot_be_cancelled_any_more(simulation: Simulation) -> None:
    """Whoever cancels too late gets the answer that there is."""
    talk = Talk(simulation, "/list")
    finished = await talk.finished()
    assert talk.assistant().break_off(talk.owner, talk.request) == finished
    talk.check()


async def test_a_turn_that_is_cancelled_before_it_began_does_not_begin(simulation: Simulation) -> None:
    """/cancel may overtake what it cancels."""
    talk = Talk(simulation, "/create dev git")
    ended = talk.assistant().break_off(talk.owner, talk.request)
    assert await talk.finished() == ended
    assert talk.changes == []
    talk.check()


async def test_of_two_processes_in_one_turn_one_answers(simulation: Simulation) -> None:
    """The second one to end gives the first one's answer, and the turn is kept once."""
    talk = Talk(simulation, "hello")
    first, second = await asyncio.gather(talk.events(Script("One.").model), talk.events(Script("Two.").model))
    assert first[-1] == second[-1]
    talk.check()


async def test_turns_at_the_same_time_are_all_kept(simulation: Simulation) -> None:
    """What ends meanwhile in the same conversation is not overwritten."""
    talk = Talk(simulation, "/list")
    keys = [f"tg:9:{next(NUMBERS)}" for _ in range(8)]

    async def turn(key: str) -> None:
        request = talk.request.model_copy(update={"key": key})
        async for _ in talk.assistant().reply(talk.owner, request, patience=1):
            pass

    await asyncio.gather(*map(turn, keys))
    talk.check(turns=8)


async def test_files_are_given_again_with_the_answer(simulation: Simulation) -> None:
    """An answer that was sent halfway has everything when it is sent again."""
    talk = Talk(simulation, "the report, please")
    record = TurnRecord(None, "Here it is.", 0, (SentFile("dev", "report.pdf"),))
    talk.app.turns.finish(talk.request.key, record, datetime.now(UTC))
    assert await talk.finished() == Finished("Here it is.", 0, (SentFile("dev", "report.pdf"),))


def test_a_process_that_is_really_killed(tmp_path: Path) -> None:
    """It ends after the model's wish is written down, then before the answer is; the third process has it."""

    def process(at: int, when: When) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "tests.assistant.mortal", str(tmp_path), str(at), when]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)

    assert process(1, "after").returncode == -signal.SIGKILL
    assert process(3, "before").returncode == -signal.SIGKILL
    ended = process(100, "after")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "I make it.\n\nIt is made.\n{'return': 1}\n"
    with App.open(settings.load(simulate=True, state_dir=tmp_path, node_name="box")) as app:
        assert [one.kind for one in app.services.operations.list(OWNER)] == ["create"]
        messages = loaded(app.conversations.load(OWNER, REQUEST.conversation))
    assert sum(map(begins_turn, messages)) == 1
    assert isinstance(messages[0], ModelRequest)
    assert len([part for one in messages for part in one.parts if isinstance(part, ToolCallPart)]) == 1
