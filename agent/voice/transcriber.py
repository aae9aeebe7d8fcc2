"""What makes words of speech, as the settings have it."""

import os
from collections.abc import Sequence
from typing import Protocol

from agent.core.errors import InvalidRequest, InvalidSettings
from agent.settings import Settings

OPENAI = "https://api.openai.com/v1"


class Transcriber(Protocol):
    """Makes words of speech."""

    async def transcribe(self, audio: bytes, *, language: str = "", hints: Sequence[str] = ()) -> str:
        """What is said in a voice message.

        Args:
            audio: OGG/Opus.
            language: that is expected, such as ``de``; empty where that is not known.
            hints: names that may be said: of the person's containers, and of modules of the admin's own.

        Raises:
            InvalidRequest: it cannot be read, is too long, or nothing was understood.
            HostFailure: what was to listen did not.
        """
        ...


def transcriber(settings: Settings) -> Transcriber:
    """What the settings name. It loads the libraries for it, so that it is for who will listen.

    Raises:
        InvalidSettings: naming the setting that is wrong, or what has to be installed.
    """
    match settings.transcription:
        case "server":
            # Loading the client takes a second, which nobody should wait for who does not listen.
            from agent.voice.server import ServerTranscriber  # noqa: PLC0415

            return ServerTranscriber(
                settings.transcription_base_url or OPENAI, settings.transcription_model, _key(settings)
            )
        case "local":
            try:
                from agent.voice.local import LocalTranscriber  # noqa: PLC0415 - it may not be installed
            except (ImportError, OSError) as error:  # OSError: the system's libsndfile is missing
                raise InvalidSettings(
                    "The setting transcription is local, but what that needs is not installed.",
                    f"{error}.",
                    "Install voxnix[speech] and libsndfile (on Debian: apt-get install libsndfile1),"
                    " or set transcription to server.",
                ) from None
            return LocalTranscriber()
        case "":
            for name in ("transcription_base_url", "transcription_api_key"):
                if getattr(settings, name):
                    raise InvalidSettings(
                        f"The setting {name} is given, but transcription is empty.",
                        "Voice messages would be refused.",
                        f"Set transcription to server, or remove {name}.",
                    )
            return Deaf()


def _key(settings: Settings) -> str:
    if settings.transcription_api_key:
        return settings.transcription_api_key.get_secret_value()
    if settings.transcription_base_url:
        return ""  # OpenAI's own key is nothing for the server of somebody else
    key = os.environ.get("OPENAI_API_KEY", "")
    if not key:
        raise InvalidSettings(
            "The setting transcription is server, but there is no key for OpenAI.",
            "A server that is not your own needs one.",
            "Set transcription_api_key, or transcription_base_url for a server of your own.",
        )
    return key


class Deaf:
    """Stands where nothing is set up to listen, and says so."""

    async def transcribe(self, audio: bytes, *, language: str = "", hints: Sequence[str] = ()) -> str:  # noqa: ARG002
        """Refuse.

        Raises:
            InvalidRequest: with what the admin has to set.
        """
        raise InvalidRequest(
            "I cannot listen to voice messages.",
            "Nothing is set up for it on this server.",
            "Write it; the admin can set `transcription` to server or local.",
        )
