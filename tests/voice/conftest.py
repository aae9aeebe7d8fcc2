"""People who speak: flite says a sentence, and it is recorded as Telegram's apps record."""

import io
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Say = Callable[..., bytes]
"""A sentence, and optionally who says it -> a voice message."""


@pytest.fixture(scope="session")
def opus() -> Callable[..., bytes]:
    """Makes OGG/Opus of 16-bit samples and their rate."""
    try:
        import soundfile  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]
    except ImportError:
        pytest.skip("voxnix[speech] is not installed, as in the box")
    except OSError:
        pytest.skip("libsndfile is not installed (Debian: libsndfile1)")

    def write(samples: Any, rate: int) -> bytes:  # noqa: ANN401 - numpy's, which comes with soundfile
        file = io.BytesIO()
        soundfile.write(file, samples, rate, format="OGG", subtype="OPUS")
        return file.getvalue()

    return write


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory, opus: Callable[..., bytes]) -> Say:
    """Speaks a sentence: 48 kHz, one channel, Opus."""
    if not shutil.which("flite"):
        pytest.skip("flite is not installed (Debian: flite)")
    import numpy as np  # noqa: PLC0415 - with soundfile, which may be missing
    import soundfile  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

    folder = tmp_path_factory.mktemp("said")

    def speak(sentence: str, voice: str = "slt", rate: int = 48_000) -> bytes:
        file = folder / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", sentence, "-o", file], check=True)
        samples, given = soundfile.read(file, dtype="int16")
        where = np.arange(len(samples) * rate // given) * given / rate
        return opus(np.interp(where, np.arange(len(samples)), samples).astype("int16"), rate)

    return speak
