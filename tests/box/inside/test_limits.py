"""A container has what its limits allow and no more, where the kernel of the box lets limits hold."""

import subprocess
from pathlib import Path

import pytest

from tests.box.inside.product import host, machine_of, voxnix

CONTROLLERS = Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()


def _limited(name: str, **limits: str) -> str:
    """Set limits of a running container, and return its unit."""
    unit = f"systemd-nspawn@{machine_of(name)}.service"
    settings = [f"{limit}={value}" for limit, value in limits.items()]
    subprocess.run(["systemctl", "set-property", "--runtime", unit, *settings], check=True)
    return unit


def _events(unit: str, file: str) -> dict[str, int]:
    text = Path(
        "/sys/fs/cgroup", host("systemctl", "show", "-P", "ControlGroup", unit).strip()[1:], file
    ).read_text()
    return {key: int(value) for key, value in (line.split() for line in text.splitlines())}


@pytest.mark.skipif("memory" not in CONTROLLERS, reason="the cgroup of this box has no memory controller")
def test_who_takes_more_memory_than_allowed_is_ended(fresh: str) -> None:
    """The program is killed, inside, and the container goes on."""
    assert voxnix("create", fresh, "git", "fish").code == 0
    unit = _limited(fresh, MemoryMax="100M", MemorySwapMax="0")
    answer = voxnix("exec", fresh, "--", "sh", "-c", "head -c 400M /dev/zero | tail -c 300M | wc -c")
    # systemd ends what is left of the command, so that how far it came is chance.
    assert (answer.code, "314572800" in answer.out) == (1, False)
    assert _events(unit, "memory.events")["oom_kill"] >= 1
    assert voxnix("exec", fresh, "--", "echo", "well").out == "well\n"


@pytest.mark.skipif("pids" not in CONTROLLERS, reason="the cgroup of this box has no pids controller")
def test_who_starts_more_processes_than_allowed_is_refused(fresh: str) -> None:
    """Beyond the limit nothing can be started, and what had been goes on."""
    assert voxnix("create", fresh, "git", "fish").code == 0
    unit = _limited(fresh, TasksMax="60")
    many = "i=0; while [ $i -lt 80 ]; do sleep 20 & i=$((i + 1)); done; echo all"
    assert "all" not in voxnix("exec", fresh, "--", "sh", "-c", many).out
    assert _events(unit, "pids.events")["max"] > 0
    assert voxnix("exec", fresh, "--", "echo", "well").out == "well\n"
