"""What is in a box is real: systemd, ZFS, a bridge, a firewall, nix, and Voxnix's own packages."""

import json
import subprocess

from tests.box.command import run


def test_every_unit_is_well(box: str) -> None:
    """Systemd calls the system running, and names no failed unit."""
    answer = run(box, "systemctl", "is-system-running")
    assert answer.out.strip() == "running", run(box, "systemctl", "--failed", "--no-pager").out


def test_the_pool_is_there_and_clones(box: str) -> None:
    """A dataset, a snapshot and a clone with what was in it."""
    script = """
        zfs create tank/one && echo here > /tank/one/file &&
        zfs snapshot tank/one@now && zfs clone tank/one@now tank/two && cat /tank/two/file
        zfs destroy -r tank/two; zfs destroy -r tank/one
    """
    assert run(box, "sh", "-c", script).out == "here\n"


def test_the_firewall_and_the_bridge_are_up_before_any_guest(box: str) -> None:
    """The bridge has its address, the rules are loaded, and guests' units require them."""
    addresses = json.loads(run(box, "ip", "-j", "address", "show", "voxnix0").out)
    assert [entry["local"] for entry in addresses[0]["addr_info"]] == ["10.88.0.1"]
    rules = run(box, "nft", "list", "table", "inet", "voxnix").out
    assert "policy drop" in rules
    assert "masquerade" in rules
    required = run(box, "systemctl", "show", "-P", "Requires", "systemd-nspawn@x.service").out
    assert "nftables.service" in required
    # A second load replaces the first in one transaction.
    assert run(box, "nft", "-f", "/etc/nftables.conf").code == 0
    assert run(box, "nft", "list", "table", "inet", "voxnix").out == rules


def test_nix_builds(box: str) -> None:
    """A derivation is built without any network."""
    expression = """derivation {
        name = "hello"; system = builtins.currentSystem;
        builder = "/bin/sh"; args = [ "-c" "echo hello > $out" ];
    }"""
    answer = run(box, "sh", "-c", 'cat "$(nix-build --no-out-link --expr "$1")"', "sh", expression)
    assert answer.out == "hello\n", answer.err


def test_voxnix_packages_import(box: str) -> None:
    """The locked packages are there for the box's Python, and already compiled."""
    program = "import pydantic_ai, sqlalchemy, typer, rich, dbos; print('ok')"
    answer = run(box, "/opt/voxnix/venv/bin/python", "-c", program)
    assert answer.out == "ok\n", answer.err
    assert (
        run(
            box, "find", "/var/cache/voxnix/pycache", "-name", "*.pyc.*", "-newer", "/run/systemd/private"
        ).out
        == ""
    )


def test_the_checkout_cannot_be_written(box: str) -> None:
    """The box reads the code it runs from the checkout, and cannot change it."""
    assert run(box, "touch", "/opt/voxnix/src/x").code == 1
    assert run(box, "test", "-e", "/opt/voxnix/src/pyproject.toml").code == 0


def test_the_mirror_is_reached_as_this_machine_reaches_it(box: str) -> None:
    """Apt in the box reads the lists of the mirror that this machine uses."""
    answer = run(box, "apt-get", "update", "-q")
    assert answer.code == 0, answer.err
    assert "trixie" in answer.out


def test_this_machines_own_firewall_and_network_are_untouched(box: str) -> None:
    """No interface of the box is out here."""
    links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=False).stdout
    assert run(box, "ip", "-br", "link").out.count("voxnix0") == 1
    assert "voxnix0" not in links
    assert "uplink0" not in links
