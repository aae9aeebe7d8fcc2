"""What was sent to people, by what it is: after a crash nothing is sent twice, and is edited on."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from agent.core.chat import Delivery
from agent.store.database import Database
from agent.store.schema import deliveries

MESSAGE = (deliveries.c.key, deliveries.c.chat, deliveries.c.message)


class DeliveryStore:
    """Deliveries by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> Delivery | None:
        """The message that was sent for a key."""
        query = select(*MESSAGE).where(deliveries.c.key == key)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else Delivery(**row)

    def add(self, delivery: Delivery, now: datetime, *, following: bool = False) -> None:
        """Note that a message was sent.

        Args:
            delivery: the message.
            now: when.
            following: whether it changes along with what it shows, until :meth:`settle`.
        """
        row = {
            "key": delivery.key,
            "chat": delivery.chat,
            "message": delivery.message,
            "following": following,
            "sent_at": now,
        }
        with self._database.write() as connection:
            connection.execute(insert(deliveries).values(**row))

    def following(self) -> list[Delivery]:
        """The messages that still change, oldest first."""
        query = select(*MESSAGE).where(deliveries.c.following).order_by(deliveries.c.sent_at)
        with self._database.read() as connection:
            return [Delivery(**row) for row in connection.execute(query).mappings()]

    def settle(self, key: str) -> None:
        """Note that a message stays as it is."""
        with self._database.write() as connection:
            connection.execute(update(deliveries).where(deliveries.c.key == key).values(following=False))

    def prune(self, before: datetime) -> None:
        """Forget the messages that nobody will edit any more."""
        with self._database.write() as connection:
            gone = delete(deliveries).where(deliveries.c.sent_at < before, ~deliveries.c.following)
            connection.execute(gone)
