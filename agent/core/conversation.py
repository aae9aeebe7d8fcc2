"""What a person may send, and what an answer is made of."""

from dataclasses import dataclass

from agent.core.errors import InvalidRequest

MAX_SENTENCE_BYTES = 16_384
"""Longer than anything a person says at once; short enough for any model."""


def checked_sentence(text: str) -> str:
    """A sentence as it may be stored, logged and given to a model.

    Args:
        text: what came in; undecodable bytes may stand in it as lone surrogates.

    Raises:
        InvalidRequest: empty, too long, or not valid Unicode.
    """
    stripped = text.strip()
    if not stripped:
        raise InvalidRequest("There was nothing in that message.", hint="Say what you want, or ask for help.")
    try:
        size = len(stripped.encode())
    except UnicodeEncodeError:
        raise InvalidRequest(
            "That message is not valid UTF-8.", hint="Send it again as plain text."
        ) from None
    if size > MAX_SENTENCE_BYTES:
        raise InvalidRequest(
            f"That message is too long: {size:,} bytes.",
            f"A message may have {MAX_SENTENCE_BYTES:,}.",
            "Shorten it, or put the text into a file in the container's /workspace.",
        )
    if "\0" in stripped:
        raise InvalidRequest("That message has a NUL character in it.", hint="Send it again as plain text.")
    return stripped


@dataclass(frozen=True)
class SentFile:
    """A file that goes with an answer: where it is, not what is in it.

    Attributes:
        workload: the person's name for the container.
        path: in that container.
    """

    workload: str
    path: str

    def as_dict(self) -> dict[str, str]:
        """As JSON."""
        return {"workload": self.workload, "path": self.path}
