"""Starts commands under the rules of nix/host/hardening.nix, as the appliance starts its services."""

import functools
import json
import subprocess
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HARDENING = ROOT / "nix/host/hardening.nix"
ZFS = ROOT / "nix/host/zfs.sh"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

ON_DEBIAN = {
    # Containers of Debian have their files elsewhere than those of extra-container, and devices in images.
    "worker": ("ReadWritePaths=/etc/systemd/nspawn /etc/systemd/system", "DeviceAllow=char-* m"),
    "bot": (),
    "dhcp": (),
}
"""What the box needs beside the rules."""


@functools.cache
def rules() -> dict[str, dict[str, str | int | list[str]]]:
    """The rules of each service, as Nix reads them."""
    argv = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json", str(HARDENING)]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)


def lines(service: str) -> list[str]:
    """The rules of a service as a unit has them: one line for each value, as NixOS writes them."""
    return [
        f"{name}={str(one).lower() if isinstance(one, bool) else one}"
        for name, value in rules()[service].items()
        for one in (value if isinstance(value, list) else [value])
    ]


class Sandbox:
    """The sandbox of one of the services.

    Args:
        service: whose rules hold: worker or bot.
        programs: a folder with what the service finds on its PATH before anything else.
        extra: more lines of the unit, such as its user.
    """

    def __init__(self, service: str, programs: str = "", extra: tuple[str, ...] = ()) -> None:
        self.prefix = f"sandboxed-{service}-"
        path = f"Environment=PATH={programs}:{PATH}" if programs else f"Environment=PATH={PATH}"
        text = "\n".join(["[Service]", *lines(service), *ON_DEBIAN[service], *extra, path, ""])
        # What is in this folder holds for every unit whose name begins like this.
        folder = Path(f"/run/systemd/system/{self.prefix}.service.d")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rules.conf").write_text(text)
        subprocess.run(["systemctl", "daemon-reload"], check=True)

    def start(self, name: str, *command: str) -> str:
        """Start a service in it, and tell the unit's name."""
        unit = f"{self.prefix}{name}"
        subprocess.run(["systemd-run", f"--unit={unit}", "--quiet", "--collect", *command], check=True)
        return unit

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it, found on the sandbox's own PATH, and wait."""
        unit = f"{self.prefix}{uuid.uuid4().hex[:8]}"
        argv = ["systemd-run", f"--unit={unit}", "--quiet", "--collect", "--pipe", "--wait"]
        # systemd-run would look for the program itself, out here.
        argv += ["--", "/usr/bin/env", "--", *command]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)


def zfs_on_the_host(folder: Path) -> str:
    """Put the ``zfs`` that the worker is given into a folder, and name that for its PATH."""
    program = folder / "zfs"
    text = ZFS.read_text().replace("@nsenter@", "/usr/bin/nsenter").replace("@zfs@", "/usr/sbin/zfs")
    program.write_text(f"#!/bin/sh\n{text}")
    program.chmod(0o755)
    return str(folder)
