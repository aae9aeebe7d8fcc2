"""The files that a box is given of this machine: how to fetch, from where, and whom to trust."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes import mirror

if TYPE_CHECKING:
    from scripts.boxes.places import Place

NIXPKGS = "/opt/nixpkgs"
"""Where a box has the tree that `nixpkgs` names."""
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def lay_out(place: Place) -> None:
    """Write them into the box's folder, each where it lies in the box."""
    place.settings.mkdir(parents=True, exist_ok=True)
    place.settings.chmod(0o755)
    fetching = [*mirror.settings(), 'APT::Install-Recommends "false";']
    _write(place.settings / "etc/apt/apt.conf.d/90outer", fetching)
    # Where this machine names no Debian mirror, mmdebstrap has chosen one, and the tree remembers which.
    lines = mirror.sources()
    if lines:
        _write(place.settings / "etc/apt/sources.list", lines)
    if _CERTIFICATES.exists():
        copy = place.settings / _CERTIFICATES.relative_to("/")
        copy.parent.mkdir(parents=True)
        shutil.copyfile(_CERTIFICATES, copy)


def nixpkgs() -> Path | None:
    """Return the tree of nixpkgs that tests want; nothing else of this machine is seen in a box."""
    tree = os.environ.get("VOXNIX_TEST_NIXPKGS")
    return Path(tree).resolve() if tree else None


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
