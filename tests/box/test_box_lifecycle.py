"""Boxes come up, stand side by side, and go without a trace, however they end."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from scripts.boxes import cgroups
from scripts.boxes.kernels import Kernel
from scripts.boxes.places import Place, cache
from tests.box.command import box_command, run, up
from tests.box.conftest import KERNEL


def _traces(name: str) -> list[str]:
    """What is left of a box: processes, cgroups, folders."""
    place = Place.of(name)
    groups = [str(mount / place.group) for mount in cgroups.MOUNTS if (mount / place.group).exists()]
    folders = [str(place.folder)] if place.folder.exists() else []
    processes = subprocess.run(
        ["pgrep", "-f", f"machine={name} |umid={name} "], capture_output=True, text=True, check=False
    ).stdout.split()
    return groups + folders + processes


def test_a_box_comes_up_says_so_and_goes_without_a_trace(spare: str, kernel: Kernel) -> None:
    """up, up again, status, down, down again: each tells how it is, and down leaves nothing."""
    begun = time.monotonic()
    assert "is up" in up(spare, kernel).out
    assert kernel is Kernel.UML or time.monotonic() - begun < 10
    again = up(spare, kernel)
    assert again.code == 0
    assert "is up already" in again.out
    facts = json.loads(box_command("status", "--name", spare, "--json").out)
    assert facts["up"] is True
    assert facts["failed units"] == []
    assert facts["kernel"].startswith(kernel)
    assert facts["pool"].startswith("tank ONLINE")
    assert box_command("down", "--name", spare).code == 0
    assert _traces(spare) == []
    absent = box_command("down", "--name", spare)
    assert absent.code == 0
    assert "There is no box" in absent.out
    down = box_command("status", "--name", spare)
    assert down.code == 3
    assert "is down" in down.out


def test_boxes_stand_side_by_side(box: str, spare: str, kernel: Kernel) -> None:
    """Two boxes have a root, a pool and a network of their own."""
    assert up(spare, kernel).code == 0
    assert run(spare, "zfs", "create", "tank/mine").code == 0
    assert run(box, "zfs", "list", "tank/mine").code == 1
    assert run(spare, "touch", "/mine").code == 0
    assert run(box, "test", "-e", "/mine").code == 1


def test_down_ends_what_runs_in_the_box_whatever_it_does(spare: str, kernel: Kernel) -> None:
    """A process that ignores every signal it can is gone with its box."""
    assert up(spare, kernel).code == 0
    run(spare, "sh", "-c", "(trap '' TERM INT HUP; sleep 87654) >/dev/null 2>&1 & ")
    assert box_command("down", "--name", spare).code == 0
    assert _traces(spare) == []
    assert subprocess.run(["pgrep", "-fx", "sleep 87654"], check=False, capture_output=True).returncode == 1


def test_a_box_that_powers_off_by_itself_is_down_and_comes_up_anew(spare: str, kernel: Kernel) -> None:
    """After `poweroff` inside nothing runs; `up` starts afresh."""
    assert up(spare, kernel).code == 0
    run(spare, "touch", "/old")
    run(spare, "systemctl", "poweroff")
    _until(lambda: box_command("status", "--name", spare).code == 3)
    assert up(spare, kernel).code == 0
    assert run(spare, "test", "-e", "/old").code == 1


@pytest.mark.skipif(KERNEL is Kernel.UML, reason="its root lies in the memory of its own kernel")
def test_a_box_whose_power_is_cut_comes_up_on_what_it_had_written(spare: str, kernel: Kernel) -> None:
    """Nothing that ran goes on, whatever it does; files are there, the pool is mounted; a network too."""
    assert up(spare, kernel).code == 0
    run(spare, "touch", "/written")
    # A snapshot is on the disk once it was taken, and so is all that was written before.
    make = "zfs create tank/one && echo here >/tank/one/file && zfs snapshot tank/one@now"
    run(spare, "sh", "-c", make)
    run(spare, "sh", "-c", "(trap '' TERM INT HUP; sleep 76543) >/dev/null 2>&1 &")
    before = run(spare, "cat", "/proc/sys/kernel/random/boot_id").out
    assert box_command("cut", "--name", spare).code == 0
    assert run(spare, "cat", "/proc/sys/kernel/random/boot_id").out != before
    assert run(spare, "pgrep", "-fx", "sleep 76543").code == 1
    assert run(spare, "test", "-e", "/written").code == 0
    assert run(spare, "cat", "/tank/one/file").out == "here\n"
    assert run(spare, "ping", "-c", "1", "-W", "5", "10.0.2.2").code == 0
    assert json.loads(box_command("status", "--name", spare, "--json").out)["failed units"] == []
    assert box_command("down", "--name", spare).code == 0
    assert _traces(spare) == []


def test_the_power_of_a_box_that_is_down_cannot_be_cut(spare: str) -> None:
    """It says so, and how to start one."""
    refused = box_command("cut", "--name", spare)
    assert refused.code == 1
    assert "is not up" in refused.err


@pytest.mark.parametrize("broken", ["systemd-nspawn" if KERNEL is Kernel.HOST else "cp", "slirp4netns"])
def test_a_start_that_fails_leaves_nothing(spare: str, broken: str, tmp_path: Path, kernel: Kernel) -> None:
    """What runs the box and fails ends the start in words; without an uplink it comes up and says so."""
    fake = tmp_path / broken
    fake.write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n")
    fake.chmod(0o755)
    answer = up(spare, kernel, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert "it is broken" in answer.err
    assert "Traceback" not in answer.err
    if broken == "slirp4netns":
        assert answer.code == 0
        assert "it has no network" in answer.err
        assert run(spare, "true").code == 0
    else:
        assert answer.code == 1
        assert "did not come up" in answer.err
        assert _traces(spare) == []


def test_a_start_that_is_killed_leaves_nothing_that_the_next_one_trips_over(
    spare: str, kernel: Kernel
) -> None:
    """Kill -9 of `up` in the middle of a boot; the next `up` works, and `down` leaves nothing."""
    place = Place.of(spare)
    command = subprocess.Popen(
        [Path(__file__).parents[2] / "scripts/box", "up", "--kernel", kernel, "--name", spare],
        env={**os.environ, "VOXNIX_CACHE": str(cache())},
        stderr=subprocess.DEVNULL,
    )
    _until(place.console.exists)
    command.send_signal(signal.SIGKILL)
    command.wait()
    assert run(spare, "true").code == 125
    assert up(spare, kernel).code == 0
    assert box_command("down", "--name", spare).code == 0
    assert _traces(spare) == []


def test_a_recycled_process_id_is_never_entered(
    spare: str, sleeper: subprocess.Popen[bytes], kernel: Kernel
) -> None:
    """A state file whose process id now is another process's counts as no box."""
    assert up(spare, kernel).code == 0
    state = Place.of(spare).state
    lines = [
        f"leader={sleeper.pid}" if line.startswith("leader=") else line
        for line in state.read_text().splitlines()
    ]
    state.write_text("\n".join(lines) + "\n")
    assert run(spare, "true").code == 125
    assert box_command("down", "--name", spare).code == 0
    assert sleeper.poll() is None
    assert _traces(spare) == []


def _until(holds: object) -> None:
    deadline = time.monotonic() + 30
    assert callable(holds)
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
