"""A box on the machine's own kernel: systemd-nspawn and what it is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes import given, processes
from scripts.boxes.places import CHECKOUT, cache
from scripts.boxes.wheels import SOURCE

if TYPE_CHECKING:
    from scripts.boxes.places import Place

_SCRIPT = Path(__file__).with_name("nspawn.sh")


def command(place: Place, layers: str) -> list[str]:
    """Return what runs the box in the foreground, on a root of `layers`, the highest first."""
    place.scratch.mkdir(exist_ok=True)
    place.scratch.chmod(0o1777)
    private = ("unshare", "--mount", "--propagation", "private")
    return [*private, "bash", str(_SCRIPT), place.group, str(place.again), layers, *_arguments(place)]


def leader(supervisor: int) -> int | None:
    """Return the box's systemd, once it is there."""
    for script in processes.children(supervisor):
        for nspawn in processes.children(script):
            for pid in processes.children(nspawn):
                if processes.program(pid) == "systemd":
                    return pid
    return None


def answers(state: processes.State) -> bool:
    """Tell whether the box's systemd can be asked."""
    return Path(f"/proc/{state.leader}/root/run/systemd/private").exists()


def _arguments(place: Place) -> list[str]:
    argv = [
        "--quiet",
        "--register=no",
        "--keep-unit",
        "--boot",
        f"--machine={place.name}",
        "--hostname=voxnix",
    ]
    argv += [
        "--private-network",
        "--capability=all",
        "--console=pipe",
        "--link-journal=no",
        "--resolv-conf=off",
    ]
    argv += [f"--bind={device}" for device in ("/dev/net/tun", "/dev/fuse") if Path(device).exists()]
    argv += [f"--bind-ro={CHECKOUT}:{SOURCE}", f"--bind={cache() / 'images'}:/var/cache/voxnix/images"]
    argv += [f"--bind={place.disk}:/var/lib/voxnix-box", f"--bind={place.scratch}:/var/tmp"]
    for path in sorted(place.settings.rglob("*")):
        if path.is_file():
            argv.append(f"--bind-ro={path}:/{path.relative_to(place.settings)}")
    tree = given.nixpkgs()
    if tree:
        argv.append(f"--bind-ro={tree}:{given.NIXPKGS}")
    return argv
