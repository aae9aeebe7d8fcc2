"""The way back from a generation that does not work, with the timer of systemd; the systems are made up."""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "nix/host/appliance/way-back.sh"
STATE = Path("/var/lib/voxnix-way-back")
TIMER = "voxnix-way-back-armed.timer"


@dataclass
class Machine:
    """A machine that runs an old system."""

    folder: Path

    def run(self, *arguments: str) -> None:
        """Run the script; it has to go well."""
        environment = {
            "PATH": f"{self.folder}/programs:{os.environ['PATH']}",
            "VOXNIX_SYSTEM": str(self.folder / "current"),
        }
        subprocess.run(["bash", str(SCRIPT), *arguments], check=True, env=environment)

    @property
    def log(self) -> str:
        """What was done on it."""
        file = self.folder / "log"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def machine() -> Iterator[Machine]:
    """One whose system and whose Nix write down what they are asked; no timer is left at the end."""
    folder = Path("/var/lib/way-back-test")
    (folder / "old/bin").mkdir(parents=True)
    (folder / "programs").mkdir()
    (folder / "current").symlink_to(folder / "old")
    for program in ("old/bin/switch-to-configuration", "programs/nix-env", "programs/nix-store"):
        file = folder / program
        file.write_text(f'#!/bin/sh\necho "{file.name} $*" >> {folder}/log\n')
        file.chmod(0o755)
    yield Machine(folder)
    subprocess.run(["systemctl", "stop", TIMER], check=False, capture_output=True)
    subprocess.run(["rm", "-r", str(folder), str(STATE)], check=True)


def test_a_machine_that_nobody_confirms_goes_back_by_itself(machine: Machine) -> None:
    """The timer is systemd's, so it does not need who armed it."""
    machine.run("arm", "2")
    assert "switch-to-configuration" not in machine.log
    deadline = time.monotonic() + 20
    while "switch-to-configuration switch" not in machine.log:
        assert time.monotonic() < deadline, machine.log
        time.sleep(0.1)
    set_first = f"nix-env --profile /nix/var/nix/profiles/system --set {machine.folder}/old"
    assert machine.log.splitlines()[-2:] == [set_first, "switch-to-configuration switch"]


def test_a_machine_that_is_confirmed_stays(machine: Machine) -> None:
    """No timer is left, and no way back."""
    machine.run("arm", "2")
    machine.run("confirm")
    time.sleep(3)
    assert "switch-to-configuration" not in machine.log
    assert subprocess.run(["systemctl", "is-active", "--quiet", TIMER], check=False).returncode != 0
    assert not (STATE / "previous").is_symlink()
