"""Backups of real containers, and back, byte by byte: in a folder, in a file, on another machine."""

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.core.owner import UID_RANGE, Owner
from agent.host.node import LocalNode
from agent.host.zfs import Zfs
from agent.store.database import Database
from agent.store.owners import OwnerStore
from tests.box.inside.product import Answer, host, machine_of, voxnix
from tests.box.inside.sandbox import Sandbox, zfs_on_the_host
from tests.box.inside.test_worker import asked, kill_worker, until_ended, worker
from tests.box.inside.trees import Difference, change, differences, fill, told

LARGE = 40 << 20
STATE = Path("/var/lib/voxnix-second")
SECOND = {
    "VOXNIX_POOL": "second",
    "VOXNIX_STATE_DIR": str(STATE),
    "VOXNIX_IMAGE_CACHE": str(STATE / "images"),
    "VOXNIX_EMBEDDED_WORKER": "true",
}
"""Settings of a second node in this box, with a pool, a database and a worker of its own."""
WORKSPACES = Path("/var/lib/voxnix/workspaces")
REMOTE = "ssh://root@localhost/second/backups"


@pytest.fixture(scope="module")
def second() -> Iterator[Callable[..., Answer]]:
    """The command of the second node: nothing was ever made there, and another owner has the first ids."""
    file = Path("/var/lib/voxnix-second.pool")
    with file.open("wb") as handle:
        handle.truncate(6 << 30)
    host("zpool", "create", "-m", "none", "second", str(file))
    host("zfs", "create", "-o", "mountpoint=none", "second/backups")
    STATE.mkdir(mode=0o700)

    def run(*arguments: str) -> Answer:
        return voxnix(*arguments, settings=SECOND)

    assert run("list").code == 0
    with contextlib.closing(Database(f"sqlite:///{STATE}/voxnix.db")) as database:
        OwnerStore(database).number(Owner("somebody"), datetime.now(UTC))
    yield run
    for one in run("list", "--json").data["workloads"]:
        run("destroy", one["spec"]["name"], "--yes")
    host("zpool", "destroy", "second")
    shutil.rmtree(STATE)
    file.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder on another file system than the pool."""
    folder = tmp_path / "my disk"
    folder.mkdir()
    return folder


@pytest.fixture
def filled(fresh: str) -> str:
    """A container with awkward files."""
    created = voxnix("create", fresh, "git", "--json")
    assert created.code == 0, created
    folder = workspace(fresh)
    fill(folder, folder.stat().st_uid, LARGE)
    return fresh


@pytest.fixture(scope="module")
def _sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Root of this machine may log in as root of this machine, without a password, by a door of its own.

    The box may have one already, by which these tests came in.
    """
    if not Path("/usr/sbin/sshd").exists():
        subprocess.run(["apt-get", "-qq", "update"], check=False, capture_output=True, timeout=300)
        install = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "openssh-server"]
        if subprocess.run(install, check=False, capture_output=True, timeout=300).returncode:
            pytest.skip("openssh-server cannot be had from the mirror")
    keys, of_host = Path("/root/.ssh"), tmp_path_factory.mktemp("sshd") / "key"
    keys.mkdir(mode=0o700, exist_ok=True)
    for file in (keys / "id_ed25519", of_host):
        host("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file))
    (keys / "config").write_text("Host localhost\n    Port 2222\n")
    kept = ("RuntimeDirectory=sshd", "RuntimeDirectoryPreserve=yes")  # the box's own needs it, too
    unit = ["systemd-run", "--quiet", "--collect", "--unit=voxnix-test-sshd", *(f"-p{one}" for one in kept)]
    options = ("Port=2222", "UsePAM=no", f"HostKey={of_host}", f"AuthorizedKeysFile={keys}/id_ed25519.pub")
    host(*unit, "/usr/sbin/sshd", "-D", "-f", "/dev/null", *(f"-o{option}" for option in options))
    scan = ["ssh-keyscan", "-p", "2222", "localhost"]
    until(lambda: subprocess.run(scan, capture_output=True, check=False).stdout)
    (keys / "known_hosts").write_text(host(*scan))
    yield
    host("systemctl", "stop", "voxnix-test-sshd")
    for made in ("id_ed25519", "id_ed25519.pub", "config", "known_hosts"):
        (keys / made).unlink()


def workspace(name: str) -> Path:
    """Where a container's /workspace is."""
    return WORKSPACES / machine_of(name)


def backed_up(name: str, place: object) -> dict[str, object]:
    """A backup that went well: its operation."""
    answer = voxnix("backup", name, str(place), "--json")
    assert answer.code == 0, answer
    return answer.data["operation"]


def received(second: Callable[..., Answer], place: object, name: str) -> Path:
    """A container of the second node that came of a backup: where its /workspace is."""
    answer = second("receive", str(place), "--as", name, "--json")
    assert answer.code == 0, answer
    return WORKSPACES / answer.data["operation"]["machine"]


def same(first: str, copy: Path) -> list[Difference]:
    """What the /workspace of a container and of its copy do not have in common, nor their roots."""
    ours = workspace(first)
    here, there = ours.stat().st_uid, copy.stat().st_uid
    assert there - here == UID_RANGE
    zfs = Zfs(LocalNode("box"))
    owner = "users/admin/workloads"
    roots = (f"tank/{owner}/{ours.name}/root", f"second/{owner}/{copy.name}/root")
    newest = [one.name for one in zfs.snapshots(roots[1]) if one.name.startswith("voxnix-backup-")]
    # Both systems have gone on since: it is the snapshot that is the same, with the user ids of before.
    with zfs.opened(f"{roots[0]}@{newest[-1]}") as one, zfs.opened(f"{roots[1]}@{newest[-1]}") as other:
        system = differences(told(Path(one)), told(Path(other)))
        assert len(told(Path(other))) > 5000
    return system + differences(told(ours, here), told(copy, there))


def left_here(name: str) -> list[str]:
    """The snapshots that backups of a container have here."""
    above = f"tank/users/admin/workloads/{machine_of(name)}"
    found = host("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "-r", above).split()
    return [one for one in found if "voxnix-backup" in one]


def files(place: Path) -> dict[str, int]:
    """How long the files of a backup are."""
    return {one.name: one.stat().st_size for one in place.iterdir()}


def test_every_byte_comes_back_from_a_folder(filled: str, disk: Path, second: Callable[..., Answer]) -> None:
    """A whole backup, a change of everything, an increment; and all of it in an empty pool, running."""
    backed_up(filled, disk)
    whole = files(disk / filled)
    change(workspace(filled))
    backed_up(filled, disk)
    grown = {name: size for name, size in files(disk / filled).items() if name not in whole}
    assert len(whole) == len(grown) + 1 == 3
    assert sum(grown.values()) < LARGE / 4
    listed = second("backups", str(disk), "--json").data["backups"]
    assert [(one["name"], one["pieces"]) for one in listed] == [(filled, 4)]
    copy = received(second, disk, f"{filled}a")
    assert same(filled, copy) == []
    assert second("exec", f"{filled}a", "--", "cat", "/workspace/new").out == "new"
    assert second("exec", f"{filled}a", "--", "git", "--version").code == 0


def test_every_byte_comes_back_from_a_file(filled: str, disk: Path, second: Callable[..., Answer]) -> None:
    """One file has it all; and the next one takes its place only when it is whole."""
    place = disk / "it.zfs"
    backed_up(filled, place)
    change(workspace(filled))
    first = place.stat().st_ino
    backed_up(filled, place)
    assert place.stat().st_ino != first
    assert [one.name for one in disk.iterdir()] == ["it.zfs"]
    assert left_here(filled) == []
    assert same_files(filled, received(second, place, f"{filled}b"))


def same_files(first: str, copy: Path) -> bool:
    """Whether two /workspaces are the same but for whose they are."""
    ours = workspace(first)
    return told(ours, ours.stat().st_uid) == told(copy, copy.stat().st_uid)


@pytest.mark.usefixtures("_sshd")
def test_every_byte_comes_back_from_another_machine(filled: str, second: Callable[..., Answer]) -> None:
    """Over ssh there and back, with an increment; only data sets that stay unmounted are made there."""
    backed_up(filled, REMOTE)
    change(workspace(filled))
    backed_up(filled, REMOTE)
    assert second("backups", REMOTE, "--json").data["backups"][0]["name"] == filled
    copy = received(second, f"{REMOTE}/{filled}", f"{filled}c")
    ours = workspace(filled)
    assert differences(told(ours, ours.stat().st_uid), told(copy, copy.stat().st_uid)) == []
    left = host("zfs", "list", "-H", "-r", "-t", "all", "-o", "name,mounted", "second/backups").splitlines()
    assert len([one for one in left if "@" in one]) == 2
    assert not [one for one in left if one.endswith("yes")]


def until(happens: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_backup_whose_worker_is_killed_goes_on(
    filled: str, disk: Path, second: Callable[..., Answer]
) -> None:
    """It writes on in the file that it had begun, and what comes of it is whole."""
    number = asked("backup", filled, str(disk))
    folder = disk / filled
    until(lambda: any(one.stat().st_size > 1 << 20 for one in folder.glob("*.part")))
    (part,) = folder.glob("*.part")
    begun = (part.name.removesuffix(".part"), part.stat().st_ino)
    kill_worker()
    assert not (folder / "manifest.json").exists()
    assert second("backups", str(disk), "--json").data["backups"] == []
    assert until_ended(number)["state"] == "done"
    assert (folder / begun[0]).stat().st_ino == begun[1]
    assert len(files(folder)) == 3
    assert same(filled, received(second, disk, f"{filled}d")) == []


STATE_OF = ("systemctl", "show", "--property=ActiveState", "voxnix-second")


def second_worker() -> None:
    """Have the second node's operations run in a service of their own."""
    given = [f"--setenv={name}={value}" for name, value in SECOND.items()]
    argv = ["systemd-run", "--quiet", "--collect", "--unit=voxnix-second", *given]
    host(*argv, "--setenv=VOXNIX_EMBEDDED_WORKER=false", "/usr/local/bin/voxnix", "worker")


def test_a_receive_whose_node_is_killed_goes_on(
    filled: str, disk: Path, second: Callable[..., Answer]
) -> None:
    """What was received in part is received again; there is one container in the end, and it is whole."""
    backed_up(filled, disk)
    second_worker()
    number = second("receive", str(disk), "--as", f"{filled}e", "--no-wait", "--json").data["operation"]["id"]
    until(lambda: f"{filled}e"[:5] in host("zfs", "list", "-H", "-r", "-o", "name", "second"))
    time.sleep(0.3)
    host("systemctl", "kill", "--signal=KILL", "voxnix-second")
    until(
        lambda: "=active" not in subprocess.run(STATE_OF, capture_output=True, text=True, check=False).stdout
    )
    (before,) = [one for one in second("operations", "--json").data["operations"] if one["id"] == number]
    assert before["state"] == "running"
    second_worker()

    def ended() -> dict[str, Any]:
        return next(one for one in second("operations", "--json").data["operations"] if one["id"] == number)

    until(lambda: ended()["ended_at"], 240)
    host("systemctl", "stop", "voxnix-second")
    ended_so = ended()
    assert ended_so["state"] == "done", ended_so
    assert same(filled, WORKSPACES / ended_so["machine"]) == []


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("/srv/nowhere", "no such folder"),
        ("/proc/sys/kernel", "no place for a backup"),
        ("/var/lib/voxnix/workspaces", "no place for a backup"),
        ("/tank", "in the pool tank itself"),
        ("ssh://root@127.0.0.9/second/backups", "cannot be reached"),
    ],
)
def test_a_place_that_takes_no_backup_is_refused(dev: str, place: str, what: str) -> None:
    """With the reason, and nothing of it stays."""
    answer = voxnix("backup", dev, place, "--json")
    assert answer.code in {3, 4}
    assert what in json.dumps(answer.error)
    assert left_here(dev) == []


def test_a_full_disk_ends_a_backup_and_leaves_nothing(filled: str, tmp_path: Path) -> None:
    """An archive that does not fit is refused with numbers, or taken away again."""
    folder = tmp_path / "small"
    folder.mkdir()
    host("mount", "-t", "tmpfs", "-o", "size=200m", "small", str(folder))
    try:
        answer = voxnix("backup", filled, str(folder), "--json")
        assert answer.code == 3
        assert answer.error["code"] == "NoSpace"
        assert "MiB" in answer.error["why"]
        assert list(folder.iterdir()) == []
    finally:
        host("umount", str(folder))
    assert left_here(filled) == []


def test_a_damaged_piece_is_found_before_anything_is_made(
    filled: str, disk: Path, second: Callable[..., Answer]
) -> None:
    """One byte of a large file is enough."""
    backed_up(filled, disk)
    (piece,) = (disk / filled).glob("*.workspace.zfs")
    with piece.open("r+b") as file:
        file.seek(LARGE // 2)
        byte = file.read(1)
        file.seek(LARGE // 2)
        file.write(bytes([byte[0] ^ 1]))
    answer = second("receive", str(disk), "--as", f"{filled}f", "--json")
    assert answer.code == 3
    assert "workspace" in answer.error["why"]
    assert f"{filled}f" not in second("list", "--json").out


@pytest.mark.usefixtures("_sshd", "second")
def test_the_confined_worker_backs_up(filled: str, disk: Path) -> None:
    """To folders that it may not write itself, and with keys that it may not read."""
    programs = Path("/var/lib/voxnix/sandboxed-programs")
    programs.mkdir()
    cache = "Environment=PYTHONPYCACHEPREFIX=/tmp/pycache"
    sandbox = Sandbox("worker", zfs_on_the_host(programs), (cache, "KillMode=mixed"))
    assert sandbox.run("touch", str(disk / "x")).returncode != 0
    assert sandbox.run("ls", "/root/.ssh").returncode != 0
    host("systemctl", "stop", "voxnix-worker")
    unit = sandbox.start("backup", "/usr/local/bin/voxnix", "worker")
    try:
        until(lambda: voxnix("doctor", "--json").code == 0)
        backed_up(filled, disk)
        backed_up(filled, REMOTE)
    finally:
        subprocess.run(["systemctl", "stop", unit], check=False)
        shutil.rmtree(programs)
        host("systemctl", "start", "voxnix-worker")
    assert worker()
    assert len(files(disk / filled)) == 3
