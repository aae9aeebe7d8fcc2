"""The appliance's services, under the very rules that nix/host gives them."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.box.inside.product import destroy, host, machine_of, voxnix
from tests.box.inside.sandbox import ROOT, Sandbox, lines, zfs_on_the_host
from tests.telegram.client import serving

VOXNIX = "/usr/local/bin/voxnix"
PROGRAMS = Path("/var/lib/voxnix/sandboxed-programs")
CACHE = "Environment=PYTHONPYCACHEPREFIX=/tmp/pycache"


@pytest.fixture(scope="module")
def worker() -> Iterator[Sandbox]:
    """A worker in its sandbox, instead of the box's own."""
    PROGRAMS.mkdir()
    sandbox = Sandbox("worker", zfs_on_the_host(PROGRAMS), (CACHE, "KillMode=mixed"))
    host("systemctl", "stop", "voxnix-worker")
    unit = sandbox.start("itself", VOXNIX, "worker")
    try:
        deadline = time.monotonic() + 30
        while voxnix("doctor", "--json").code != 0:
            assert time.monotonic() < deadline, host("journalctl", "-u", unit, "-n", "30", "-o", "cat")
            time.sleep(0.2)
        yield sandbox
        assert host("systemctl", "is-active", unit).strip() == "active"
    finally:
        subprocess.run(["systemctl", "stop", unit], check=False)
        shutil.rmtree(PROGRAMS)
        host("systemctl", "start", "voxnix-worker")


@pytest.fixture(scope="module")
def bot() -> Sandbox:
    """The bot's sandbox, with a user and a state folder of its own."""
    extra = ("User=voxnix-bot", "StateDirectory=voxnix-bot", "StateDirectoryMode=0700", CACHE)
    state = "Environment=VOXNIX_STATE_DIR=/var/lib/voxnix-bot"
    return Sandbox("bot", extra=(*extra, state))


def mounts() -> str:
    """Where the machine itself has something mounted."""
    return host("findmnt", "--raw", "--noheadings", "--output", "TARGET")


@pytest.mark.usefixtures("worker")
def test_a_container_lives_its_whole_life_under_the_workers_rules(fresh: str) -> None:
    """Created, used, stopped, started and destroyed, by a worker that may write only what it has to."""
    created = voxnix("create", fresh, "git", "--json")
    assert created.code == 0, created
    machine = machine_of(fresh)
    # What the worker mounted is seen by the machine, which boots the container from it.
    assert f"/var/lib/machines/{machine}" in mounts()
    assert voxnix("exec", fresh, "--", "git", "--version").code == 0
    assert voxnix("stop", fresh).code == 0
    assert voxnix("start", fresh).code == 0
    destroyed = voxnix("destroy", fresh, "--yes", "--json")
    assert destroyed.code == 0, destroyed
    assert machine not in mounts()


def test_the_doctor_finds_every_program_under_the_workers_rules(worker: Sandbox) -> None:
    """Every tool is on the PATH, and answers there: nothing is red."""
    answer = worker.run("voxnix", "doctor", "--json")
    assert answer.returncode == 0, answer
    assert all(one["ok"] for one in json.loads(answer.stdout)["findings"])


def test_a_dataset_that_the_worker_makes_is_mounted_for_everybody(worker: Sandbox) -> None:
    """The machine sees it and the worker writes to it, whereas a plain mount stays with the worker."""
    folder = "/var/lib/voxnix/sandboxed"
    made = worker.run("zfs", "create", "-o", f"mountpoint={folder}", "tank/sandboxed")
    try:
        assert made.returncode == 0, made
        assert folder in mounts()
        written = worker.run("sh", "-c", f"echo hello > {folder}/file")
        assert written.returncode == 0, written
        assert host("cat", f"{folder}/file") == "hello\n"
    finally:
        destroy("tank/sandboxed")
    plain = worker.run(
        "sh", "-c", f"mkdir -p {folder} && mount -t tmpfs none {folder} && echo x > {folder}/file"
    )
    assert plain.returncode == 0, plain
    assert folder not in mounts()
    assert list(Path(folder).iterdir()) == []
    Path(folder).rmdir()


READ = """
from agent.host.node import LocalNode
from agent.host.zfs import Zfs

node = LocalNode("box")
with Zfs(node).opened("tank/sandboxed@a") as folder:
    print(node.read(f"{folder}/file"), end="")
print(node.exists(folder))
"""


def test_the_worker_reads_what_is_in_a_snapshot(worker: Sandbox) -> None:
    """What is mounted for that comes in to the worker, and goes away for the machine as for the worker."""
    host("zfs", "create", "tank/sandboxed")
    try:
        Path("/tank/sandboxed/file").write_text("before\n", encoding="utf-8")
        host("zfs", "snapshot", "tank/sandboxed@a")
        Path("/tank/sandboxed/file").write_text("after\n", encoding="utf-8")
        answer = worker.run("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", READ)
        assert (answer.stdout, answer.returncode) == ("before\nFalse\n", 0), answer
        assert "/voxnix/opened/" not in mounts()
    finally:
        destroy("tank/sandboxed")


