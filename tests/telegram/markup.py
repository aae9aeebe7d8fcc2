"""What may hang below a message."""

import json
from typing import Any, cast

from tests.telegram.refusals import bad
from tests.telegram.texts import Json

LONGEST_DATA = 64
MOST_BUTTONS = 100

_KINDS = {"inline_keyboard", "keyboard", "remove_keyboard", "force_reply"}
_ACTIONS = {"callback_data", "url", "web_app", "switch_inline_query", "copy_text", "pay", "login_url"}


def reply_markup(text: str) -> Json | None:
    """The markup that a call asks for; an inline keyboard without buttons is none.

    Raises:
        Refused: it is no markup, or a button in it is wrong.
    """
    if not text:
        return None
    try:
        given: Any = json.loads(text)
    except ValueError:
        raise bad("can't parse reply keyboard markup JSON object") from None
    if not isinstance(given, dict):
        raise bad("object expected as reply markup")
    markup = cast("Json", given)
    if "inline_keyboard" in markup:
        rows = _rows(markup["inline_keyboard"])
        return {"inline_keyboard": rows} if rows else None
    return markup if any(markup.get(kind) for kind in _KINDS) else None


def inline_only(markup: Json | None) -> Json | None:
    """The markup of an edit.

    Raises:
        Refused: it is of another kind.
    """
    if markup is not None and "inline_keyboard" not in markup:
        raise bad("inline keyboard expected")
    return markup


def _rows(given: Any) -> list[list[Json]]:  # noqa: ANN401 - JSON of a stranger
    if not isinstance(given, list) or not all(isinstance(row, list) for row in cast("list[Any]", given)):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    rows = [[_button(button) for button in row] for row in cast("list[list[Any]]", given)]
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad("reply markup is too long")
    return [row for row in rows if row]


def _button(given: Any) -> Json:  # noqa: ANN401 - JSON of a stranger
    wrong = "can't parse inline keyboard button: "
    if not isinstance(given, dict):
        raise bad(f"{wrong}InlineKeyboardButton must be an Object")
    button = cast("Json", given)
    if not isinstance(button.get("text"), str):
        raise bad(f'{wrong}can\'t find field "text"')
    if not button["text"].strip():
        raise bad(f"{wrong}button text must be non-empty")
    if not _ACTIONS & button.keys():
        raise bad(f"{wrong}Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= LONGEST_DATA:
        raise bad("BUTTON_DATA_INVALID")
    return button
