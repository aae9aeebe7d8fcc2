"""Speech: what somebody says aloud is echoed, and then done; it never agrees to anything."""

from collections.abc import Callable, Iterator

import pytest
from starlette.responses import JSONResponse

from agent import settings
from agent.voice import transcriber
from tests.telegram.people import Talk
from tests.telegram.product import Product
from tests.voice.conftest import Say, opus, say
from tests.voice.speech_server import SpeechServer, serving

__all__ = ["opus", "say"]  # fixtures
KEY = "sk-test"
PATIENT = 30.0
"""Seconds that a person waits for what is listened to."""


@pytest.fixture(scope="module")
def ear(say: Say) -> Callable[[bytes], str]:
    """Hears commands, as a model behind a server would."""
    assert say
    from agent.voice.local import Ear  # noqa: PLC0415 - what it needs may be missing

    heard = Ear()
    return lambda audio: heard.hear(audio, ["dev", "web"])


@pytest.fixture
def server_for_speech(ear: Callable[[bytes], str]) -> Iterator[SpeechServer]:
    """A server that speaks OpenAI's protocol."""
    with serving(SpeechServer(hear=ear)) as running:
        yield running


@pytest.fixture
def spoken_to(product: Product, server_for_speech: SpeechServer) -> Product:
    """A bot that asks that server."""
    product.transcriber = transcriber(
        settings.load(
            transcription="server",
            transcription_base_url=server_for_speech.url,
            transcription_api_key=KEY,
        )
    )
    return product


async def echoed(talk: Talk, audio: bytes, words: str) -> None:
    """Say something aloud, and hear first what was understood."""
    talk.sends_voice(audio, 2)
    echo = await talk.hears("", within=PATIENT)
    assert words in echo.text


SPOKEN = (
    ("set up a dev container with rust and git", "is running", ["create dev"]),
    ("shut down dev", "is stopped", ["create dev", "stop dev"]),
    ("start dev", "is running", ["create dev", "stop dev", "start dev"]),
    ("is dev running", "dev", ["create dev", "stop dev", "start dev"]),
)
"""What Ann says one after another, the answer, and all that she has had done then."""


async def test_what_is_said_aloud_is_done(
    spoken_to: Product, server_for_speech: SpeechServer, say: Say
) -> None:
    """From the sound over Telegram's files and the server for speech to the operation."""
    ann, talk = spoken_to.let_in("Ann")
    async with spoken_to.running():
        for sentence, answer, changes in SPOKEN:
            await echoed(talk, say(sentence), sentence)
            await talk.hears(answer, within=PATIENT)
            assert spoken_to.simulation.changes(spoken_to.owner(ann)) == changes
    assert [one.get("prompt", "") for one in server_for_speech.asked] == ["", "dev", "dev", "dev"]
    assert not spoken_to.server.unknown


async def test_the_local_recogniser_does_it_too(product: Product, say: Say) -> None:
    """Without a server."""
    product.transcriber = transcriber(settings.load(transcription="local"))
    ann, talk = product.let_in("Ann")
    async with product.running():
        await echoed(talk, say("set up a dev container with rust and git"), "set up a dev container")
        await talk.hears("is running", within=PATIENT)
    assert product.simulation.changes(product.owner(ann)) == ["create dev"]


@pytest.mark.parametrize("words", ["yes", "approve", "yes, destroy it", "destroy it now, I agree"])
async def test_no_voice_agrees_to_a_plan(
    spoken_to: Product, server_for_speech: SpeechServer, opus: Callable[..., bytes], words: str
) -> None:
    """The plan waits for a tap, whatever is said."""
    import numpy as np  # noqa: PLC0415 - with soundfile, which may be missing

    server_for_speech.hear = lambda _: words
    ann, talk = spoken_to.let_in("Ann")
    owner = spoken_to.owner(ann)
    spoken_to.simulation.made(owner)
    async with spoken_to.running():
        talk.says("/destroy dev")
        plan = await talk.hears(lambda one: bool(one.buttons), within=PATIENT)
        await echoed(talk, opus(np.zeros(9600, "int16"), 48_000), words)
        await talk.hears("", within=PATIENT)
        await spoken_to.handled()
        states = {(one.kind, one.state) for one in spoken_to.simulation.operations(owner)}
        assert {state for kind, state in states if kind == "destroy"} == {"proposed"}
        assert [one.name for one in spoken_to.simulation.app.services.workloads.list(owner)] == ["dev"]
        # By hand it goes.
        talk.taps(plan.buttons[0][0], plan)
        await talk.sees(lambda one: one.id == plan.id and "is gone" in one.text, within=PATIENT)


async def test_a_spoken_destroy_is_a_plan(spoken_to: Product, say: Say) -> None:
    """It is put to the person, with buttons."""
    ann, talk = spoken_to.let_in("Ann")
    spoken_to.simulation.made(spoken_to.owner(ann))
    async with spoken_to.running():
        await echoed(talk, say("destroy the dev container"), "destroy the dev container")
        await talk.hears(lambda one: bool(one.buttons), within=PATIENT)
    assert [one.state for one in spoken_to.simulation.operations(spoken_to.owner(ann))][-1] == "proposed"


async def test_what_is_too_long_or_too_large_is_not_fetched(
    spoken_to: Product, server_for_speech: SpeechServer
) -> None:
    """Telegram says how long and large it is, before anything is downloaded."""
    _, talk = spoken_to.let_in("Ann")
    voice = {"file_id": "F1", "file_unique_id": "u", "mime_type": "audio/ogg"}
    async with spoken_to.running():
        talk.sends({"voice": voice | {"duration": 3600, "file_size": 1000}})
        assert "too long" in (await talk.hears("3600 seconds")).text
        talk.sends({"voice": voice | {"duration": 5, "file_size": 30_000_000}})
        assert "too large" in (await talk.hears("30 MB")).text
    assert not spoken_to.server.calls("getFile")
    assert not server_for_speech.asked


async def test_what_was_not_understood_is_said(
    spoken_to: Product, server_for_speech: SpeechServer, say: Say
) -> None:
    """Silence, a server that fails, one that is not there, and a file that is no sound."""
    ann, talk = spoken_to.let_in("Ann")
    audio = say("list my containers")
    server_for_speech.answers = [JSONResponse({"text": "[BLANK_AUDIO]"}), JSONResponse({}, 400)]
    async with spoken_to.running():
        talk.sends_voice(audio)
        await talk.hears("understood nothing", within=PATIENT)
        talk.sends_voice(audio)
        await talk.hears("did not take this voice message", within=PATIENT)
        talk.sends_voice(b"rubbish")
        await talk.hears("cannot read", within=PATIENT)
    product = spoken_to
    product.transcriber = transcriber(
        settings.load(transcription="server", transcription_base_url="http://127.0.0.1:9/v1")
    )
    async with product.running():
        talk.sends_voice(audio)
        await talk.hears("cannot be reached", within=PATIENT)
        talk.says("/list")
        await talk.hears("no containers", within=PATIENT)
    assert not product.simulation.operations(product.owner(ann))
