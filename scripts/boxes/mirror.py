"""Where the outer machine gets Debian from, and how: the box uses the same."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from scripts.boxes.programs import output

if TYPE_CHECKING:
    from collections.abc import Sequence

SUITE = "trixie"
COMPONENT = "main"
_RELEASES = (
    "stretch",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "stable",
    "testing",
    "unstable",
)
_MAIN = re.compile(rf"(?:{'|'.join(_RELEASES)})(?:-updates)?")
_SECURITY = re.compile(rf"(?:{'|'.join(_RELEASES)})[-/](?:security|updates)(?:/updates)?")
_TARGETS = (
    "apt-get",
    "indextargets",
    "--format",
    "$(REPO_URI) $(RELEASE) $(COMPONENT)",
    "Created-By: Packages",
)
# How to fetch is carried into the box; what to fetch is not, nor is a path that exists only out here.
_SETTING = re.compile(
    r"Acquire::(?!IndexTargets|Changelogs|CompressionTypes|Languages|GzipIndexes|cdrom)(?!\S*(?:CaInfo|CaPath|SslCert|SslKey))"
    r'\S+ "[^"]+";',
    re.IGNORECASE,
)


def sources(components: Sequence[str] = (COMPONENT,)) -> list[str]:
    """Return apt's one-line sources for the box, empty where the outer machine names no Debian mirror."""
    given = os.environ.get("VOXNIX_DEBIAN_MIRROR")
    if given:
        return _lines(given, None, components)
    main: str | None = None
    security: str | None = None
    for target in (output(_TARGETS) or "").splitlines():
        uri, release, component = target.split(" ", 2)
        if component != COMPONENT:
            continue
        if "security" in uri and _SECURITY.fullmatch(release):
            security = security or uri
        elif _MAIN.fullmatch(release):
            main = main or uri
    return _lines(main, security, components) if main else []


def _lines(main: str, security: str | None, components: Sequence[str]) -> list[str]:
    parts = " ".join(components)
    lines = [f"deb {main} {SUITE} {parts}", f"deb {main} {SUITE}-updates {parts}"]
    return [*lines, f"deb {security} {SUITE}-security {parts}"] if security else lines


def settings() -> list[str]:
    """Return the lines of apt.conf that say how this machine fetches: proxies, retries, what it checks."""
    lines = [line for line in (output(("apt-config", "dump")) or "").splitlines() if _SETTING.fullmatch(line)]
    for scheme in ("http", "https"):
        proxy = os.environ.get(f"{scheme}_proxy")
        if proxy and not any(line.lower().startswith(f"acquire::{scheme}::proxy ") for line in lines):
            lines.append(f'Acquire::{scheme}::Proxy "{proxy}";')
    return lines
