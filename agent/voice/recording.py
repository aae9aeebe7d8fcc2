"""What is taken for a voice message: OGG/Opus, neither too large nor too long."""

from agent.core.errors import InvalidRequest

MOST_BYTES = 20_000_000
"""As much as Telegram lets a bot fetch."""
MOST_SECONDS = 120
"""Who speaks for longer tells a story, and gives no order."""
_SECOND = 48_000
"""Opus in OGG counts time in samples of 48 kHz, whatever was recorded."""
_HEAD = slice(28, 36)
"""Where in a file its first page says what it holds."""


def check_limits(seconds: float, size: int, most_seconds: float = MOST_SECONDS) -> None:
    """Let pass what is short enough; worth asking before a message is fetched.

    Args:
        seconds: how long it is.
        size: how many bytes it has; 0 where that is not known.
        most_seconds: how long it may be.

    Raises:
        InvalidRequest: it is too long or too large.
    """
    if seconds > most_seconds:
        raise InvalidRequest(
            f"This voice message is too long: {seconds:.0f} seconds.",
            f"I listen to {most_seconds:.0f} seconds at most.",
            "Say it in fewer words, or write it.",
        )
    if size > MOST_BYTES:
        raise InvalidRequest(
            f"This voice message is too large: {size / 1e6:.0f} MB.",
            f"I take {MOST_BYTES / 1e6:.0f} MB at most.",
            "Say it in fewer words, or write it.",
        )


def check(audio: bytes, most_seconds: float = MOST_SECONDS) -> None:
    """Let pass what is a voice message by its outside. Nothing is decoded for this.

    Raises:
        InvalidRequest: it is none, or too long or too large.
    """
    check_limits(0, len(audio))
    if not audio.startswith(b"OggS") or audio[_HEAD] != b"OpusHead":
        raise unreadable()
    check_limits(_seconds(audio), len(audio), most_seconds)


def unreadable() -> InvalidRequest:
    """That it is no voice message, or a broken one."""
    return InvalidRequest(
        "I cannot read this voice message.",
        "It is no sound in OGG/Opus, or it is damaged.",
        "Record it again, or write it.",
    )


def nothing_understood(hint: str = "Say it again, closer to the microphone, or write it.") -> InvalidRequest:
    """That there were no words in it."""
    return InvalidRequest("I understood nothing in this voice message.", "", hint)


def _seconds(audio: bytes) -> float:
    """How long a file says that it is: its last page has the number of samples up to its end."""
    page = audio.rfind(b"OggS")
    return int.from_bytes(audio[page + 6 : page + 14], "little", signed=True) / _SECOND
