import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import agent.store
from agent.core.errors import HostFailure, InvalidSettings
from agent.store.database import Database
from agent.store.schema import HEAD, metadata


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    """HEAD is what Alembic calls the head."""
    config = Config()
    config.set_main_option("script_location", str(Path(agent.store.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_the_migrations_make_exactly_the_tables_of_the_schema(database: Database) -> None:
    """Alembic finds nothing to change between the migrated database and the schema."""
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.usefixtures("database")
def test_opening_twice_changes_nothing(database_url: str) -> None:
    """A database at the newest revision is opened as it is."""
    again = Database(database_url)
    with again.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    again.close()


def test_sqlite_is_durable_and_private(tmp_path: Path) -> None:
    """WAL with full synchronisation, in a folder only its owner may enter."""
    database = Database(f"sqlite:///{tmp_path / 'state' / 'voxnix.db'}")
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    database.close()


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    """What was written before the error is rolled back."""
    with pytest.raises(RuntimeError), database.write() as connection:  # noqa: PT012 - the block is the point
        connection.exec_driver_sql("INSERT INTO conversations VALUES ('a', 'b', '', '2026-01-01 00:00:00')")
        raise RuntimeError
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM conversations").scalar() == 0


def test_a_transaction_inside_another_is_part_of_it(database: Database) -> None:
    """When the outer one raises, what the inner one wrote is gone too."""
    with pytest.raises(RuntimeError), database.write():  # noqa: PT012 - the block is the point
        with database.write() as inner:
            inner.exec_driver_sql("INSERT INTO conversations VALUES ('a', 'b', '', '2026-01-01 00:00:00')")
        raise RuntimeError
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM conversations").scalar() == 0


def test_a_url_that_is_none_is_a_setting_to_correct() -> None:
    """The error names the setting."""
    with pytest.raises(InvalidSettings, match="database_url"):
        Database("nonsense")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """The error says what SQLite said, and the file keeps its content."""
    file = tmp_path / "voxnix.db"
    file.write_text("my shopping list, which is long enough to look like something else\n" * 50)
    with pytest.raises(HostFailure, match="not a database"):
        Database(f"sqlite:///{file}")
    assert file.read_text().startswith("my shopping list")


def test_a_password_in_the_url_is_not_shown() -> None:
    """A server that cannot be reached is named without its password."""
    with pytest.raises(HostFailure) as caught:
        Database("postgresql+psycopg://someone:hunter2@127.0.0.1:1/none?connect_timeout=1")
    assert "hunter2" not in str(caught.value)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A database that a later version has migrated is not opened by an older one."""
    file = tmp_path / "voxnix.db"
    Database(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(HostFailure, match="newer"):
        Database(f"sqlite:///{file}")


def test_news_are_what_others_wrote(database: Database, database_url: str) -> None:
    """Yes at first, no while nothing is written, yes after another process has written."""
    other = Database(database_url)
    with database.news() as changed:
        assert changed()
        assert changed() == (not database.is_sqlite)
        with other.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO conversations VALUES ('a', 'b', '', '2026-01-01 00:00:00')"
            )
        assert changed()
    other.close()


def test_many_may_wait_at_the_same_time(database: Database) -> None:
    """Who waits for news holds a connection; a hundred who wait leave room for who wants to write."""
    with ExitStack() as waiting:
        for _ in range(100 if database.is_sqlite else 10):
            waiting.enter_context(database.news())
        with database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO conversations VALUES ('a', 'b', '', '2026-01-01 00:00:00')"
            )
