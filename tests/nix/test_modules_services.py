"""The modules with services and secrets, as NixOS systems."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KEY_COMMENT = "planted-comment"
each_guest = pytest.mark.parametrize("name", ["plain", "own", "appliance"])


@pytest.fixture(scope="module")
def guests(evaluated: Callable[[str], Any]) -> dict[str, Any]:
    """What is asked of each guest, by its name in services.nix."""
    return evaluated("services.nix")


def lines(unit: str, key: str) -> list[str]:
    """The values of a key in the text of a unit."""
    return [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}=")]


@each_guest
def test_guests_are_sound(guests: dict[str, Any], name: str) -> None:
    """NixOS has nothing to object to a guest of these modules."""
    assert guests[name]["failed"] == []


def test_declared_ports_are_open(guests: dict[str, Any]) -> None:
    """The firewall opens the ports that options name, and no others."""
    assert guests["plain"]["open"] == {"tcp": [22, 7681, 8080], "udp": []}
    assert guests["own"]["open"] == {"tcp": [2222, 9000, 9001], "udp": []}
    assert guests["appliance"]["open"] == {"tcp": [], "udp": []}
    assert "--bind-addr 0.0.0.0:9000 " in guests["own"]["scripts"]["code-server"]
    assert guests["own"]["ssh-ports"] == [2222]


@each_guest
def test_credentials_are_declared(guests: dict[str, Any], name: str) -> None:
    """A service takes its secrets from credentials that its module declares, and from nowhere else."""
    modules = {
        "code-server": "code-server",
        "newt": "newt",
        "tailscale-enrol": "tailscale",
        "ttyd-gate": "ttyd",
    }
    declared = {
        "code-server": {"password"},
        "newt": {"id", "secret"},
        "tailscale": {"auth-key", "appliance-key"},
        "ttyd": {"password"},
    }
    for service, unit in guests[name]["units"].items():
        sources = {value.partition(":")[2] for value in lines(unit, "LoadCredential")}
        module = modules.get(service, "")
        assert sources <= {f"{module}.{secret}" for secret in declared.get(module, ())}, service
        assert bool(sources) == (service in modules), service
        assert not lines(unit, "EnvironmentFile")


def test_waiting_services_are_patient(guests: dict[str, Any]) -> None:
    """What lacks its secret comes again for ever, later and later, fails no boot and is not waited for."""
    for service in ("newt", "tailscale-enrol", "ttyd-gate"):
        unit = guests["own"]["units"][service]
        assert lines(unit, "StartLimitIntervalSec") == ["0"], service
        assert lines(unit, "RestartForceExitStatus") == lines(unit, "SuccessExitStatus") == ["75"], service
        assert lines(unit, "RestartMaxDelaySec") == ["15min"], service
        assert lines(unit, "Type") == ["exec"], service
        # systemd takes what remains after its exit for something that need not come again.
        assert not lines(unit, "RemainAfterExit"), service


@pytest.mark.parametrize("service", ["newt", "ttyd-gate"])
def test_network_services_are_hardened(guests: dict[str, Any], service: str) -> None:
    """What the network speaks to has a user, no rights, and a system that it cannot change."""
    unit = guests["plain"]["units"][service]
    assert lines(unit, "User") == ["ttyd-gate"] or lines(unit, "DynamicUser") == ["true"]
    assert lines(unit, "CapabilityBoundingSet") == [""]
    assert lines(unit, "ProtectSystem") == ["strict"]
    for key in ("NoNewPrivileges", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert lines(unit, key) == ["true"], key
    assert lines(unit, "UMask") == ["0077"]


def test_terminals_have_a_gate(guests: dict[str, Any]) -> None:
    """A terminal listens on a socket for the gate alone, refuses other pages, and may be for looking only."""
    commands = {
        name: shlex.split(lines(guests[name]["units"]["ttyd"], "ExecStart")[0]) for name in ("plain", "own")
    }
    for argv in commands.values():
        assert argv[argv.index("--interface") + 1] == "/run/ttyd/ttyd.sock"
        assert "--check-origin" in argv
        assert argv[-2:] == ["/run/current-system/sw/bin/zsh", "-l"]
    assert (
        "chown root:ttyd-gate /run/ttyd/ttyd.sock\nchmod 0660 /run/ttyd/ttyd.sock"
        in guests["plain"]["ttyd-socket"]
    )
    assert "--writable" in commands["plain"]
    assert "--writable" not in commands["own"]


def test_ssh_takes_keys_alone(guests: dict[str, Any]) -> None:
    """SSH lets in root with a key that was given, stripped of its comment, and nobody with a password."""
    settings = guests["own"]["sshd"]
    assert settings["AllowUsers"] == ["root"]
    assert settings["PermitRootLogin"] == "prohibit-password"
    assert settings["PasswordAuthentication"] is settings["KbdInteractiveAuthentication"] is False
    assert guests["own"]["users"]["root"]["keys"] == ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"]
    assert guests["plain"]["users"]["root"]["keys"] == []
    assert guests["own"]["host-keys"] == ["ed25519"]


def test_zsh_is_the_login_shell(guests: dict[str, Any]) -> None:
    """Root's shell is zsh, with what was asked for, and it asks nothing at the first login."""
    assert guests["plain"]["users"]["root"]["shell"] == "zsh"
    assert guests["plain"]["zsh"] == {"suggestions": True, "highlighting": True}
    assert guests["own"]["zsh"] == {"suggestions": False, "highlighting": False}
    assert "f /root/.zshrc 0644 root root -" in guests["plain"]["folders"]


