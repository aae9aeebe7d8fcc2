"""A kill at exactly one moment: what is asked for is done once, and when it is answered twice."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.app import App
from agent.core.operation import Request
from agent.core.owner import Owner
from tests.telegram.client import Telegram, serving
from tests.telegram.faults import Fault
from tests.telegram.faults import Moment as Held
from tests.telegram.people import Account, Seen, Talk
from tests.telegram.process import TOKEN, Bot, Moment, bot_in, given, let_in
from tests.voice.speech_server import SpeechServer
from tests.voice.speech_server import serving as listening
from tests.voice.test_recording import ogg

PATIENT = 30.0
"""Seconds that a person waits while a bot is started."""
SPOKEN = "set up a dev container with git"
NAMES = (f"p{number}" for number in itertools.count())


@dataclass
class Stage:
    """A bot that dies, and people who talk to it."""

    telegram: Telegram
    account: Account
    folder: Path
    bot: Bot

    def somebody(self) -> Talk:
        """Somebody new who may speak."""
        person = self.telegram.person(next(NAMES))
        let_in(self.folder, [person.id])
        return person.opens(self.account)

    async def killed_at(self, hold: Held, method: str) -> None:
        """Kill it while a call stands still, which its server never answers."""
        self.telegram.fault(Fault(hold=hold), method=method)
        self.bot.start()
        await self.telegram.held(within=PATIENT)
        self.bot.kill()

    async def dies(self, moment: Moment) -> None:
        """Start it, and wait until it has died there."""
        self.bot.start(moment)
        await self.bot.died()

    async def ends(self) -> None:
        """Start it, and end it when everything is handled."""
        self.bot.start()
        source = f"tg:{TOKEN.partition(':')[0]}"
        with App.open(given(self.folder)) as app:
            # The bot is another process: what it has done is asked for.
            while self.telegram.counts()["pending"] or app.services.chats.unhandled(source):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        self.bot.kill()

    async def noted(self, talk: Talk) -> None:
        """Wait until it is noted that somebody was shown the operation that they asked for last."""
        with App.open(given(self.folder)) as app:
            number = app.services.operations.list(Owner(f"tg:{talk.person.id}"))[0].id
            while app.services.chats.sent(f"operation:{number}") is None:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.02)

    def changes(self, talk: Talk) -> list[str]:
        """What somebody has had done."""
        with App.open(given(self.folder)) as app:
            done = app.services.operations.list(Owner(f"tg:{talk.person.id}"), 100)
            return [f"{one.kind} {one.workload} {one.state}" for one in reversed(done)]

    def file(self, talk: Talk, path: str) -> bytes:
        """What is in a file of somebody's container."""
        with App.open(given(self.folder)) as app:
            return app.services.files.get(Owner(f"tg:{talk.person.id}"), "dev", path)

    def files(self, talk: Talk) -> str:
        """The names of what is in somebody's container."""
        with App.open(given(self.folder)) as app:
            owner = Owner(f"tg:{talk.person.id}")
            return app.services.workloads.exec(
                owner, "dev", ["ls", "/workspace"], request=Request(channel="test")
            ).stdout


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bot that does not run yet, and its Telegram."""
    folder = tmp_path_factory.mktemp("state")
    ear = SpeechServer(hear=lambda _: SPOKEN)
    with serving() as telegram, listening(ear):
        heard: dict[str, object] = {"transcription": "server", "transcription_base_url": ear.url}
        with bot_in(folder, telegram.url, more=heard | {"transcription_api_key": ear.key}) as bot:
            yield Stage(telegram, telegram.bot(token=TOKEN), folder, bot)


async def test_an_answer_that_was_taken_and_not_noted_comes_twice(stage: Stage) -> None:
    """The one window: Telegram has it and we do not know."""
    ann = stage.somebody()
    ann.says("list my containers")
    await stage.killed_at("after", "sendMessage")
    await stage.ends()
    assert len(shown(ann)) == 2


async def test_an_answer_that_was_not_taken_comes_once(stage: Stage) -> None:
    """It was on its way when the bot was killed."""
    ann = stage.somebody()
    ann.says("list my containers")
    await stage.killed_at("before", "sendMessage")
    await stage.ends()
    assert len(shown(ann)) == 1


@pytest.mark.parametrize(("moment", "times"), [("received", 1), ("finished", 1), ("answered", 2)])
async def test_a_sentence_is_done_once(stage: Stage, moment: Moment, times: int) -> None:
    """Between its row and its handling, after its turn's record, and before it is noted as handled."""
    ann = stage.somebody()
    ann.says("create a container called dev with git")
    await stage.dies(moment)
    await stage.ends()
    assert sum("dev is running at" in one.text for one in shown(ann)) == times
    assert stage.changes(ann) == ["create dev done"]


