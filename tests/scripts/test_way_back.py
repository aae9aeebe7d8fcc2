"""A new generation that does not prove itself is left again; what runs on the machine for that."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scripts.programs import Programs

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "nix/host/appliance/way-back.sh"
ACTIVE = ("systemctl", "is-active", "--quiet", "voxnix-worker.service")
DOCTOR = ("voxnix", "doctor", "--json")
DISARM = ("systemctl", "stop", "voxnix-way-back-armed.timer")


@dataclass
class Machine:
    """A machine with an old system and a new one; it runs the old one at first."""

    folder: Path
    programs: Programs

    @property
    def previous(self) -> Path:
        """What it goes back to, while it may."""
        return self.folder / "state/previous"

    @property
    def path(self) -> str:
        """The PATH of the script."""
        return f"{self.programs.folder}:/usr/bin:/bin"

    def system(self, name: str) -> Path:
        """A system, which writes down that it was switched to."""
        return self.folder / name

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        environment = {
            "PATH": self.path,
            "VOXNIX_WAY_BACK": str(self.folder / "state"),
            "VOXNIX_SYSTEM": str(self.folder / "current"),
            "VOXNIX_PROFILE": "/profile",
        }
        argv = ["/bin/bash", str(SCRIPT), *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30, env=environment)

    def switched(self) -> list[str]:
        """To which systems it was switched."""
        log = self.folder / "switched"
        return log.read_text().split() if log.exists() else []

    def arm(self) -> subprocess.CompletedProcess[str]:
        """Arm the way back to the old system, for five minutes."""
        answer, old = self.programs.answer, str(self.system("old"))
        answer("nix-store", "--realise", old, "--add-root", str(self.previous))
        answer(*DISARM)
        answer("systemctl", "reset-failed", "voxnix-way-back-armed.service")
        timer = ("--unit=voxnix-way-back-armed", "--on-active=300", "--timer-property=AccuracySec=1s")
        command = ("--", "/bin/bash", str(SCRIPT), "back")
        answer("systemd-run", "--quiet", *timer, f"--setenv=PATH={self.path}", *command)
        return self.run("arm", "300")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One that is well so far."""
    programs = Programs(tmp_path / "programs")
    programs.put("systemctl", "systemd-run", "nix-env", "nix-store", "voxnix")
    for name in ("old", "new"):
        program = tmp_path / name / "bin/switch-to-configuration"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\necho "{name}:$1" >> {tmp_path}/switched\n')
        program.chmod(0o755)
    (tmp_path / "current").symlink_to(tmp_path / "old")
    return Machine(tmp_path, programs)


def test_arming_keeps_what_runs_and_starts_a_timer_of_no_generation(machine: Machine) -> None:
    """The old system cannot be collected meanwhile, and no switch stops the timer."""
    armed = machine.arm()
    assert armed.returncode == 0, armed.stderr
    assert machine.previous.resolve() == machine.system("old")
    assert machine.programs.unanswered() == []


@pytest.mark.parametrize("seconds", ["", "0", "soon", "-1"])
def test_arming_wants_a_time(machine: Machine, seconds: str) -> None:
    """Without one nothing is written down."""
    assert "number of seconds" in machine.run("arm", seconds).stderr
    assert not machine.previous.exists()


def test_confirming_takes_the_way_back_away(machine: Machine) -> None:
    """The timer is stopped, and nothing goes back afterwards."""
    machine.arm()
    machine.programs.answer(*DISARM)
    assert machine.run("confirm").returncode == 0
    assert "there is no generation to go back to" in machine.run("back").stderr
    assert machine.switched() == []


def test_going_back_switches_to_the_system_before(machine: Machine) -> None:
    """Its profile is set first, so that the next boot has it too; once is enough."""
    machine.arm()
    machine.programs.answer("nix-env", "--profile", "/profile", "--set", str(machine.system("old")))
    machine.programs.answer(*DISARM)
    assert machine.run("back").returncode == 0
    assert machine.switched() == ["old:switch"]
    assert not machine.previous.is_symlink()


def test_a_generation_that_works_is_kept_after_a_restart(machine: Machine) -> None:
    """The worker runs, and the doctor finds nothing."""
    machine.arm()
    for argv in (ACTIVE, DOCTOR, DISARM):
        machine.programs.answer(*argv)
    assert machine.run("decide").returncode == 0
    assert machine.switched() == []
    assert not machine.previous.is_symlink()


@pytest.mark.parametrize(
    ("broken", "said"), [(ACTIVE, "voxnix-worker does not run"), (DOCTOR, "pool: FAULTED")]
)
def test_a_generation_that_does_not_work_is_left_after_a_restart(
    machine: Machine, broken: tuple[str, ...], said: str
) -> None:
    """Where the worker does not run, or the doctor is not content; what is wrong is said."""
    machine.arm()
    for argv in (ACTIVE, DOCTOR):
        machine.programs.answer(*argv, code=4 if argv == broken else 0, out="pool: FAULTED\n")
    machine.programs.answer("nix-env", "--profile", "/profile", "--set", str(machine.system("old")))
    machine.programs.answer(*DISARM)
    done = machine.run("decide")
    assert done.returncode == 0
    assert said in done.stderr
    assert machine.switched() == ["old:switch"]


@pytest.mark.parametrize(
    ("memory", "percent", "limit"),
    [("16384000", "25", 4194304000), ("16384000", "50", 8388608000), ("1000000", "25", 536870912)],
)
def test_zfs_may_keep_a_share_of_the_memory(tmp_path: Path, memory: str, percent: str, limit: int) -> None:
    """Of whatever the machine has, and at least half a gibibyte."""
    meminfo, parameter = tmp_path / "meminfo", tmp_path / "zfs_arc_max"
    meminfo.write_text(f"MemTotal:       {memory} kB\nMemFree:        1 kB\n")
    argv = ["/bin/sh", str(ROOT / "nix/host/arc.sh"), percent, str(meminfo), str(parameter)]
    subprocess.run(argv, check=True, capture_output=True)
    assert int(parameter.read_text()) == limit
