"""Connections and migrations, alike on SQLite and PostgreSQL."""

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import DatabaseError as SqlDatabaseError

from agent.core.errors import HostFailure, InvalidSettings
from agent.store.schema import HEAD

BUSY_TIMEOUT = 30_000
"""Milliseconds that a writer waits for another one on SQLite."""
MIGRATION_LOCK = 7_236_541
"""Number of the PostgreSQL advisory lock that lets one process migrate at a time."""


class Database:
    """The product's database, brought to the newest schema when opened.

    Args:
        url: an SQLAlchemy URL, ``sqlite:///PATH`` or ``postgresql+psycopg://…``.

    Raises:
        InvalidSettings: the URL is no URL.
        HostFailure: the database cannot be opened.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError as error:
            raise InvalidSettings(
                "The setting database_url is not a URL.", str(error), "Use sqlite:///PATH or postgresql://…"
            ) from None
        self._thread = threading.local()
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite lets one write, and the others look again and again, with pauses: here they wait in line.
        self._line = threading.Lock() if self.is_sqlite else nullcontext()
        self._writer = threading.Lock() if self.is_sqlite else nullcontext()
        try:
            if self.is_sqlite and self.url.database:
                # Only for who owns it: conversations are private.
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Whoever waits holds a connection to SQLite, and costs nothing else: as many as there are.
            options = {"max_overflow": -1} if self.is_sqlite else {"pool_pre_ping": True}
            self.engine = create_engine(self.url, **options)
            if self.is_sqlite:
                _prepare_sqlite(self.engine)
            self._migrate()
        except (OperationalError, SqlDatabaseError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise HostFailure(
                f"The database {self.url.render_as_string()} cannot be opened.",
                f"It said: {' '.join(str(cause).split())}",
                "Look at the setting database_url, the disk and the folder's rights.",
            ) from None

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A connection for queries. Inside a transaction of the same thread it is that one's."""
        outer: Connection | None = getattr(self._thread, "transaction", None)
        if outer is not None:
            yield outer
            return
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, first: bool = False) -> Generator[Connection]:
        """A transaction: committed at the block's end, rolled back when it raises.

        Inside another one of the same thread it is part of that one.

        Args:
            first: whether it waits for one other of this process at most, and not in line.
        """
        outer: Connection | None = getattr(self._thread, "transaction", None)
        if outer is not None:
            yield outer
            return
        with (
            nullcontext() if first else self._line,
            self._writer,
            self.engine.connect().execution_options(voxnix_write=True) as connection,
            connection.begin(),
        ):
            self._thread.transaction = connection
            try:
                yield connection
            finally:
                self._thread.transaction = None

    @contextmanager
    def news(self) -> Generator[Callable[[], bool]]:
        """Tell whether anything was written since the last question, by whomever; the first answer is yes.

        On SQLite a question costs some microseconds, so it may be asked often. PostgreSQL is not asked:
        the answer is always yes, so look there less often (:attr:`poll`).
        """
        if not self.is_sqlite:
            yield lambda: True
            return
        last: int | None = None
        # The driver's own connection: one of SQLAlchemy's would be in a transaction, and see no news in it.
        with closing(self.engine.raw_connection()) as connection:

            def changed() -> bool:
                nonlocal last
                with closing(connection.cursor()) as cursor:
                    cursor.execute("PRAGMA data_version")
                    seen, last = last, int(cursor.fetchall()[0][0])
                return last != seen

            yield changed

    @property
    def poll(self) -> float:
        """Seconds between two looks for something that another process may have written."""
        return 0.01 if self.is_sqlite else 0.1

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def _migrate(self) -> None:
        with self.read() as connection:
            revision = _revision(connection)
        if revision == HEAD:
            return
        if revision is not None and revision > HEAD:
            raise HostFailure(
                f"The database {self.url.render_as_string()} was made by a newer Voxnix.",
                f"Its schema is {revision}; this one knows {HEAD}.",
                "Update Voxnix, or use another database.",
            )
        # Alembic takes longer to import than all of `voxnix list` takes: only where there is work for it.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415

        with self.write() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        # One that reads first and writes later cannot wait for another writer; one that says so at once can.
        write = connection.get_execution_options().get("voxnix_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
