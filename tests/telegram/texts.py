"""Texts with entities, cleaned and refused as Telegram does it; lengths count UTF-16 units."""

import json
from typing import Any, cast

from tests.telegram.refusals import bad, not_modelled

Json = dict[str, Any]

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
MOST_ENTITIES = 100

_FOUND_BY_TELEGRAM = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"}
_NESTABLE = {"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote"}
_KNOWN = _FOUND_BY_TELEGRAM | _NESTABLE | {"code", "pre", "text_link", "text_mention", "custom_emoji"}
_DROPPED = {0x0D, *range(0x2028, 0x202F)}
"""Characters that vanish from a text, entities moving along."""


def units(text: str) -> int:
    """How long a text is, as Telegram counts."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def cut(text: str, offset: int, length: int) -> str:
    """What an entity covers."""
    encoded = text.encode("utf-16-le")
    return encoded[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def formatted(text: str, entities: str, parse_mode: str) -> tuple[str, list[Json]]:
    """What a text becomes in a message.

    Args:
        text: as the bot sent it.
        entities: JSON, or empty.
        parse_mode: of the call, or empty.

    Raises:
        Refused: as Telegram does, for an entity that is out of the text or splits a character.
    """
    if text and parse_mode and parse_mode.lower() != "none":
        if parse_mode.lower() not in {"html", "markdown", "markdownv2"}:
            raise bad("unsupported parse_mode")
        raise not_modelled(f"parse_mode {parse_mode}: send entities")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise bad("strings must be encoded in UTF-8")
    wanted = _parsed(entities)
    cleaned, places = _cleaned(text)
    moved = [_moved(entity, text, places) for entity in wanted]
    return _trimmed(cleaned, [entity for entity in moved if entity["length"] > 0])


def _parsed(entities: str) -> list[Json]:
    if not entities:
        return []
    try:
        given: Any = json.loads(entities)
    except ValueError:
        return []  # the real server takes a broken list for none
    if not isinstance(given, list):
        return []
    found = [_entity(one) for one in cast("list[Any]", given)]
    meant = [one for one in found if one["type"] not in _FOUND_BY_TELEGRAM and one["length"] > 0]
    return sorted(meant, key=lambda one: (one["offset"], -one["length"]))[:MOST_ENTITIES]


def _entity(given: Any) -> Json:  # noqa: ANN401 - JSON of a stranger
    if not isinstance(given, dict):
        raise bad("can't parse MessageEntity: expected an Object")
    entity = cast("Json", given)
    for name in ("offset", "length", "type"):
        if name not in entity:
            raise bad(f"can't parse MessageEntity: can't find field \"{name}\"")
    if entity["type"] not in _KNOWN:
        raise bad("can't parse MessageEntity: unsupported type specified")
    for name in ("offset", "length"):
        if not 0 <= entity[name] <= 1_000_000:
            raise bad(f"receive an entity with incorrect {name} {entity[name]}")
    return entity


def _cleaned(text: str) -> tuple[str, dict[int, int]]:
    """The text without control characters, and where each place between two characters went to."""
    result: list[str] = []
    places: dict[int, int] = {}
    before = after = 0
    for character in text:
        places[before] = after
        width = units(character)
        before += width
        if ord(character) not in _DROPPED:
            blank = ord(character) < 0x20 and character != "\n"
            result.append(" " if blank else character)
            after += width
    places[before] = after
    return "".join(result), places


def _moved(entity: Json, text: str, places: dict[int, int]) -> Json:
    offset, end, whole = entity["offset"], entity["offset"] + entity["length"], units(text)
    if offset > whole:
        raise bad(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if offset not in places:
        at = len(_before(text, offset).encode())
        raise bad(f"entity begins in a middle of a UTF-16 symbol at byte offset {at}")
    this = f"entity beginning at UTF-16 offset {offset} ends"
    if end > whole:
        raise bad(f"{this} after the end of the text at UTF-16 offset {end}")
    if end not in places:
        at = len(_before(text, end).encode())
        raise bad(f"{this} in a middle of a UTF-16 symbol at byte offset {at}")
    return entity | {"offset": places[offset], "length": places[end] - places[offset]}


def _before(text: str, offset: int) -> str:
    """The text up to the character that this offset splits, with that character."""
    return text.encode("utf-16-le")[: 2 * (offset + 1)].decode("utf-16-le", "ignore")


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    kept = text.rstrip(" \n")
    end = units(kept)
    inside = [
        entity | {"length": min(entity["length"], end - entity["offset"])}
        for entity in entities
        if entity["offset"] < end
    ]
    first = min((entity["offset"] for entity in inside), default=end)
    start = min(len(kept) - len(kept.lstrip(" \n")), first)
    return kept[start:], [entity | {"offset": entity["offset"] - start} for entity in inside]


def message_text(text: str, entities: str, parse_mode: str) -> tuple[str, list[Json]]:
    """The text of a message.

    Raises:
        Refused: it is empty, too long, or its entities are wrong.
    """
    if not text:
        raise bad("message text is empty")
    if len(text.encode("utf-8", "surrogatepass")) > 1 << 15:
        raise bad("text is too long")
    shown, found = formatted(text, entities, parse_mode)
    if not shown:
        raise bad("text must be non-empty")
    if units(shown) > LONGEST_TEXT:
        raise bad("message is too long")
    return shown, found


def caption(text: str, entities: str, parse_mode: str) -> tuple[str, list[Json]]:
    """What stands under a file; it may be empty.

    Raises:
        Refused: it is too long, or its entities are wrong.
    """
    shown, found = formatted(text, entities, parse_mode)
    if units(shown) > LONGEST_CAPTION:
        raise bad("message caption is too long")
    return shown, found
