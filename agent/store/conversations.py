"""What was said, per owner and chat."""

from collections.abc import Callable
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

    def change(
        self, owner: Owner, conversation: str, to: Callable[[bytes | None], bytes], now: datetime
    ) -> None:
        """Replace the messages by what ``to`` makes of them, in one transaction."""
        query = select(conversations.c.messages).where(self._is(owner, conversation))
        with self._database.write() as connection:
            known = connection.execute(query.with_for_update()).scalar()
            values = {"messages": to(known), "updated_at": now}
            if known is None:
                new = {"owner": owner.key, "conversation": conversation}
                connection.execute(insert(conversations).values(**new, **values))
            else:
                connection.execute(
                    update(conversations).where(self._is(owner, conversation)).values(**values)
                )

    def of_owner(self, owner: Owner) -> list[str]:
        """The conversations that somebody has, the newest first."""
        query = select(conversations.c.conversation).where(conversations.c.owner == owner.key)
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(conversations.c.updated_at.desc())).scalars())

    def clear(self, owner: Owner, conversation: str) -> None:
        """Forget the messages."""
        with self._database.write() as connection:
            connection.execute(delete(conversations).where(self._is(owner, conversation)))

    @staticmethod
    def _is(owner: Owner, conversation: str) -> ColumnElement[bool]:
        return and_(conversations.c.owner == owner.key, conversations.c.conversation == conversation)