def test_git_asks_gh(guests: dict[str, Any]) -> None:
    """Git gets its password for the host that gh is for."""
    for name, host in (("plain", "github.com"), ("own", "git.example.com")):
        [config] = guests[name]["git"]
        [(url, credential)] = config["credential"].items()
        assert url == f"https://{host}"
        assert re.fullmatch(r"!/nix/store/\S+/bin/gh auth git-credential", credential["helper"])


def test_one_unfree_package_is_let_in(guests: dict[str, Any]) -> None:
    """A module lets in the package that it names, and no other one without a free licence."""
    assert guests["own"]["unfree"] == {"by-name-alone": True, "claude-code": True, "other": False}


@each_guest
def test_agents_are_sandboxed(guests: dict[str, Any], name: str) -> None:
    """A coding agent is called by its own name, and runs as a user who sees one folder and has no rights."""
    called = {"plain": "opencode", "own": "claude", "appliance": "opencode"}[name]
    coder = guests[name]["users"]["coder"]
    assert (coder["home"], coder["uid"]) == ("/workspace/coder", 2000)
    assert "d /workspace/coder 0700 coder coder -" in guests[name]["folders"]
    command = guests[name]["commands"][called]
    words = shlex.split(command.partition("exec ")[2].replace("\\\n", " "))
    assert words[0].endswith("/bin/systemd-run")
    assert "--expand-environment=no" in words
    told = dict(
        word.removeprefix("--property=").split("=", 1) for word in words if word.startswith("--property=")
    )
    assert told["User"] == "coder"
    assert told["LoadCredential"] == "api-key:coding-agent.api-key"
    assert (told["TemporaryFileSystem"], told["BindPaths"]) == ("/workspace:ro,mode=0755", "/workspace/coder")
    assert told["ProtectSystem"] == "strict"
    assert told["CapabilityBoundingSet"] == ""
    assert {
        told[key] for key in ("NoNewPrivileges", "PrivateDevices", "ProtectHome", "RestrictNamespaces")
    } == {"yes"}
    assert {"-/run/dbus", "-/run/systemd/private", "-/run/tailscale"} <= set(
        told["InaccessiblePaths"].split()
    )
    assert words[-1] == "$@"


def test_a_system_knows_no_name(nix: str, nixpkgs: str, tmp_path: Path) -> None:
    """Neither a container's name nor what tells who somebody is gets into any derivation of its guest."""
    planted = "planted-k3x7q"
    spec = {
        "version": 1,
        "name": planted,
        "modules": ["coding-agent", "openssh", "tailscale"],
        "options": {"openssh": {"authorized-keys": [f"ssh-ed25519 AAAAC3Nz {KEY_COMMENT}@laptop"]}},
    }
    argv = [nix, "--store", str(tmp_path), str(ROOT / "nix/lib"), "--attr", "guest"]
    argv += ["--argstr", "nixpkgs", nixpkgs, "--argstr", "spec", json.dumps(spec)]
    argv += ["--arg", "overlays", f"import {ROOT / 'tests/nix/pruned.nix'}"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert answer.returncode == 0, answer.stderr
    derivations = list((tmp_path / "nix/store").glob("*.drv"))
    texts = [file.read_text(errors="replace") for file in derivations]
    assert any("AAAAC3Nz" in text for text in texts)
    assert not [
        one for one, text in zip(derivations, texts, strict=True) if planted in text or KEY_COMMENT in text
    ]
