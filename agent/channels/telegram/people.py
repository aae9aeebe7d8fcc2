"""Who speaks: account, role and language of an update's sender, asked of the services each time."""

from collections.abc import Mapping
from typing import Any

from agent.channels.telegram.chat import PREFIX, Chat, Person, Talk, chat_of
from agent.core.owner import Owner
from agent.services.services import Services
from agent.texts import texts_for


class People:
    """Knows who is let in. Nothing is remembered here: whoever is revoked is so at once.

    Args:
        services: what can be done.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def person(self, user: Mapping[str, Any]) -> Person:
        """The sender of an update.

        Raises:
            KeyError: it is nobody.
        """
        account = f"{PREFIX}{int(user['id'])}"
        name = " ".join(str(user.get(part, "")) for part in ("first_name", "last_name")).strip()
        role = self._services.access.role(account)
        chosen = ""
        if role is not None:
            chosen = self._services.preferences.of(account).language
            spoken = texts_for(_language(user)).language
            if not chosen:
                # Kept, so that what the bot says by itself is in their language too.
                self._services.preferences.set_language(account, chosen := spoken)
        return Person(account, name[:128] or account, role, texts_for(chosen or _language(user)))

    def talk(self, key: str, message: Mapping[str, Any], user: Mapping[str, Any]) -> Talk:
        """Who speaks where, and for whose containers."""
        chat, person = chat_of(message), self.person(user)
        return Talk(key, chat, person, self.owner(chat, person), message.get("message_id"))

    def owner(self, chat: Chat, person: Person) -> Owner:
        """Whose containers are meant: in a group that owns some, the group's."""
        if not chat.private:
            group = self._services.access.account(chat.account)
            if group is not None and group.shared:
                return Owner(group.key)
        return Owner(person.account)


def _language(user: Mapping[str, Any]) -> str | None:
    code = user.get("language_code")
    return code if isinstance(code, str) else None