@pytest.mark.parametrize("path", ["/etc/passwd", "/usr/bin/x", "/opt/x", "/var/lib/dbus/x", "/root/x"])
def test_the_worker_writes_nowhere_else(worker: Sandbox, path: str) -> None:
    """What is not Voxnix's cannot be written, though the worker is root."""
    answer = worker.run("sh", "-c", f"echo x >> {path}")
    assert answer.returncode != 0
    assert "Read-only file system" in answer.stderr or "Directory nonexistent" in answer.stderr


def test_the_bot_lists_what_people_have(bot: Sandbox, dev: str) -> None:
    """All it needs is the database."""
    assert bot.run("true").returncode == 0
    copy = "/var/lib/private/voxnix-bot/voxnix.db"
    with (
        closing(sqlite3.connect("/var/lib/voxnix/voxnix.db")) as ours,
        closing(sqlite3.connect(copy)) as theirs,
    ):
        ours.backup(theirs)
    answer = bot.run("voxnix", "list", "--json")
    assert answer.returncode == 0, answer
    assert dev in [one["spec"]["name"] for one in json.loads(answer.stdout)["workloads"]]


def end(unit: str) -> None:
    """Stop a service, if it is still there."""
    subprocess.run(["systemctl", "stop", unit], check=False)


async def test_the_bot_talks_to_people(bot: Sandbox) -> None:
    """The network, the database and all that it imports work under its rules."""
    with serving(seed=11) as telegram:
        account = telegram.bot()
        # A folder of its own: in the one above, the test before has put a database of root's.
        state = f"VOXNIX_STATE_DIR=/var/lib/voxnix-bot/{uuid.uuid4().hex}"
        given = [f"VOXNIX_TELEGRAM_TOKEN={account.token}", f"VOXNIX_TELEGRAM_API={telegram.url}"]
        unit = bot.start("itself", "/usr/bin/env", "HOME=/var/lib/voxnix-bot", state, *given, VOXNIX, "bot")
        try:
            ann = telegram.person("Ann").opens(account)
            ann.says("hello")
            code = (await ann.hears("this code", 60)).text.split("code: ")[1].split()[0]
            answer = bot.run(state, "voxnix", "access", "approve", code, "--role", "operator")
            assert answer.returncode == 0, answer
            ann.says("what do I have?")
            await ann.hears("containers", 60)
            assert host("systemctl", "is-active", unit).strip() == "active"
        finally:
            end(unit)
        assert not telegram.unknown


@pytest.mark.parametrize(
    "command",
    [
        ("cat", "/var/lib/voxnix/voxnix.db"),
        ("ls", "/var/lib/voxnix"),
        ("ls", "/var/lib/machines"),
        ("ls", "/nix/var/nix"),
        ("stat", "/dev/zfs"),
        ("stat", "/dev/fuse"),
        ("ls", "/root"),
        ("cat", "/proc/1/environ"),
        ("systemctl", "stop", "voxnix-dhcp"),
        ("machinectl", "terminate", "x"),
        ("zfs", "list"),
        ("mount", "-t", "tmpfs", "none", "/mnt"),
        ("unshare", "--user", "true"),
        ("chroot", "/"),
        ("setpriv", "--reuid=0", "true"),
        ("ip", "link", "set", "voxnix0", "down"),
        ("touch", "/etc/x"),
        ("su", "-c", "true"),
    ],
    ids=" ".join,
)
def test_the_bot_has_nothing_of_the_machine(bot: Sandbox, command: tuple[str, ...]) -> None:
    """Neither files nor devices nor programs that change something, nor a way to become somebody else."""
    assert shutil.which(command[0]), f"{command[0]} is not in the box, so this would prove nothing"
    answer = bot.run(*command)
    assert answer.returncode != 0, answer


@pytest.mark.parametrize("service", ["bot", "dhcp", "worker"])
def test_no_service_is_more_exposed_than_recorded(service: str, tmp_path: Path) -> None:
    """The score that systemd gives, against the one in docs/appliance.md."""
    unit = tmp_path / f"voxnix-{service}.service"
    unit.write_text("\n".join(["[Service]", "ExecStart=/bin/true", *lines(service), ""]))
    said = host("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit))
    score = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)
    recorded = re.search(rf"`voxnix-{service}` \| ([0-9.]+) \|", (ROOT / "docs/appliance.md").read_text())
    assert score, said
    assert recorded
    assert float(score[1]) <= float(recorded[1])
