"""Words without a server: pocketsphinx hears the bot's own commands; a grammar tells it what can be said."""

import asyncio
import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pocketsphinx  # pyright: ignore[reportMissingTypeStubs]
import soundfile  # pyright: ignore[reportMissingTypeStubs]

from agent.voice import recording
from agent.voice.pronunciation import pronounced

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SECONDS = 30
"""A command takes a few; computing takes about a third of that."""
MOST_HINTS = 200
_FARTHEST = 53
"""How far, by sound and on average, a command may be from what was heard. In the voices of the tests, nearly
all commands are nearer, and what is none is farther away."""
_RATE = 48_000
"""Samples per second, as Opus has them. What has fewer is stretched: the model needs low pitches only."""
_CHUNK = _RATE // 20 * 2
"""Bytes between which other threads get their turn: the recogniser lets nobody else run."""
_MARKS = frozenset("<[(+")
"""What the recogniser's own words begin with, for silence and noise."""
_LIBRARY: Any = pocketsphinx
"""It has no types; what is used of a recogniser has them below."""
_FOLDER = Path(__file__).parent
_GRAMMAR = (_FOLDER / "commands.gram").read_text()
_WORDS = _FOLDER / "words.dict"


class _Segment(Protocol):
    """A word as it was heard."""

    word: str
    start_frame: int
    end_frame: int
    ascore: float


class _LogMath(Protocol):
    def log(self, value: float, /) -> float: ...


class _Decoder(Protocol):
    """What is used of ``pocketsphinx.Decoder``."""

    logmath: _LogMath

    def add_word(self, word: str, phones: str, update: bool, /) -> int: ...  # noqa: FBT001 - its ways
    def lookup_word(self, word: str, /) -> str | None: ...
    def add_jsgf_string(self, name: str, text: str, /) -> None: ...
    def activate_search(self, name: str, /) -> None: ...
    def get_cmn(self, update: bool, /) -> str: ...  # noqa: FBT001
    def set_cmn(self, means: str, /) -> None: ...
    def start_utt(self) -> None: ...
    def process_raw(self, data: bytes, /, *, full_utt: bool = ...) -> None: ...
    def end_utt(self) -> None: ...
    def hyp(self) -> object: ...
    def seg(self) -> Iterable[_Segment] | None: ...


class LocalTranscriber:
    """Hears English commands, as ``commands.gram`` has them, and takes nothing else for one.

    It listens to one message after another, in a thread of its own.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice")
        self._ear = Ear()

    async def transcribe(
        self,
        audio: bytes,
        *,
        language: str = "",  # noqa: ARG002
        hints: Sequence[str] = (),
    ) -> str:
        """The command that was said, in English whatever the language is.

        Raises:
            InvalidRequest: it cannot be read, is too long, or is no command.
        """
        recording.check(audio, MOST_SECONDS)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ear.hear, audio, hints)


class Ear:
    """The recogniser itself. It keeps nothing of one message for the next, but hears one at a time."""

    def __init__(self) -> None:
        self._decoder = _decoder(
            dict=_LIBRARY.get_model_path("en-us/cmudict-en-us.dict"),
            compallsen=True,  # what was heard is compared with all sounds, not only with those of the grammar
            bestpath=False,  # it would cut off what stands at the end of an utterance
            lw=1.0,
            wip=0.5,
        )
        for line in _WORDS.read_text().splitlines():
            word, sounds = line.split(" ", 1)
            self._decoder.add_word(word, sounds, True)  # noqa: FBT003
        self._level = _decoder(dict=str(_WORDS))
        self._level.add_jsgf_string("level", "#JSGF V1.0;\ngrammar level;\npublic <any> = ssh;\n")
        self._level.activate_search("level")
        self._grammar = ""
        self._hints: dict[str, str] = {}

    def hear(self, audio: bytes, hints: Sequence[str] = ()) -> str:
        """The command in a voice message, in the thread that asks.

        Raises:
            InvalidRequest: it cannot be read, or is no command.
        """
        samples = _decoded(audio)
        known = {self._hint(hint): hint for hint in hints[:MOST_HINTS]}
        known.pop("", None)
        grammar = f"{_GRAMMAR}<hint> = {' | '.join(known)};" if known else _GRAMMAR.replace("<hint> |", "")
        if grammar != self._grammar:  # making one ready takes a fifth of a second
            self._decoder.add_jsgf_string("commands", grammar)
            self._decoder.activate_search("commands")
            self._grammar = grammar
        self._decoder.set_cmn(self._levels(samples))
        self._decoder.start_utt()
        for start in range(0, len(samples), _CHUNK):
            self._decoder.process_raw(samples[start : start + _CHUNK])
        self._decoder.end_utt()
        heard = [segment for segment in self._decoder.seg() or () if segment.word[0] not in _MARKS]
        frames = sum(segment.end_frame - segment.start_frame + 1 for segment in heard)
        distance = -sum(self._decoder.logmath.log(segment.ascore) for segment in heard)
        if self._decoder.hyp() is None or not heard or distance > _FARTHEST * frames:
            raise recording.nothing_understood(
                "Say a command in English, such as “list my containers”, or write it."
            )
        words = (segment.word.partition("(")[0] for segment in heard)
        return " ".join(known.get(word, word) for word in words)

    def _levels(self, samples: bytes) -> str:
        """The mean of each feature over the whole message, which tells voices and microphones apart.

        The recogniser could find it by itself, but would then let no other thread run until it is through.
        """
        self._level.start_utt()
        self._level.process_raw(samples, full_utt=True)
        self._level.end_utt()
        return self._level.get_cmn(False)  # noqa: FBT003

    def _hint(self, name: str) -> str:
        """The word of the grammar that stands for a name; empty for what cannot be said."""
        if name not in self._hints:
            sounds = pronounced(name, self._decoder.lookup_word)
            word = f"hint{len(self._hints)}" if sounds else ""
            if word:
                self._decoder.add_word(word, sounds, True)  # noqa: FBT003
            self._hints[name] = word
        return self._hints[name]


def _decoder(**options: object) -> _Decoder:
    """A recogniser that knows the sounds of English."""
    decoder: _Decoder = _LIBRARY.Decoder(
        hmm=_LIBRARY.get_model_path("en-us/en-us"),
        lm=None,
        samprate=_RATE,
        remove_noise=True,
        loglevel="FATAL",
        **options,
    )
    return decoder


def _decoded(audio: bytes) -> bytes:
    """The sound as 16-bit samples of one channel."""
    try:
        with soundfile.SoundFile(io.BytesIO(audio)) as file:
            rate: int = file.samplerate
            samples: NDArray[Any] = file.read(MOST_SECONDS * rate, dtype="int16", always_2d=True)[:, 0]
    except soundfile.SoundFileError:
        raise recording.unreadable() from None
    if rate != _RATE:
        where = np.arange(len(samples) * _RATE // rate, dtype=np.float64) * (rate / _RATE)
        samples = np.interp(where, np.arange(len(samples)), samples).astype("int16")
    return samples.tobytes()
