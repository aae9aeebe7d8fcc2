import struct

import pytest

from agent.core.errors import InvalidRequest
from agent.voice import check_limits, recording


def ogg(seconds: float, kind: bytes = b"OpusHead") -> bytes:
    """The pages of a file, without any sound in them."""
    first = b"OggS" + bytes(24) + kind + bytes(11)
    return first + b"OggS\0\4" + struct.pack("<q", int(seconds * 48_000)) + bytes(40)


def test_a_voice_message_passes() -> None:
    """Nothing is decoded to see that it is one."""
    recording.check(ogg(119.9))


@pytest.mark.parametrize("audio", [b"", b"OggS", b"ID3" + bytes(100), ogg(3, b"\1vorbis\0")])
def test_what_is_no_opus_is_refused(audio: bytes) -> None:
    """The person learns what to do instead."""
    with pytest.raises(InvalidRequest, match=r"cannot read this voice message.*write it"):
        recording.check(audio)


def test_a_long_message_is_refused_with_the_limit() -> None:
    """By what the file itself says, whatever was said about it."""
    with pytest.raises(InvalidRequest, match=r"too long: 121 seconds. I listen to 120 seconds"):
        recording.check(ogg(121))


def test_the_limits_can_be_asked_before_a_message_is_fetched() -> None:
    """Telegram says how long and how large one is."""
    check_limits(120, 20_000_000)
    with pytest.raises(InvalidRequest, match="too long"):
        check_limits(120.6, 0)
    with pytest.raises(InvalidRequest, match=r"too large: 21 MB. I take 20 MB"):
        check_limits(1, 21_000_000)
