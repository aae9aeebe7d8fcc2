"""Turns of conversations that have to outlive a crash: how far each one came, and its answer."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from agent.core.conversation import SentFile
from agent.store.database import Database
from agent.store.schema import turns


@dataclass(frozen=True)
class TurnRecord:
    """What is known of a turn.

    Attributes:
        messages: as the assistant serialises them, up to the last calls of tools; None before those.
        answer: what was answered, in Markdown; None while it is not over.
        exit_code: how it went, once it is over.
        files: what goes with the answer.
    """

    messages: bytes | None = None
    answer: str | None = None
    exit_code: int = 0
    files: tuple[SentFile, ...] = ()


class TurnStore:
    """Turns by the key of the message that began them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, key: str) -> TurnRecord:
        """What is known of a turn; of one that is not known, nothing."""
        with self._database.read() as connection:
            row = connection.execute(select(turns).where(turns.c.key == key)).mappings().first()
        if row is None:
            return TurnRecord()
        files = tuple(SentFile(**one) for one in row["files"])
        return TurnRecord(row["messages"], row["answer"], row["exit_code"] or 0, files)

    def checkpoint(self, key: str, messages: bytes, now: datetime, files: tuple[SentFile, ...] = ()) -> None:
        """Note how far a turn has come."""
        self._put(key, now, messages=messages, files=[one.as_dict() for one in files])

    def transaction(self, *, first: bool = False) -> AbstractContextManager[object]:
        """What is written to the database within the block is written together, or not at all.

        Args:
            first: whether it goes before what else this process writes.
        """
        return self._database.write(first=first)

    def finish(self, key: str, record: TurnRecord, now: datetime) -> None:
        """Note how a turn has ended. Its messages are the conversation's from now on."""
        files = [one.as_dict() for one in record.files]
        self._put(key, now, messages=None, answer=record.answer, exit_code=record.exit_code, files=files)

    def prune(self, before: datetime) -> None:
        """Forget the turns that nobody will ask for again."""
        with self._database.write() as connection:
            connection.execute(delete(turns).where(turns.c.updated_at < before))

    def _put(self, key: str, now: datetime, **values: Any) -> None:  # noqa: ANN401 - column values
        values["updated_at"] = now
        with self._database.write() as connection:
            known = connection.execute(update(turns).where(turns.c.key == key).values(**values))
            if not known.rowcount:
                connection.execute(insert(turns).values(key=key, **values))
