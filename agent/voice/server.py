"""Words by a server that speaks OpenAI's protocol: OpenAI's own, Groq's, speaches, whisper.cpp's, others."""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import openai

from agent.core.errors import HostFailure
from agent.voice import recording

TIMEOUT = 60.0
"""Seconds that a server may take for a voice message, each time it is asked."""
RETRIES = 2
_PROMPT = 500
"""Characters of hints; a model reads no more than 224 tokens of them."""
_SAID = 200
"""Characters of what a server says is wrong."""
_REMARK = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*")
"""How models of the Whisper family note that nobody speaks: ``[BLANK_AUDIO]``, ``(music)``."""


class ServerTranscriber:
    """Asks a server.

    Args:
        base_url: to which ``/audio/transcriptions`` is added.
        model: to ask for.
        key: of the server; empty where it wants none.
        timeout: seconds to wait for an answer.
        retries: how often a failed request is made again.
    """

    def __init__(
        self, base_url: str, model: str, key: str, *, timeout: float = TIMEOUT, retries: int = RETRIES
    ) -> None:
        self._base_url = base_url
        self._model = model
        self._key = key
        self._timeout = timeout
        self._retries = retries
        self._host = urlsplit(base_url).netloc.rpartition("@")[2]

    async def transcribe(self, audio: bytes, *, language: str = "", hints: Sequence[str] = ()) -> str:
        """What the server understands.

        Raises:
            InvalidRequest: it cannot be read, is too long, or nothing was understood.
            HostFailure: the server does not answer, or not with words.
        """
        recording.check(audio)
        async with openai.AsyncOpenAI(
            base_url=self._base_url,
            api_key=self._key or "none",  # the client insists on one
            timeout=self._timeout,
            max_retries=self._retries,
        ) as client:
            with self._failures():
                answer = await client.audio.transcriptions.create(
                    file=("voice.ogg", audio, "audio/ogg"),
                    model=self._model,
                    language=language or openai.omit,
                    prompt=", ".join(hints)[:_PROMPT] or openai.omit,
                    response_format="json",
                )
        text: object = getattr(answer, "text", None)
        if not isinstance(text, str):
            raise self._no_words()
        words = " ".join(_REMARK.sub(" ", text).split())
        if not any(map(str.isalnum, words)):
            raise recording.nothing_understood()
        return words

    @contextmanager
    def _failures(self) -> Generator[None]:
        """Turn what the client raises into sentences, in which no key is."""
        try:
            yield
        except openai.APITimeoutError:
            raise HostFailure(
                "The speech server did not answer in time.",
                f"{self._host} was given {self._timeout:g} seconds.",
                "Try again, or write it.",
            ) from None
        except openai.APIConnectionError:
            raise HostFailure(
                "The speech server cannot be reached.",
                f"{self._host} does not answer.",
                "Write it; the admin checks transcription_base_url, and that the server runs.",
            ) from None
        except openai.APIStatusError as error:
            raise self._refused(error.status_code, error.message) from None
        except (openai.APIError, ValueError):  # ValueError: what should be JSON is none
            raise self._no_words() from None

    def _refused(self, status: int, message: str) -> HostFailure:
        match status:
            case 401 | 403:
                what, hint = "refused our key", "Write it; the admin corrects transcription_api_key."
            case 404 | 405:
                what = "does not know what was asked for"
                hint = "Write it; the admin corrects transcription_base_url or transcription_model."
            case 429:
                what, hint = "takes no more for now", "Try again in a minute, or write it."
            case 400 | 413 | 415 | 422:
                what, hint = "did not take this voice message", "Record it again, or write it."
            case _:
                what, hint = "failed", "Try again, or write it."
        said = " ".join(message.replace(self._key, "…").split()) if self._key else " ".join(message.split())
        return HostFailure(f"The speech server {what}.", f"{self._host} said: {said[:_SAID]}", hint)

    def _no_words(self) -> HostFailure:
        return HostFailure(
            "The speech server answered with something that is no transcription.",
            f"{self._host} may not be a server for speech.",
            "Write it; the admin corrects transcription_base_url, which mostly ends in /v1.",
        )
