"""What a message with a file in it looks like."""

from tests.telegram.texts import Json
from tests.telegram.world import File


def document(file: File) -> Json:
    """A message with a document."""
    return {"document": file.as_json() | {"file_name": file.name, "mime_type": file.media_type}}


def photo(file: File) -> Json:
    """A message with a photo: Telegram offers it in several sizes, the fake in two of the same bytes."""
    small = file.as_json() | {"width": 90, "height": 90}
    return {"photo": [small, small | {"width": 800, "height": 800}]}


def voice(file: File, seconds: int = 1) -> Json:
    """A voice message."""
    return {"voice": file.as_json() | {"duration": seconds, "mime_type": file.media_type or "audio/ogg"}}


def sticker(file: File, emoji: str) -> Json:
    """A sticker."""
    kind: Json = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return {"sticker": file.as_json() | kind | {"emoji": emoji}}