@pytest.mark.parametrize(("moment", "times"), [("put", 1), ("answered", 2)])
async def test_a_file_gets_there_once(stage: Stage, moment: Moment, times: int) -> None:
    """Killed after it was put there, and after that was said."""
    ann = await with_dev(stage)
    ann.sends_document(b"abc", "a.txt")
    await stage.dies(moment)
    await stage.ends()
    assert stage.file(ann, "a.txt") == b"abc"
    assert "a-2.txt" not in stage.files(ann)
    assert sum("a.txt" in one.text for one in shown(ann)) == times


async def test_a_photo_is_fetched_again(stage: Stage) -> None:
    """Killed while it is downloaded, the bot begins anew."""
    ann = await with_dev(stage)
    photo = ann.sends_photo(b"\xff\xd8jpeg")
    await stage.killed_at("before", "download")
    await stage.ends()
    assert stage.file(ann, f"photo-{photo.id}.jpg") == b"\xff\xd8jpeg"
    assert sum("photo" in one.text for one in shown(ann)) == 1


@pytest.mark.parametrize(
    ("moment", "echoes", "times"), [("sent", 2, 1), ("finished", 1, 1), ("answered", 1, 2)]
)
async def test_what_is_said_aloud_is_done_once(stage: Stage, moment: Moment, echoes: int, times: int) -> None:
    """Killed before its echo is noted, after its turn's end, and before it is noted as handled."""
    ann = stage.somebody()
    ann.sends_voice(ogg(2), 2)
    await stage.dies(moment)
    await stage.ends()
    assert sum(SPOKEN in one.text for one in shown(ann)) == echoes
    assert sum("dev is running at" in one.text for one in shown(ann)) == times
    assert stage.changes(ann) == ["create dev done"]


@pytest.mark.parametrize("moment", ["received", "using", "used"])
async def test_a_button_does_what_it_says_once(stage: Stage, moment: Moment) -> None:
    """Killed before it did anything, and before and after it is noted that it did."""
    ann = await with_dev(stage)
    said = ann.says("hello")
    await stage.ends()
    ann.edits(said, "stop dev")
    await stage.ends()
    ann.taps("Do it")
    await stage.dies(moment)
    await stage.ends()
    assert stage.changes(ann) == ["create dev done", "stop dev done"]


@pytest.mark.parametrize("moment", ["received", "using", "used"])
async def test_what_a_person_agrees_to_is_done_once(stage: Stage, moment: Moment) -> None:
    """The plan was shown by one bot, and the next but one carries it out."""
    ann = await with_dev(stage)
    ann.says("/destroy dev")
    stage.bot.start()
    plan = await ann.hears(lambda one: bool(one.buttons), within=PATIENT)
    await stage.noted(ann)
    stage.bot.kill()
    ann.taps(plan.buttons[0][0], plan)
    await stage.dies(moment)
    await stage.ends()
    stage.bot.start()
    await ann.sees(lambda one: one.id == plan.id and "is gone" in one.text, within=PATIENT)
    stage.bot.kill()
    assert stage.changes(ann) == ["create dev done", "destroy dev done"]


async def with_dev(stage: Stage) -> Talk:
    """Somebody who has a container."""
    ann = stage.somebody()
    ann.says("create a container called dev with git")
    await stage.ends()
    return ann


def shown(talk: Talk) -> list[Seen]:
    """What the bot has said."""
    talk.refresh()
    return [one for one in talk.messages if one.by_bot]
