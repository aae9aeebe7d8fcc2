"""How Telegram says no, mostly in the words of its server's sources, tdlib/telegram-bot-api and tdlib/td."""


class Refused(Exception):
    """A call was not carried out.

    Attributes:
        code: the HTTP status, and the `error_code` of the answer.
        description: Telegram's sentence.
        parameters: what a bot can do about it, where Telegram says so.
    """

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> Refused:
    """The bot asked for something wrong."""
    return Refused(400, f"Bad Request: {description}")


def forbidden(description: str) -> Refused:
    """The bot may not do this there."""
    return Refused(403, f"Forbidden: {description}")


def too_many(seconds: int) -> Refused:
    """The bot is too fast."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def moved(to: int) -> Refused:
    """The group has another number now."""
    why = "Bad Request: group chat was upgraded to a supergroup chat"
    return Refused(400, why, migrate_to_chat_id=to)


def not_modelled(what: str) -> Refused:
    """The real server can do this and the fake cannot: a test that gets here learns it by name."""
    return Refused(501, f"Not Implemented: the fake server does not know {what}")
