"""The worker's rules and the ``nix`` guest builder: the daemon builds, as the store is read-only."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.host.node import LocalNode
from agent.host.nspawn import Nspawn
from tests.box.inside.product import host
from tests.box.inside.sandbox import Sandbox, zfs_on_the_host
from tests.box.inside.systems import BUSYBOX, FAKES, extra_container_on_path
from tests.box.inside.test_nix_guests import Appliance
from tests.contract.images import image
from tests.contract.place import Place

FOLDER = Path("/var/lib/voxnix/sandboxed-nix")
DAEMON = "sandboxed-nix-daemon"


@pytest.fixture(scope="module")
def appliance() -> Iterator[Appliance]:
    """The product with the ``nix`` builder, its worker in the sandbox."""
    FOLDER.mkdir()
    # The appliance has them from the start (nix/host/storage.nix): what is not there cannot be let through.
    for folder in (
        *("/etc/static", "/nix/var/nix/gcroots/voxnix", "/nix/var/nix/profiles/voxnix"),
        "/var/lib/nixos-containers",
    ):
        Path(folder).mkdir(parents=True, exist_ok=True)
    node = LocalNode("box")
    place = Place(node, "tank", "tank", "/etc/apt/sources.list", "/var/cache/voxnix/images", Nspawn(node))
    for name in ("userland", "tools", "programs"):
        (FOLDER / name).mkdir()
    shutil.copy2(BUSYBOX, FOLDER / "tools")
    archive = image(place)
    host(
        "tar",
        "--extract",
        "--zstd",
        f"--file={archive}",
        f"--directory={FOLDER / 'userland'}",
        "./usr",
        "./etc",
    )
    made = Appliance(FOLDER)
    made.settings |= {"VOXNIX_EMBEDDED_WORKER": "false"}
    zfs_on_the_host(FOLDER / "programs")
    environment = made.settings | {
        "HOME": str(FOLDER),
        "NIX_REMOTE": "daemon",
        "PYTHONPYCACHEPREFIX": "/tmp/pycache",  # noqa: S108 - the sandbox's own
    }
    sandbox = Sandbox(
        "worker",
        f"{FOLDER / 'programs'}:{FAKES}",
        (
            # On a machine that is not NixOS, extra-container puts units here, and a file that NixOS has.
            "ReadWritePaths=/usr/lib/systemd/system /etc/static",
            *(f'Environment="{name}={value}"' for name, value in environment.items()),
        ),
    )
    with extra_container_on_path():
        subprocess.run(["systemd-run", "--quiet", "--collect", f"--unit={DAEMON}", "nix-daemon"], check=True)
        deadline = time.monotonic() + 30
        while not Path("/nix/var/nix/daemon-socket/socket").exists():
            assert time.monotonic() < deadline, host("journalctl", "-u", DAEMON, "-n", "30", "-o", "cat")
            time.sleep(0.05)
        unit = sandbox.start("nix", "/usr/local/bin/voxnix", "worker")
        try:
            yield made
            for one in made("list").data["workloads"]:
                made("stop", one["spec"]["name"])
                made.gone(one["spec"]["name"])
            assert host("systemctl", "is-active", unit).strip() == "active"
        finally:
            subprocess.run(["systemctl", "stop", unit, DAEMON], check=False)
            shutil.rmtree(FOLDER)


def test_a_guest_lives_its_whole_life_under_the_workers_rules(appliance: Appliance) -> None:
    """The daemon builds, profile and roots are written, extra-container installs, and nothing is left."""
    appliance.done("create", "dev", "git")
    machine = appliance.machine("dev")
    first = appliance.inside("dev", "readlink /run/current-system")
    assert "of-git-old" in first
    appliance.done("update", "dev", "--add", "fish")
    assert appliance.inside("dev", "readlink /run/current-system") != first
    appliance.done("restart", "dev")
    assert f"/var/lib/machines/{machine}" in host("findmnt", "--raw", "--noheadings", "--output", "TARGET")
    appliance("stop", "dev")
    appliance.gone("dev")
    assert machine not in host("findmnt", "--raw", "--noheadings", "--output", "TARGET")
