"""Who may do what in the appliance's database: nix/host/database.sql, on a real PostgreSQL."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ProgrammingError

from agent.store.database import Database
from agent.store.owners import OwnerStore

SQL = Path(__file__).parents[2] / "nix/host/database.sql"


@pytest.fixture(scope="module")
def server(postgres: str) -> Iterator[str]:
    """A server with the database and the roles that NixOS makes, and then our rights, twice."""
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE appliance"))
        for role in ("voxnix-worker", "voxnix-bot"):
            connection.execute(text(f'CREATE ROLE "{role}" LOGIN'))
    url = make_url(postgres)
    folder = str(url.query["host"])
    where = [f"--host={folder}", f"--username={url.username}", "--dbname=appliance"]
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=name=appliance"]
    for _ in range(2):
        subprocess.run(["psql", *options, *where, f"--file={SQL}"], check=True)
    yield folder
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE appliance WITH (FORCE)"))
        for role in ("voxnix-worker", "voxnix-bot"):
            connection.execute(text(f'DROP ROLE "{role}"'))
    admin.dispose()


@pytest.fixture
def worker(server: str) -> Iterator[Database]:
    """The database as the worker opens it, which makes the tables."""
    database = Database(f"postgresql+psycopg://voxnix-worker@/appliance?host={server}")
    yield database
    database.close()


@pytest.fixture
def bot(server: str, worker: Database) -> Iterator[Database]:
    """The database as the bot opens it, once the worker has."""
    assert worker
    database = Database(f"postgresql+psycopg://voxnix-bot@/appliance?host={server}")
    yield database
    database.close()


def refused(engine: Engine, statement: str) -> bool:
    """Whether PostgreSQL says that this role may not."""
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        return "InsufficientPrivilege" in str(error)
    return False


def test_the_bot_reads_and_writes_rows_that_the_worker_made_tables_for(bot: Database) -> None:
    """It is the product's own code that does."""
    with bot.write() as connection:
        connection.execute(text("SELECT 1 FROM workloads"))
    assert OwnerStore(bot)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (x int)",
        "DROP TABLE workloads",
        "ALTER TABLE workloads ADD COLUMN mine int",
        "CREATE SCHEMA mine",
        "SELECT * FROM engine.steps",
        "TRUNCATE workloads",
        'SET ROLE "voxnix-worker"',
    ],
)
def test_the_bot_makes_nothing_and_does_not_see_the_engine(
    bot: Database, worker: Database, statement: str
) -> None:
    """No table, no schema, and nothing of what the worker's engine keeps for itself."""
    with worker.engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS engine"))
        connection.execute(text("CREATE TABLE IF NOT EXISTS engine.steps (x int)"))
    assert refused(bot.engine, statement)


def test_nobody_else_comes_in(postgres: str, server: str) -> None:
    """A role that is neither of them may not connect."""
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE stranger LOGIN"))
    stranger = create_engine(f"postgresql+psycopg://stranger@/appliance?host={server}")
    try:
        with pytest.raises(Exception, match="permission denied for database"), stranger.connect():
            pass
    finally:
        stranger.dispose()
        with admin.connect() as connection:
            connection.execute(text("DROP ROLE stranger"))
        admin.dispose()
