"""What was said, per owner and chat."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from agent.core.owner import Owner
from agent.store.database import Database
from agent.store.schema import conversations


class Conversations:
    """Messages as the assistant serialises them; this layer does not look inside."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, owner: Owner, conversation: str) -> bytes | None:
        """The messages so far, None before the first."""
        query = select(conversations.c.messages).where(self._is(owner, conversation))
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def save(self, owner: Owner, conversation: str, messages: bytes, now: datetime) -> None:
        """Replace the messages."""
        values = {"messages": messages, "updated_at": now}
        with self._database.write() as connection:
            known = connection.execute(
                update(conversations).where(self._is(owner, conversation)).values(**values)
            )
            if not known.rowcount:
                connection.execute(
                    insert(conversations).values(owner=owner.key, conversation=conversation, **values)
                )

    def clear(self, owner: Owner, conversation: str) -> None:
        """Forget the messages."""
        with self._database.write() as connection:
            connection.execute(delete(conversations).where(self._is(owner, conversation)))

    @staticmethod
    def _is(owner: Owner, conversation: str) -> ColumnElement[bool]:
        return and_(conversations.c.owner == owner.key, conversations.c.conversation == conversation)
