import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent import settings
from agent.core.errors import InvalidRequest
from agent.phrasebook.meaning import Act, Background, Call
from agent.phrasebook.understand import understand
from agent.voice import Transcriber, transcriber
from tests.voice.conftest import Say
from tests.voice.phrases import MODULES, NO_COMMANDS, PHRASES

NAMES = ("dev", "web", "lab", "database")
GRAMMAR = Path(__file__).parents[2] / "agent/voice/commands.gram"
CATALOGUE = Path(__file__).parents[2] / "nix/catalogue.json"


@pytest.fixture(scope="module")
def local(say: Say) -> Transcriber:
    """The recogniser without a server."""
    assert say
    return transcriber(settings.load(transcription="local"))


@pytest.mark.parametrize(("sentence", "tool", "arguments"), PHRASES, ids=[phrase[0] for phrase in PHRASES])
async def test_a_command_that_is_said_becomes_the_call(
    local: Transcriber, say: Say, sentence: str, tool: str, arguments: dict[str, object]
) -> None:
    """From the sound of it to what the phrasebook makes of the words."""
    heard = await local.transcribe(say(sentence), hints=NAMES)
    assert understand(heard, Background(modules=MODULES)) == Act((Call(tool, arguments),)), heard


@pytest.mark.parametrize("sentence", NO_COMMANDS)
async def test_what_is_no_command_is_not_taken_for_one(local: Transcriber, say: Say, sentence: str) -> None:
    """However near a command would be: nothing is done by mistake."""
    with pytest.raises(InvalidRequest, match=r"understood nothing.*in English.*or write it"):
        await local.transcribe(say(sentence), hints=NAMES)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("stop web two", "stop web-2"),
        ("status of home lab", "status of homelab"),
        ("start k eight s", "start k8s"),
    ],
)
async def test_names_are_given_as_they_are_written(
    local: Transcriber, say: Say, said: str, heard: str
) -> None:
    """Also those that are in no dictionary."""
    assert await local.transcribe(say(said), hints=["web-2", "homelab", "k8s", "-"]) == heard


async def test_one_persons_names_are_not_heard_in_anothers_messages(local: Transcriber, say: Say) -> None:
    """Hints count for one message."""
    audio = say("start grandmother")
    assert await local.transcribe(audio, hints=["grandmother"]) == "start grandmother"
    with pytest.raises(InvalidRequest, match="understood nothing"):
        await local.transcribe(audio)


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000])
async def test_poor_microphones_are_understood(local: Transcriber, say: Say, rate: int) -> None:
    """Opus has rates from that of a telephone on."""
    assert await local.transcribe(say("list my containers", rate=rate)) == "list my containers"


async def test_another_voice_is_understood(local: Transcriber, say: Say) -> None:
    """A man's, after a woman's, by the same recogniser."""
    sentence = "show me all containers"
    assert [await local.transcribe(say(sentence, voice)) for voice in ("slt", "awb", "slt")] == [sentence] * 3


async def test_silence_and_noise_are_nothing(local: Transcriber, opus: Callable[..., bytes]) -> None:
    """Nothing said is nothing understood."""
    import numpy as np  # noqa: PLC0415 - with soundfile, which may be missing

    noise = np.random.default_rng(1).normal(0, 3000, 96_000).astype("int16")
    for samples in (np.zeros(96_000, "int16"), noise, np.zeros(1, "int16")):
        with pytest.raises(InvalidRequest, match="understood nothing"):
            await local.transcribe(opus(samples, 48_000))


async def test_a_damaged_message_cannot_be_read(local: Transcriber, say: Say) -> None:
    """The library's error does not get out."""
    good = say("list my containers")
    for audio in (good[:60], good[:40] + bytes(200)):
        with pytest.raises(InvalidRequest, match=r"cannot read|understood nothing"):
            await local.transcribe(audio)


async def test_a_long_message_is_refused(local: Transcriber, opus: Callable[..., bytes]) -> None:
    """Commands are short, and listening takes time."""
    import numpy as np  # noqa: PLC0415 - with soundfile, which may be missing

    with pytest.raises(InvalidRequest, match="30 seconds at most"):
        await local.transcribe(opus(np.zeros(31 * 8_000, "int16"), 8_000))


async def test_others_are_served_while_it_listens(local: Transcriber, say: Say) -> None:
    """The recogniser lets nobody else run by itself, so it gets a message in pieces."""
    listening = asyncio.ensure_future(local.transcribe(say("list my containers")))
    turns = 0
    while not listening.done():
        await asyncio.sleep(0)
        turns += 1
    assert await listening == "list my containers"
    assert turns > 10


def test_every_module_can_be_said() -> None:
    """By its name, or by one that the phrasebook takes for it."""
    rule = GRAMMAR.read_text().split("<module> =")[1].split(";")[0]
    said = [" ".join(word.split()) for word in rule.split("|")]
    catalogue = list(json.loads(CATALOGUE.read_text())["modules"])
    background = Background(modules=catalogue)
    understood: set[str] = set()
    for word in said:
        meaning = understand(f"create a container called dev with {word}", background)
        if isinstance(meaning, Act):
            understood.add(str(meaning.calls[0].arguments["modules"]).strip("[]'"))
    assert set(catalogue) - {"gh", "ttyd"} <= understood
