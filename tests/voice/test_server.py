import logging
import socket
from collections.abc import Iterator

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from agent import settings
from agent.core.errors import HostFailure, InvalidRequest, problem_of
from agent.phrasebook.meaning import Act, Background, Call
from agent.phrasebook.understand import understand
from agent.voice import transcriber
from agent.voice.server import ServerTranscriber
from tests.voice.conftest import Say
from tests.voice.phrases import MODULES, PHRASES
from tests.voice.speech_server import SpeechServer, refusal, serving
from tests.voice.test_recording import ogg

KEY = "sk-test"
AUDIO = ogg(2)


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    """A server, which hears the same in everything."""
    with serving(SpeechServer()) as server:
        yield server


def asking(
    server: SpeechServer, key: str = KEY, *, timeout: float = 30, retries: int = 0
) -> ServerTranscriber:
    """What asks this server."""
    return ServerTranscriber(server.url, "whisper-1", key, timeout=timeout, retries=retries)


async def test_commands_that_are_said_become_calls_over_http(say: Say) -> None:
    """From the sound, through settings, client and server, to what the phrasebook makes of the words."""
    from agent.voice.local import Ear  # noqa: PLC0415 - what it needs may be missing

    ear = Ear()
    with serving(SpeechServer(hear=ear.hear, model="small")) as server:
        asked = transcriber(
            settings.load(
                transcription="server",
                transcription_base_url=server.url,
                transcription_model="small",
                transcription_api_key=KEY,
            )
        )
        for sentence, tool, arguments in PHRASES:
            heard = await asked.transcribe(say(sentence))
            assert understand(heard, Background(modules=MODULES)) == Act((Call(tool, arguments),)), heard
    assert len(server.asked) == len(PHRASES)


async def test_language_and_names_are_told_to_the_server(server: SpeechServer) -> None:
    """Where there are any; else they are left out."""
    await asking(server).transcribe(AUDIO, language="de", hints=["dev", "homelab"])
    await asking(server).transcribe(AUDIO)
    plain = {"model": "whisper-1", "response_format": "json"}
    assert server.asked == [{**plain, "language": "de", "prompt": "dev, homelab"}, plain]


async def test_a_server_of_ones_own_needs_no_key_and_gets_none_of_openais(
    server: SpeechServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key in the environment is for OpenAI alone."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    asked = transcriber(settings.load(transcription="server", transcription_base_url=server.url))
    with pytest.raises(HostFailure, match="refused our key"):
        await asked.transcribe(AUDIO)
    server.key = ""
    assert await asked.transcribe(AUDIO) == "list my containers"


@pytest.mark.parametrize("said", ["", " \n", "[BLANK_AUDIO]", "(music) *coughs* ...", "♪"])
async def test_a_server_that_heard_no_words_understood_nothing(server: SpeechServer, said: str) -> None:
    """Remarks of a model about silence are no sentence of the person."""
    server.answers = [JSONResponse({"text": said})]
    with pytest.raises(InvalidRequest, match="understood nothing"):
        await asking(server).transcribe(AUDIO)


async def test_words_come_without_their_surroundings(server: SpeechServer) -> None:
    """Line ends and remarks are not part of a sentence."""
    server.answers = [JSONResponse({"text": " [noise] Start dev,\n please.\n"})]
    assert await asking(server).transcribe(AUDIO) == "Start dev, please."


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (refusal(401, "Incorrect API key provided: sk-test"), "refused our key.*transcription_api_key"),
        (refusal(403, "No"), "refused our key"),
        (refusal(404, "No such model"), "does not know.*No such model.*transcription_model"),
        (refusal(429, "You exceeded your current quota"), "takes no more for now.*quota.*in a minute"),
        (refusal(400, "Audio file might be corrupted"), "did not take this voice message.*corrupted"),
        (refusal(413, "Maximum content size limit"), "did not take this voice message"),
        (refusal(500, "The server had an error"), "failed.*had an error.*Try again"),
        (PlainTextResponse("<html>Bad gateway</html>", 502), "failed"),
        (PlainTextResponse("<html>Welcome</html>", media_type="text/html"), "no transcription.*base_url"),
        (PlainTextResponse("{", media_type="application/json"), "no transcription"),
        (JSONResponse({"texts": []}), "no transcription"),
        (JSONResponse({"text": 5}), "no transcription"),
        (JSONResponse([]), "no transcription"),
    ],
)
async def test_what_a_server_cannot_do_is_a_sentence(
    server: SpeechServer, caplog: pytest.LogCaptureFixture, answer: Response, what: str
) -> None:
    """What happened, why, what to do; the key is not in it nor in a log, even if the server repeats it."""
    caplog.set_level(logging.DEBUG)
    server.answers = [answer]
    with pytest.raises(HostFailure, match=what) as caught:
        await asking(server).transcribe(AUDIO)
    assert KEY not in f"{caught.value!r} {problem_of(caught.value)}"
    assert KEY not in caplog.text


async def test_a_busy_server_is_asked_again(server: SpeechServer) -> None:
    """A voice message may be sent twice: nothing is changed by it."""
    soon = {"retry_after_ms": "1"}
    server.answers = [refusal(429, "Slow down", **soon), refusal(500, "Oh", **soon)]
    assert await asking(server, retries=2).transcribe(AUDIO) == "list my containers"
    assert len(server.asked) == 3


async def test_a_server_that_does_not_answer_is_not_waited_for_without_end(server: SpeechServer) -> None:
    """The person learns how long it was given."""
    server.answers = [None]
    with pytest.raises(HostFailure, match=r"not answer in time.*was given 0.05 seconds.*or write it"):
        await asking(server, timeout=0.05).transcribe(AUDIO)


async def test_a_server_that_is_down_is_named() -> None:
    """By host and port, without a password that may be in its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    asked = ServerTranscriber(f"http://me:secret@127.0.0.1:{port}/v1", "whisper-1", "", retries=0)
    with pytest.raises(HostFailure, match=rf"cannot be reached. 127.0.0.1:{port} does not answer") as caught:
        await asked.transcribe(AUDIO)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("audio", [b"", b"rubbish", ogg(300)])
async def test_what_is_no_voice_message_is_not_sent(server: SpeechServer, audio: bytes) -> None:
    """It would cost money for nothing."""
    with pytest.raises(InvalidRequest):
        await asking(server).transcribe(audio)
    assert server.asked == []
