"""What Telegram finds in what people write, and which bots get to see it."""

import re

from tests.telegram.texts import Json, units
from tests.telegram.world import Bot, Message

_MARKED = re.compile(r"(?<!\S)/\w+(?:@\w+)?|(?<!\w)@\w{3,}")


def with_marks(name: str, text: str) -> Json:
    """The `text` or `caption` of a message, with the commands and mentions in it."""
    where = "entities" if name == "text" else "caption_entities"
    marks = [
        {
            "type": "bot_command" if found[0].startswith("/") else "mention",
            "offset": units(text[: found.start()]),
            "length": units(found[0]),
        }
        for found in _MARKED.finditer(text)
    ]
    return ({name: text} if text else {}) | ({where: marks} if marks else {})


def is_for(bot: Bot, message: Message) -> bool:
    """Whether a bot gets to see a message of a group."""
    if not bot.privacy or "forum_topic_created" in message.content:
        return True
    if message.reply_to is not None and message.reply_to.sender is bot:
        return True
    marked = [found[0].lower() for found in _MARKED.finditer(message.text)]
    name = f"@{bot.username.lower()}"
    return any(mark.endswith(name) or (mark.startswith("/") and "@" not in mark) for mark in marked)
