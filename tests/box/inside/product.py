"""Runs the ``voxnix`` command in the box as a person or a program would."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.host.node import LocalNode
from agent.host.zfs import Zfs

FOLDERS = (
    *("/etc/systemd", "/var/lib/machines", "/var/lib/voxnix"),
    *("/etc/nixos-containers", "/usr/lib/systemd/system", "/nix/var/nix/profiles", "/nix/var/nix/gcroots"),
)
"""Where a container has files on the node."""


@dataclass(frozen=True)
class Answer:
    """What a run of the command ended with."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The object that a command with ``--json`` printed."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The problem that a refused or failed command with ``--json`` printed."""
        return self.data["error"]


def voxnix(*arguments: str, stdin: str | bytes = "", settings: dict[str, str] | None = None) -> Answer:
    """Run the command without a terminal, with the settings that the box has and those that are given."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOXNIX_")}
    environment |= settings or {}
    given = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run(
        ["voxnix", *arguments], input=given, capture_output=True, timeout=300, check=False, env=environment
    )
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def machine_of(name: str, *, owner: str = "admin") -> str:
    """The name that a container has on the node."""
    return voxnix("status", name, "--json", "--owner", owner).data["workload"]["machine"]


def host(*argv: str) -> str:
    """What a program of the box itself prints; it has to go well."""
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout


def gone(name: str) -> None:
    """Have a container no more, if there is one, not even in the trash: there it would keep its image."""
    voxnix("destroy", name, "--yes")
    while voxnix("purge", name, "--yes").code == 0:
        pass


def empty_trash() -> None:
    """Purge all that is in the admin's trash."""
    for one in voxnix("trash", "--json").data["trash"]:
        gone(one["workload"]["spec"]["name"])


def destroy(dataset: str) -> None:
    """Destroy a dataset of a test's own."""
    Zfs(LocalNode("box")).destroy(dataset, recursive=True)


def left_of(machine: str) -> list[str]:
    """Everything on the node that has a machine's name in it."""
    found = host("zfs", "list", "-H", "-o", "name").splitlines()
    found += host("machinectl", "list", "--no-legend").splitlines()
    found += host("ip", "-br", "link").splitlines()
    units = ["systemctl", "list-units", "--all", "--plain", "--no-legend"]
    found += host(*units, "systemd-nspawn@*", "container@*").splitlines()
    folders = [folder for folder in FOLDERS if Path(folder).exists()]
    found += host("find", *folders, "-maxdepth", "3").splitlines()
    found += host("findmnt", "--noheadings", "--raw", "--output", "TARGET").splitlines()
    return [line for line in found if machine in line and "/images/" not in line and "worker" not in line]
