"""The command as a process, the way a person starts it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"pydantic_ai", "telegram", "dbos", "alembic", "logfire"}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Python keeps what it compiled: so many processes would spend most of their time on that."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def environment(tmp_path: Path, compiled: Path) -> dict[str, str]:
    """A simulated node of our own, and no terminal."""
    unwanted = ("VOXNIX_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)} | {
        "PYTHONPYCACHEPREFIX": str(compiled),
        "VOXNIX_SETTINGS": os.devnull,
        "VOXNIX_SIMULATE": "true",
        "VOXNIX_STATE_DIR": str(tmp_path),
    }


def voxnix(
    environment: dict[str, str], *argv: str | bytes, said: bytes = b"", python: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, *python, "-m", "agent", *argv],
        check=False, cwd=ROOT, env=environment, input=said, capture_output=True, timeout=120,
    )  # fmt: skip


def test_listing_imports_nothing_heavy(environment: dict[str, str]) -> None:
    """`voxnix list` knows neither the agent nor the engine, and not what only migrations need."""
    assert voxnix(environment, "list").returncode == 0  # makes the database
    traced = voxnix(environment, "list", python=("-X", "importtime"))
    assert traced.returncode == 0
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in traced.stderr.decode().splitlines()
    }
    assert "sqlalchemy" in imported
    assert imported & HEAVY == set()


def test_help_imports_no_database(environment: dict[str, str]) -> None:
    """Help and version come without what they do not need."""
    for option in ("--help", "--version"):
        traced = voxnix(environment, option, python=("-X", "importtime"))
        assert traced.returncode == 0
        assert not re.search(r"\| +(sqlalchemy|agent\.app)\b", traced.stderr.decode())


def test_a_container_outlives_the_process(environment: dict[str, str]) -> None:
    """Created by one process, used by the next, and spoken of to the phrasebook by a third."""
    created = voxnix(environment, "create", "dev", "git", "fish", "--json")
    assert created.returncode == 0
    assert json.loads(created.stdout)["operation"]["state"] == "done"
    used = voxnix(environment, "exec", "dev", "--", "git", "--version")
    assert (used.returncode, used.stdout[:11]) == (0, b"git version")
    talked = voxnix(environment, "chat", "list my containers")
    assert talked.returncode == 0
    assert b"dev" in talked.stdout
    assert b"phrasebook" in talked.stdout
    refused = voxnix(environment, "chat", said=b"destroy dev\nyes\n")
    assert refused.returncode == 3
    assert b"dev" in voxnix(environment, "list").stdout


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        ((b"status", b"\xff\xfe"), 3),
        ((b"chat", b"\xff\xfe"), 3),
        (("frobnicate",), 2),
        (("list", "--frob"), 2),
    ],
)
def test_bad_input_is_an_exit_code(
    environment: dict[str, str], argv: tuple[str | bytes, ...], code: int
) -> None:
    """Bytes that are no text and commands that are none: a sentence, never a traceback."""
    wrong = voxnix(environment, *argv)
    assert wrong.returncode == code
    assert wrong.stdout == b""
    assert b"Traceback" not in wrong.stderr
    assert wrong.stderr.strip()


def test_usage_errors_are_json_too(environment: dict[str, str]) -> None:
    """A program that asked for JSON gets an object, whatever it got wrong."""
    wrong = voxnix(environment, "list", "--json", "--frob")
    assert wrong.returncode == 2
    assert json.loads(wrong.stdout)["error"]["kind"] == "usage"


@pytest.mark.parametrize("variable", ["VOXNIX_POOOL", "VOXNIX_POOL"])
def test_wrong_settings_name_the_setting(environment: dict[str, str], variable: str) -> None:
    """Unknown or wrong, exit code 2, with the name in the sentence."""
    wrong = voxnix(environment | {variable: "no pool!"}, "list", "--json")
    assert wrong.returncode == 2
    problem = json.loads(wrong.stdout)["error"]
    assert problem["code"] == "InvalidSettings"
    assert "pool" in problem["what"].lower() + problem["why"].lower()


def test_tab_completes_and_never_complains(environment: dict[str, str], tmp_path: Path) -> None:
    """Names and modules come from the product; without a database there is silence, and none is made."""
    folder = tmp_path / "fresh"
    asked = environment | {
        "VOXNIX_STATE_DIR": str(folder),
        "_VOXNIX_COMPLETE": "complete_bash",
        "COMP_WORDS": "voxnix status ",
        "COMP_CWORD": "2",
    }
    silent = voxnix(asked)
    assert (silent.stdout.strip(), silent.stderr) == (b"", b"")
    assert not folder.exists()
    plain = {name: value for name, value in asked.items() if not name.startswith(("_VOXNIX", "COMP_"))}
    assert voxnix(plain, "create", "webserver", "--no-wait").returncode == 0
    assert voxnix(asked).stdout.split() == [b"webserver"]
    modules = voxnix(asked | {"COMP_WORDS": "voxnix create dev gi", "COMP_CWORD": "3"})
    assert modules.stdout.split() == [b"git"]
