"""What every test may use."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from agent.store.database import Database

for variable in [name for name in os.environ if name.startswith("VOXNIX_")]:
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
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL server of our own, on a socket in a folder of its own, without a network port."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    folder = tmp_path_factory.mktemp("postgres")
    # PostgreSQL refuses to run as root.
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        for parent in (folder, *folder.parents):
            if parent == Path(parent.anchor) or parent.stat().st_mode & 0o005 == 0o005:
                continue
            parent.chmod(parent.stat().st_mode | 0o055)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    subprocess.run(
        [*as_user, programs / "initdb", "-D", data, "-A", "trust", "-U", "voxnix", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    # A folder of pytest's can be longer than a socket's name may be.
    socket = Path("/tmp") / f"voxnix-{uuid.uuid4().hex[:8]}"  # noqa: S108 - made 0700 and removed below
    socket.mkdir(mode=0o700)
    if as_user:
        shutil.chown(socket, "postgres", "postgres")
    options = f"-c listen_addresses='' -c unix_socket_directories={socket} -c fsync=off"
    server = [*as_user, programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run(
        [*server, "-l", folder / "data" / "log", "-o", options, "start"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        yield f"postgresql+psycopg://voxnix@/postgres?host={socket}"
    finally:
        subprocess.run([*server, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(socket)


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
