import subprocess
import sys

import pytest

from agent import settings
from agent.core.errors import InvalidRequest, InvalidSettings
from agent.voice import transcriber


async def test_without_a_setting_a_person_is_told_what_is_missing() -> None:
    """Not that something failed."""
    with pytest.raises(
        InvalidRequest, match=r"cannot listen to voice messages.*transcription.*server or local"
    ):
        await transcriber(settings.load()).transcribe(b"")


@pytest.mark.parametrize("name", ["transcription_base_url", "transcription_api_key"])
def test_a_server_that_nothing_uses_is_named(name: str) -> None:
    """It was meant to be asked."""
    with pytest.raises(InvalidSettings, match=rf"{name} is given, but transcription is empty"):
        transcriber(settings.load(**{name: "http://127.0.0.1:1/v1"}))


def test_openai_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the settings or of OpenAI's own variable; a server of one's own wants none."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InvalidSettings, match="no key for OpenAI"):
        transcriber(settings.load(transcription="server"))
    transcriber(settings.load(transcription="server", transcription_base_url="http://127.0.0.1:1/v1"))
    transcriber(settings.load(transcription="server", transcription_api_key="sk-1"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    transcriber(settings.load(transcription="server"))


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the bot starts, and with what to install."""
    monkeypatch.delitem(sys.modules, "agent.voice.local", raising=False)
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(InvalidSettings, match=r"numpy.*Install voxnix\[speech\] and libsndfile"):
        transcriber(settings.load(transcription="local"))


def test_the_key_is_not_shown() -> None:
    """Neither in a representation nor in a dump."""
    loaded = settings.load(transcription_api_key="sk-secret")
    assert "sk-secret" not in f"{loaded!r} {loaded.model_dump()} {loaded.model_dump_json()}"


def test_the_room_is_entered_without_its_libraries() -> None:
    """Who does not listen does not load them."""
    code = (
        "import sys, agent.voice;"
        "print(sorted({'openai', 'httpx', 'numpy', 'pocketsphinx', 'soundfile'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
