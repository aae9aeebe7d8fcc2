"""What every test may use."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from agent.store.database import Database

# These name what tests run with, and are no settings.
INPUTS = {"VOXNIX_EXTRA_CONTAINER", "VOXNIX_TEST_FULL", "VOXNIX_TEST_NIXPKGS"}
for variable in [name for name in os.environ if name.startswith("VOXNIX_") and name not in INPUTS]:
    del os.environ[variable]  # a test says itself which settings it runs with
os.environ["VOXNIX_SETTINGS"] = os.devnull


@pytest.fixture
def now() -> datetime:
    """Some moment, in UTC."""
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    where = shutil.which("initdb")
    return found[-1].parent if found else Path(where).parent if where else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, on a socket in a folder of its own, without a network port."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    # Not in pytest's folder: its path can be longer than a socket's name may be, and later runs clear it.
    folder = Path(tempfile.mkdtemp(prefix="voxnix-"))
    # PostgreSQL refuses to run as root.
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    make = [*as_user, programs / "initdb", "-D", data, "-A", "trust", "-U", "voxnix", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, cwd="/")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    server = [*as_user, programs / "pg_ctl", "-D", data, "-w"]
    start = [*server, "-l", data / "log", "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd="/")
    try:
        yield f"postgresql+psycopg://voxnix@/postgres?host={folder}"
    finally:
        subprocess.run([*server, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'voxnix.db'}"
        return
    server: str = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.replace("/postgres?", f"/{name}?")
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, once of each kind."""
    database = Database(database_url)
    yield database
    database.close()
