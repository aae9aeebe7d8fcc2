"""A kernel for a box of its own: user-mode Linux with ZFS, built of Debian's sources in a throw-away tree."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes import mirror
from scripts.boxes.debian import Tree
from scripts.boxes.errors import BoxError
from scripts.boxes.programs import follow

if TYPE_CHECKING:
    from scripts.boxes.steps import Step

# Before 6.16 a user-mode Linux has no `seccomp=on`, and without it panics on processors of today. Debian 13's
# is older than that.
SUITE = "forky"
FOLDER = Path(__file__).resolve().parent / "uml"
FILES = ("kernel.config", "make-kernel")
BUILDER = Tree(
    ("bc", "bison", "flex", "gcc", "kmod", "libc6-dev", "libelf-dev", "make", "python3-minimal", "xz-utils"),
    setup=(
        # The suite comes from where the tree comes from, and nothing but the kernel's source comes from it.
        f"""sed -n "s/^deb \\(.*\\) {mirror.SUITE} main.*/deb \\1 {SUITE} main/p" "$1/etc/apt/sources.list" \\
            >"$1/etc/apt/sources.list.d/newer.list" """,
        f"""printf 'Package: *\\nPin: release n={SUITE}\\nPin-Priority: 1\\n' \\
            >"$1/etc/apt/preferences.d/newer" """,
    ),
    hooks=(
        """mkdir "$1/build" && cd "$1/build" && export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" &&
            apt-get download "$(apt-cache pkgnames linux-source- | sort -V | tail -n 1)" """,
    ),
)
# The build has a process namespace: with the first process all others end, before it is gone itself.
_SCRIPT = """
    setpriv --pdeathsig KILL -- unshare --mount --pid --fork --kill-child=KILL --propagation private sh -euc '
        mount --rbind /dev "$0/dev"
        mount -t proc proc "$0/proc"
        exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 /build/make-kernel
    ' "$1" &
    trap 'kill -KILL $(cat /proc/$!/task/$!/children); wait $!' TERM INT
    wait $!
"""
_SAYS = "make-kernel: "


def ingredients(base: Path) -> object:
    """Return what a key is made of: how it is built, and which ZFS the box's own programs are of."""
    return [BUILDER.ingredients(), [(FOLDER / name).read_text() for name in FILES], _source(base).name]


def build(base: Path, into: Path, step: Step) -> None:
    """Build the kernel and the modules for the programs in `base`, and lay them into `into`."""
    tree = into / "tree"
    tree.mkdir()
    BUILDER.build(tree, step)
    for path in (*(FOLDER / name for name in FILES), _source(base)):
        shutil.copy2(path, tree / "build")
    step.update("unpacking the sources")
    doing = ""

    def line(text: str) -> None:
        nonlocal doing
        if text.startswith(_SAYS):
            doing = text.removeprefix(_SAYS)
            step.say(doing)
        step.update(f"{doing}: {_what(text)}")

    follow(
        ["sh", "-euc", _SCRIPT, "sh", str(tree)],
        what="The kernel of the box could not be built.",
        do="If what is above does not help, take a box without --kernel uml.",
        line=line,
    )
    for path in (tree / "build/made").iterdir():
        path.rename(into / path.name)
    shutil.rmtree(tree)


def versions(layer: Path) -> str:
    """Return of which versions a kernel was built."""
    return " ".join((layer / "boot/versions").read_text().split())


def _source(base: Path) -> Path:
    found = sorted((base / "usr/src").glob("zfs-dkms_*.deb"))
    if not found:
        raise BoxError(
            "The kernel of the box cannot be built.",
            f"There is no zfs-dkms_*.deb in {base}/usr/src.",
            f"Remove {base} and run the same command again.",
        )
    return found[-1]


def _what(text: str) -> str:
    """Return the file that one of make's lines is about."""
    found = re.match(r"\s*(?:CC|LD|AR)\s+(?:\[M\]\s+)?(\S+)", text)
    return found[1] if found else text[:60]
