"""The worker's promises: a crash in the middle ends as it was asked."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from agent.core.workload import ContainerSpec
from agent.host.node import LocalNode
from agent.services.catalogue import Catalogue
from agent.services.guests.debian import DebianGuests
from agent.settings import load
from tests.box.inside.product import destroy, empty_trash, gone, host, left_of, machine_of, voxnix


def worker() -> int:
    """The process id of the running worker."""
    return int(host("systemctl", "show", "voxnix-worker", "--property=MainPID", "--value"))


def kill_worker() -> None:
    """As the out-of-memory killer does it."""
    host("kill", f"-{signal.SIGKILL}", str(worker()))


@contextlib.contextmanager
def mirror_gone() -> Generator[None]:
    """While this lasts, no package can be fetched."""
    chain = "type filter hook output priority -5; oifname != lo tcp dport { 80, 443 } reject;"
    rules = f"table inet test {{ chain out {{ {chain} }}; }}"
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        host("nft", "delete", "table", "inet", "test")


def builds() -> set[str]:
    """The process ids of image builds."""
    return set(
        subprocess.run(["pgrep", "mmdebstrap"], capture_output=True, text=True, check=False).stdout.split()
    )


def state_of(number: int) -> dict[str, Any]:
    """An operation as it stands."""
    return next(one for one in voxnix("operations", "--json").data["operations"] if one["id"] == number)


def until_ended(number: int, seconds: float = 240) -> dict[str, Any]:
    """An operation at its end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        operation = state_of(number)
        if operation["ended_at"] is not None:
            return operation
        time.sleep(0.2)
    raise AssertionError(f"operation {number} did not end: {state_of(number)}")


def asked(*arguments: str) -> int:
    """Ask for a change, do not wait, and tell its operation's number."""
    answer = voxnix(*arguments, "--no-wait", "--json")
    assert answer.code == 0, answer
    return answer.data["operation"]["id"]


def forget_image(module: str) -> None:
    """Take a module's image out of every cache, so that it has to be built."""
    settings = load(debian_sources="/etc/apt/sources.list")
    catalogue = Catalogue()
    composition = catalogue.compose(ContainerSpec(name="any", modules=(module,)))
    empty_trash()
    digest = DebianGuests(settings, LocalNode("box"), catalogue).digest(composition)
    (Path("/var/cache/voxnix/images") / f"{digest}.tar.zst").unlink(missing_ok=True)
    for dataset in reversed(host("zfs", "list", "-H", "-o", "name", "-r", "tank").splitlines()):
        if digest in dataset:
            destroy(dataset)


def test_a_kill_in_the_middle_of_a_create_ends_with_the_container_running(fresh: str) -> None:
    """While the image is built: systemd starts the worker again, which resumes. The old build is dead."""
    forget_image("git")
    number = asked("create", fresh, "git")
    deadline = time.monotonic() + 60
    while not builds():
        assert time.monotonic() < deadline, state_of(number)
        time.sleep(0.05)
    time.sleep(2)
    killed, at_work = worker(), builds()
    assert state_of(number)["state"] == "running"
    kill_worker()
    time.sleep(0.5)
    assert not at_work & builds()
    assert until_ended(number)["state"] == "done"
    assert worker() != killed
    assert voxnix("exec", fresh, "--", "git", "--version").code == 0
    asked_for = [one for one in voxnix("operations", "--json").data["operations"] if one["workload"] == fresh]
    assert [one["id"] for one in asked_for] == [number]


def test_a_mirror_that_cannot_be_reached_is_said_and_nothing_is_left(fresh: str) -> None:
    """Exit code 4, a sentence, and neither a container nor half an image."""
    forget_image("fish")
    images = host("zfs", "list", "-H", "-o", "name", "-r", "tank/images")
    with mirror_gone():
        answer = voxnix("create", fresh, "fish", "--json")
    assert answer.code == 4
    assert answer.error["code"] == "MirrorUnreachable"
    assert voxnix("status", fresh, "--json").error["code"] == "UnknownWorkload"
    assert host("zfs", "list", "-H", "-o", "name", "-r", "tank/images") == images


def test_a_build_that_is_killed_is_said_and_nothing_is_left(fresh: str) -> None:
    """Exit code 4, a sentence, no container; and the next try goes well."""
    forget_image("fish")
    images = host("zfs", "list", "-H", "-o", "name", "-r", "tank/images")
    number = asked("create", fresh, "fish")
    deadline = time.monotonic() + 60
    while not builds():
        assert time.monotonic() < deadline, state_of(number)
        time.sleep(0.05)
    host("pkill", "-KILL", "mmdebstrap")
    failed = until_ended(number)
    assert failed["state"] == "failed"
    assert failed["problem"]["code"] == "BuildFailed"
    assert voxnix("status", fresh, "--json").error["code"] == "UnknownWorkload"
    assert host("zfs", "list", "-H", "-o", "name", "-r", "tank/images") == images
    assert list(Path("/var/cache/voxnix/images").glob("*.build")) == []


def test_a_failed_create_leaves_what_stood_before(fresh: str) -> None:
    """Storage under the same name that this operation did not make is not touched."""
    assert voxnix("create", fresh, "git", "fish").code == 0
    machine = machine_of(fresh)
    gone(fresh)
    dataset = f"tank/users/admin/workloads/{machine}"
    host("zfs", "create", "-p", "-o", "mountpoint=/srv/old", dataset)
    host("sh", "-c", "echo precious > /srv/old/file")
    try:
        answer = voxnix("create", fresh, "git", "fish", "--json")
        assert answer.code == 3
        assert answer.error["code"] == "NameInUse"
        assert host("cat", "/srv/old/file") == "precious\n"
    finally:
        destroy(dataset)
    assert left_of(machine) == []


def test_without_a_worker_the_person_is_told(fresh: str) -> None:
    """The command waits no longer than it takes to be sure, and the operation is kept for the worker."""
    host("systemctl", "stop", "voxnix-worker")
    try:
        answer = voxnix("create", fresh, "git", "fish", "--json")
        assert (answer.code, answer.error["code"]) == (4, "WorkerAbsent")
        assert voxnix("doctor", "--json").code == 4
    finally:
        host("systemctl", "start", "voxnix-worker")
    newest = voxnix("operations", "--json").data["operations"][0]
    assert until_ended(newest["id"])["state"] == "done"


def test_a_pool_without_room_is_refused_before_anything_is_made(fresh: str) -> None:
    """With numbers, exit code 3, and no trace."""
    room = int(host("zfs", "get", "-Hp", "-o", "value", "available", "tank")) - (512 << 20)
    host("zfs", "create", "-o", "mountpoint=none", "-o", f"reservation={room}", "tank/hog")
    try:
        answer = voxnix("create", fresh, "git", "fish", "--json")
        assert (answer.code, answer.error["code"]) == (3, "NoSpace")
        assert "MiB" in answer.error["what"]
    finally:
        destroy("tank/hog")
    assert voxnix("list", "--json").code == 0
