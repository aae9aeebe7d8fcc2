"""Installing, updating and looking at an appliance, with the programs that do it replaced by strict ones."""

import os
import pty
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scripts.programs import Programs

ROOT = Path(__file__).parents[2]
OPTIONS = ("BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=6")
SSH = ("ssh", *(word for option in OPTIONS for word in ("-o", option)))
NIX = ("nix", "--extra-experimental-features", "nix-command flakes")
CONFIG = ".#nixosConfigurations.web.config"
ADMIN = "admin@192.0.2.10"
OLD, NEW = "/nix/store/old-system", "/nix/store/new-system"
POPULAR = '{"popular": [{"times": 2, "modules": ["git"], "options": {}}]}'
SWITCH = f"sudo {NEW}/bin/switch-to-configuration switch"


@dataclass
class Checkout:
    """A checkout with the host “web”, and the fakes that its scripts find."""

    root: Path
    programs: Programs

    def run(self, script: str, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a script; with something typed, on a terminal."""
        environment = {
            "PATH": f"{self.programs.folder}:/usr/bin:/bin",
            "HOME": str(self.root),
            "VOXNIX_DEPLOY_PAUSE": "0",
            "LC_ALL": "C.UTF-8",
        }
        argv = [str(self.root / "scripts/deploy" / script), *arguments]
        ours, theirs = pty.openpty()
        if typed is not None:
            os.write(ours, f"{typed}\n".encode())
        try:
            return subprocess.run(
                argv,
                stdin=subprocess.DEVNULL if typed is None else theirs,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                env=environment,
            )
        finally:
            os.close(ours)
            os.close(theirs)

    def on(
        self, command: str, code: int = 0, out: str = "", *, target: str = ADMIN, always: bool = False
    ) -> None:
        """Write down what the host answers to one command."""
        words = "".join(f"{word} " for word in shlex.split(command)).replace(",", "\\,")
        self.programs.answer(*SSH, target, "--", words, code=code, out=out, always=always)

    def told(self, *parts: str) -> bool:
        """Whether a program was called with all of these parts in its arguments."""
        return any(all(part in " ".join(call) for part in parts) for call in self.programs.calls())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Of the scripts and one host, known to git."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "scripts/deploy", root / "scripts/deploy")
    shutil.copytree(ROOT / "nix/hosts/appliance", root / "nix/hosts/web")
    (root / "nix/hosts/web/keys.nix").write_text("[ ]\n")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    programs = Programs(tmp_path / "programs")
    programs.put("nix", "ssh", "nixos-anywhere", "agenix")
    return Checkout(root, programs)


@pytest.fixture
def patience() -> str:
    """How long the host waits to be confirmed, s: far longer than a busy machine needs to run the script."""
    return "600"


@pytest.fixture
def reachable(checkout: Checkout, patience: str) -> Checkout:
    """A host that evaluates, answers, and has room; it runs an older system."""
    answer = checkout.programs.answer
    answer(*NIX, "eval", "--raw", f"{CONFIG}.system.build.toplevel.drvPath", out="/nix/store/x.drv")
    answer(*NIX, "eval", "--raw", f"{CONFIG}.services.voxnix.appliance.target", out=ADMIN)
    answer(*NIX, "eval", "--raw", f"{CONFIG}.services.voxnix.appliance.confirmSeconds", out=patience)
    checkout.on("readlink -f /run/current-system", out=f"{OLD}\n")
    checkout.on("df --output=avail --block-size=1M /nix/store", out="Avail\n  9000\n")
    checkout.on("sudo voxnix images popular --json", out=POPULAR)
    toplevel = f"{CONFIG}.system.build.toplevel"
    answer(*NIX, "build", "--no-link", "--print-out-paths", toplevel, out=f"{NEW}\n")
    return checkout


@pytest.fixture
def armed(reachable: Checkout, patience: str) -> Checkout:
    """One that has the new system, and a way back."""
    copy = ("copy", "--substitute-on-destination", "--to", f"ssh-ng://{ADMIN}", NEW)
    reachable.programs.answer(*NIX, *copy)
    reachable.on(f"nix store diff-closures {OLD} {NEW}", out="voxnix: 0.1.0 → 0.2.0\n")
    reachable.on(f"sudo voxnix-way-back arm {patience}")
    reachable.on(f"sudo nix-env --profile /nix/var/nix/profiles/system --set {NEW}")
    return reachable


def test_a_deploy_that_works_is_confirmed_and_says_what_changed(armed: Checkout) -> None:
    """It arms the way back before it switches, and asks until the host is well."""
    armed.on(SWITCH)
    armed.on("sudo voxnix-way-back check", 1)
    armed.on("sudo voxnix-way-back check")
    armed.on("sudo voxnix-way-back confirm")
    done = armed.run("deploy", "web")
    assert done.returncode == 0, done.stderr
    assert "voxnix: 0.1.0 → 0.2.0" in done.stderr
    assert "✓ “web” runs the new generation, and works." in done.stderr
    assert armed.programs.unanswered() == []


def test_what_people_make_is_built_along(armed: Checkout) -> None:
    """It is written into the host's folder, where git and so the flake see it, before anything is built."""
    armed.on(SWITCH)
    armed.on("sudo voxnix-way-back check")
    armed.on("sudo voxnix-way-back confirm")
    assert armed.run("deploy", "web").returncode == 0
    assert (armed.root / "nix/hosts/web/popular.json").read_text() == f"{POPULAR}\n"
    listed = subprocess.run(["git", "ls-files"], cwd=armed.root, capture_output=True, text=True, check=True)
    assert "nix/hosts/web/popular.json" in listed.stdout
    order = [" ".join(call) for call in armed.programs.calls()]
    asked = next(at for at, call in enumerate(order) if "popular" in call)
    assert asked < next(at for at, call in enumerate(order) if "--no-link" in call)


def test_a_machine_that_cannot_tell_what_people_make_is_deployed(armed: Checkout) -> None:
    """The first deploy of one that has an older Voxnix, for instance."""
    asked = next(one for one in armed.programs.script if one["out"] == POPULAR)
    asked["code"] = 2
    armed.on(SWITCH)
    armed.on("sudo voxnix-way-back check")
    armed.on("sudo voxnix-way-back confirm")
    done = armed.run("deploy", "web")
    assert done.returncode == 0, done.stderr
    assert "cannot be told" in done.stderr
    assert not (armed.root / "nix/hosts/web/popular.json").exists()


@pytest.mark.parametrize("patience", ["2"])
def test_a_generation_that_does_not_work_is_left(armed: Checkout) -> None:
    """The host goes back, and the person is told where to look."""
    armed.on(SWITCH)
    armed.on("sudo voxnix-way-back check", 1, always=True)
    armed.on("sudo voxnix-way-back back")
    done = armed.run("deploy", "web")
    assert done.returncode == 1
    assert "the new generation does not work" in done.stderr
    assert "back at the generation before" in done.stderr
    assert "just logs web" in done.stderr
    assert not armed.told("voxnix-way-back confirm")


def test_a_switch_that_fails_is_undone_at_once(armed: Checkout) -> None:
    """Nobody waits for a health that cannot come."""
    armed.on(SWITCH, 4)
    armed.on("sudo voxnix-way-back back")
    done = armed.run("deploy", "web")
    assert done.returncode == 1
    assert "switching failed with exit code 4" in done.stderr
    assert not armed.told("voxnix-way-back check")


def test_a_connection_that_breaks_while_it_switches_is_no_failure(armed: Checkout) -> None:
    """The network may be set up anew; how the host is counts."""
    armed.on(SWITCH, 255)
    armed.on("sudo voxnix-way-back check")
    armed.on("sudo voxnix-way-back confirm")
    assert armed.run("deploy", "web").returncode == 0


@pytest.mark.parametrize("patience", ["2"])
def test_a_host_that_is_lost_goes_back_by_itself(armed: Checkout) -> None:
    """It cannot be asked any more, and the person is told how long it takes."""
    armed.on(SWITCH, 255)
    armed.on("sudo voxnix-way-back check", 255, always=True)
    armed.on("sudo voxnix-way-back back", 255)
    done = armed.run("deploy", "web")
    assert done.returncode == 1
    assert "it does so by itself within 2 s" in done.stderr


def test_nothing_is_switched_without_a_way_back(reachable: Checkout) -> None:
    """The host is left as it is where the way back cannot be prepared."""
    reachable.programs.answer(*NIX, "copy", "--substitute-on-destination", "--to", f"ssh-ng://{ADMIN}", NEW)
    reachable.on(f"nix store diff-closures {OLD} {NEW}", 1)
    reachable.on("sudo voxnix-way-back arm 600", 1)
    done = reachable.run("deploy", "web")
    assert done.returncode == 1
    assert "it was not touched" in done.stderr
    assert not reachable.told("switch-to-configuration")


def test_a_host_that_is_up_to_date_is_only_looked_at(checkout: Checkout, reachable: Checkout) -> None:
    """Nothing is copied or switched."""
    reachable.programs.script[-1]["out"] = f"{OLD}\n"
    reachable.on("sudo voxnix-way-back check")
    done = checkout.run("deploy", "web")
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stderr
    assert not reachable.told("copy")


def test_a_machine_that_does_not_evaluate_is_not_contacted(checkout: Checkout) -> None:
    """A placeholder, for example: Nix's own sentence is shown, and no ssh is tried."""
    sentence = "adminKeys still has the placeholder"
    argv = (*NIX, "eval", "--raw", f"{CONFIG}.system.build.toplevel.drvPath")
    checkout.programs.answer(*argv, code=1, err=sentence)
    done = checkout.run("deploy", "web")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Nothing was changed" in done.stderr
    assert not checkout.told("ssh")


def test_a_host_without_room_is_told_how_to_make_some(reachable: Checkout) -> None:
    """Before anything is built."""
    del reachable.programs.script[-3:]
    reachable.on("df --output=avail --block-size=1M /nix/store", out="Avail\n  100\n")
    done = reachable.run("deploy", "web")
    assert done.returncode == 1
    assert "only 100 MiB left" in done.stderr
    assert "nix-collect-garbage" in done.stderr
    assert not reachable.told("--no-link")


@pytest.mark.parametrize("script", ["deploy", "provision", "logs"])
def test_a_host_that_is_not_there_is_named(checkout: Checkout, script: str) -> None:
    """With the way to make one; a name that is none never becomes a path."""
    assert "there is no host “nobody”" in checkout.run(script, "nobody").stderr
    assert "give the name of a host" in checkout.run(script, "../web").stderr
    assert checkout.programs.calls() == []


def test_a_host_that_git_does_not_know_is_refused(checkout: Checkout) -> None:
    """Nix would not see it, and say something else."""
    shutil.copytree(checkout.root / "nix/hosts/web", checkout.root / "nix/hosts/new")
    assert "git add nix/hosts/new" in checkout.run("deploy", "new").stderr


def test_a_program_that_is_missing_is_named(checkout: Checkout) -> None:
    """With the shell that has it."""
    (checkout.programs.folder / "nixos-anywhere").unlink()
    done = checkout.run("provision", "web", "192.0.2.9")
    assert done.returncode == 1
    assert "nixos-anywhere is not installed" in done.stderr
    assert "nix develop" in done.stderr


@pytest.fixture
def bare(checkout: Checkout) -> Checkout:
    """A machine that is booted from an installer, with the disk that is asked for."""
    answer, root = checkout.programs.answer, "root@192.0.2.9"
    answer(*NIX, "eval", "--raw", f"{CONFIG}.system.build.toplevel.drvPath", out="/nix/store/x.drv")
    checkout.on("true", target=root)
    listed = ("--apply", 'builtins.concatStringsSep "\\n"', f"{CONFIG}.services.voxnix.appliance.disks")
    answer(*NIX, "eval", "--raw", *listed, out="/dev/disk/by-id/a")
    checkout.on("test -b /dev/disk/by-id/a", target=root)
    checkout.on(
        "lsblk --output NAME,SIZE,MODEL,SERIAL,FSTYPE,MOUNTPOINTS", out="sda 1T Precious\n", target=root
    )
    return checkout


def installer(checkout: Checkout) -> list[list[str]]:
    """How nixos-anywhere was called."""
    return [call for call in checkout.programs.calls() if call[0] == "nixos-anywhere"]


def test_provisioning_erases_nothing_without_a_terminal(bare: Checkout) -> None:
    """It shows what would be lost, and ends instead of waiting."""
    done = bare.run("provision", "web", "192.0.2.9")
    assert done.returncode == 1
    assert "Precious" in done.stderr
    assert "on a terminal" in done.stderr
    assert installer(bare) == []


@pytest.mark.parametrize("typed", ["y", "yes", "webb", ""])
def test_provisioning_erases_nothing_for_another_word(bare: Checkout, typed: str) -> None:
    """Only the host's own name goes on."""
    done = bare.run("provision", "web", "192.0.2.9", typed=typed)
    assert done.returncode == 1
    assert "that was not “web”" in done.stderr
    assert installer(bare) == []
    assert not (bare.root / "nix/hosts/web/machine.pub").exists()


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen on PATH")
def test_provisioning_installs_once_the_name_is_typed(bare: Checkout) -> None:
    """With a key of the machine's own, whose public half is kept; the private one is nowhere afterwards."""
    fake = bare.programs.folder / "nixos-anywhere"
    kept = bare.programs.folder / "kept"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {kept}.argv\ncp -r "$4" {kept}\n')
    done = bare.run("provision", "web", "192.0.2.9", typed="web")
    assert done.returncode == 0, done.stderr
    argv = Path(f"{kept}.argv").read_text().split()
    assert [*argv[:3], *argv[4:]] == ["--flake", ".#web", "--extra-files", "--target-host", "root@192.0.2.9"]
    public = (bare.root / "nix/hosts/web/machine.pub").read_text()
    assert public == (kept / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    assert (kept / "etc/ssh/ssh_host_ed25519_key").stat().st_mode & 0o077 == 0
    assert not Path(argv[3]).exists()
    assert not [
        file for file in bare.root.rglob("*") if file.is_file() and b"OPENSSH PRIVATE" in file.read_bytes()
    ]


def test_a_disk_that_the_machine_lacks_is_named(bare: Checkout) -> None:
    """Before anybody is asked."""
    bare.programs.script[-2]["code"] = 1
    bare.programs.answer("never")
    done = bare.run("provision", "web", "192.0.2.9", typed="web")
    assert done.returncode == 1
    assert "has no disk /dev/disk/by-id/a" in done.stderr


def test_a_secret_is_edited_where_its_rules_are(checkout: Checkout) -> None:
    """The file is named as the rules name it."""
    checkout.programs.answer("agenix", "--edit", "hosts/web/secrets/voxnix.age")
    assert checkout.run("secrets", "edit", "web").returncode == 0
    assert "it is voxnix or tailscale" in checkout.run("secrets", "edit", "web", "other").stderr


def test_a_secret_that_nobody_could_read_is_not_written(checkout: Checkout) -> None:
    """While a placeholder stands for the administrator's key."""
    (checkout.root / "nix/hosts/web/keys.nix").write_text('[ "ssh-ed25519 REPLACE-ME" ]\n')
    assert "still has a placeholder" in checkout.run("secrets", "edit", "web").stderr
    assert checkout.programs.calls() == []


def test_secrets_are_encrypted_anew(checkout: Checkout) -> None:
    """And where agenix fails, the person is told what it wants."""
    checkout.programs.answer("agenix", "--rekey")
    assert checkout.run("secrets", "rekey").returncode == 0
    done = checkout.run("secrets", "rekey")
    assert done.returncode == 1
    assert "private key" in done.stderr


def test_logs_are_those_of_voxnix(checkout: Checkout) -> None:
    """As they come; or as the options of journalctl ask for."""
    target = (*NIX, "eval", "--raw", f"{CONFIG}.services.voxnix.appliance.target")
    checkout.programs.answer(*target, out=ADMIN, always=True)
    argv = (*SSH, ADMIN, "--", "sudo journalctl --unit=voxnix-\\* --lines=100 --follow ")
    checkout.programs.answer(*argv, out="worker: hello\n")
    assert checkout.run("logs", "web").stdout == "worker: hello\n"
    checkout.programs.answer(*SSH, ADMIN, "--", "sudo journalctl --unit=voxnix-\\* --since today ")
    assert checkout.run("logs", "web", "--since", "today").returncode == 0
