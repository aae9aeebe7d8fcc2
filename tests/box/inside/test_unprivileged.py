"""Who has no right over the machine asks its worker, which is root, through rows of the database alone."""

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box.inside.product import Answer

NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs")

FILES = """
import os, sys
from agent import settings
from agent.app import App
from agent.core.operation import Request
from agent.core.owner import Owner

assert os.geteuid() != 0
data = bytes(range(256)) * 20_000
with App.open(settings.load()) as app:
    files, owner = app.services.files, Owner("admin")
    asked = Request(channel="test", key="test:1")
    paths = [files.put(owner, sys.argv[1], "../odd name é.bin", data, asked) for _ in range(2)]
    assert files.get(owner, sys.argv[1], paths[0]) == data
    print(*paths, sep="\\n")
"""


class Asker:
    """A person's commands as the user nobody runs them, beside a worker that is root.

    Args:
        folder: of both, where each has its own and the database is for both.
    """

    def __init__(self, folder: Path) -> None:
        self._kept = {name: value for name, value in os.environ.items() if not name.startswith("VOXNIX_")}
        self._folder = folder
        self._worker: subprocess.Popen[bytes] | None = None
        for name in ("worker", "asker", "rows"):
            (folder / name).mkdir()
        shutil.chown(folder / "asker", "nobody", "nogroup")
        shutil.chown(folder / "rows", "nobody", "nogroup")

    def settings(self, state: str) -> dict[str, str]:
        """What a process of theirs has in its environment."""
        return self._kept | {
            "VOXNIX_STATE_DIR": str(self._folder / state),
            "VOXNIX_DATABASE_URL": f"sqlite:///{self._folder}/rows/voxnix.db",
            "VOXNIX_NODE_NAME": "unprivileged",
            "HOME": "/nonexistent",
        }

    def run(self, *argv: str) -> Answer:
        """Run a program as nobody."""
        done = subprocess.run(
            [*NOBODY, *argv],
            capture_output=True,
            timeout=300,
            check=False,
            env=self.settings("asker"),
            cwd="/",
        )
        return Answer(
            done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )

    def voxnix(self, *arguments: str) -> Answer:
        """Run the command as nobody."""
        return self.run("voxnix", *arguments)

    def start(self) -> None:
        """Start the worker, as root."""
        # What it makes of the database is for both, as PostgreSQL's roles have it on an appliance.
        self._worker = subprocess.Popen(
            ["voxnix", "worker"], env=self.settings("worker"), umask=0, stdin=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """End the worker in the middle of whatever it does."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()

    def stop(self) -> None:
        """Let the worker end what it does."""
        if self._worker is not None:
            self._worker.terminate()
            self._worker.wait(timeout=60)


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    """Somebody without rights, and a worker that has them."""
    # Not in /tmp, which is memory; nor below a folder of pytest's, which only root may enter.
    folder = Path(f"/var/tmp/voxnix-{uuid.uuid4().hex[:8]}")  # noqa: S108
    folder.mkdir(mode=0o755)
    asker = Asker(folder)
    assert asker.voxnix("list").code == 0  # makes the database, so that it is nobody's and not root's
    asker.start()
    yield asker
    for one in json.loads(asker.voxnix("list", "--json").out)["workloads"]:
        asker.voxnix("destroy", one["spec"]["name"], "--yes")
    for one in json.loads(asker.voxnix("trash", "--json").out)["trash"]:
        asker.voxnix("purge", one["workload"]["spec"]["name"], "--yes")
    asker.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def dev(asker: Asker) -> str:
    """A container that they have made."""
    created = asker.voxnix("create", "dev", "git", "--json")
    assert created.code == 0, created
    return "dev"


def test_they_have_no_right_of_their_own(asker: Asker) -> None:
    """Or what follows would prove nothing."""
    assert asker.run("id", "-u").out != "0\n"
    for argv in (
        ["zfs", "create", "tank/theirs"],
        ["machinectl", "poweroff", "x"],
        ["ls", "/var/lib/voxnix"],
    ):
        assert asker.run(*argv).code != 0


def test_a_command_runs_as_the_containers_root(asker: Asker, dev: str) -> None:
    """Its code, outputs and arguments are its own; so is its journal."""
    assert asker.voxnix("exec", dev, "--", "id", "-u").out == "0\n"
    answer = asker.voxnix(
        "exec", dev, "--", "sh", "-c", "echo 'o  ut'; echo err >&2; logger a line of theirs; exit 42"
    )
    assert answer == Answer(42, "o  ut\n", "err\n")
    assert "a line of theirs" in asker.voxnix("logs", dev).out


def test_what_it_takes_is_measured(asker: Asker, dev: str) -> None:
    """By the worker, of the real data sets."""
    status = json.loads(asker.voxnix("status", dev, "--json").out)
    assert 0 < status["root"]["used"] < status["whole"]["used"] < status["whole"]["quota"] == 20 << 30


def test_files_go_in_and_out(asker: Asker, dev: str) -> None:
    """Whole, with a safe name, and once: the same request again is the same file."""
    answer = asker.run(sys.executable, "-P", "-c", FILES, dev)
    assert answer.code == 0, answer
    first, second = answer.out.splitlines()
    assert first == second
    listed = asker.voxnix("exec", dev, "--", "find", "/workspace", "-type", "f", "-printf", "%p %s %U\\n").out
    assert listed == f"{first} {256 * 20_000} 0\n"


def test_a_command_that_prints_for_ever_is_ended(asker: Asker, dev: str) -> None:
    """And the worker serves on."""
    answer = asker.voxnix("exec", dev, "--json", "--", "yes")
    assert (answer.code, answer.error["code"]) == (4, "CommandSaidTooMuch")
    assert asker.voxnix("exec", dev, "--", "true").code == 0


def test_what_was_under_way_when_the_worker_died_may_have_run(asker: Asker, dev: str) -> None:
    """The person is told so, and nothing runs twice when it is back."""
    begun = "/workspace/begun"
    argv = [*NOBODY, "voxnix", "exec", dev, "--json", "--", "sh", "-c", f"echo x >> {begun}; sleep 20"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=asker.settings("asker"), cwd="/") as running:
        until = time.monotonic() + 60
        while asker.voxnix("exec", dev, "--", "test", "-e", begun).code:
            assert time.monotonic() < until
        asker.kill()
        asker.start()
        said, _ = running.communicate(timeout=120)
    assert running.returncode == 4
    assert json.loads(said)["error"]["code"] == "MayHaveRun"
    assert asker.voxnix("exec", dev, "--", "cat", begun).out == "x\n"
