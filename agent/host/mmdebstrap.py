"""Debian guest images: a recipe in, an archive of a root file system out."""

import hashlib
import json
import re
import shlex
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from agent.core.errors import BuildFailed, CommandFailed, MirrorUnreachable, NoSpace
from agent.core.operation import Progress
from agent.host.node import Node

FORMAT = 1
"""Counts up where an image comes out different although all that the digest covers is the same."""

BASE_PACKAGES = ("ca-certificates", "dbus", "iproute2", "libnss-myhostname", "systemd", "systemd-sysv")
"""What every guest has, beside Debian's own minimum."""

TIMEOUT = 60.0
"""Seconds for any one command beside the build itself."""

CLEAR_TRIES = 10
CLEAR_PAUSE = 0.1
"""Seconds between two tries to remove a build's folder."""

_NO_DOCS = tuple(f"/usr/share/{folder}/*" for folder in ("man", "doc", "info", "locale", "lintian"))
_APT_DEFAULTS = 'Acquire::Retries "2";\nAcquire::http::Timeout "20";\nAcquire::https::Timeout "20";\n'
_NOT_TRANSPORT = re.compile(
    r'Acquire(::(IndexTargets|Languages|cdrom|Changelogs|Snapshots|CompressionTypes|GzipIndexes)\b.*)? "'
)

_APART = ("unshare", "--mount", "--propagation=slave", "--pid", "--fork", "--kill-child", "--mount-proc")

_SUITES = re.compile(r"^(Suites:\s*|deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?\S+\s+)([a-z]+)(.*)$", re.MULTILINE)
_UNREACHABLE = re.compile(
    r"^(Err:\d+ |[EW]: Failed to fetch )|Could not (resolve|connect)|Temporary failure|Unable to connect",
    re.MULTILINE,
)
_NO_ROOM = ("No space left on device", "Disk quota exceeded", "enough free space")
_REASON = re.compile(r"Could not (resolve|connect)|Temporary failure|Unable to connect")


@dataclass(frozen=True)
class Recipe:
    """What an image is made of.

    Attributes:
        suite: the Debian release, by code name.
        packages: names of Debian packages.
        setup: (name, shell commands) run as root inside, in this order, after the packages.
        sources: apt's list of mirrors on the node, in either format.
        name_server: the address where guests ask for names.
    """

    suite: str
    packages: tuple[str, ...]
    setup: tuple[tuple[str, str], ...]
    sources: str
    name_server: str

    @property
    def digest(self) -> str:
        """Sixteen hex digits: the same for recipes whose images are alike. Mirrors do not matter."""
        base = [FORMAT, sorted(BASE_PACKAGES), sorted(_guest_files().items()), _NO_DOCS]
        own = [self.suite, sorted(set(self.packages)), self.setup, self.name_server]
        return hashlib.sha256(json.dumps([base, own]).encode()).hexdigest()[:16]


def build(node: Node, recipe: Recipe, archive: str, timeout: float) -> Generator[Progress]:
    """Build an image, and yield how far it is.

    The archive appears when it is whole. A build that ends early, however it does, leaves nothing that is
    ever used; what lies about in ``<archive>.build`` is removed by the next one. Of two builds of one
    archive at a time, one fails.

    Args:
        node: where it is built.
        recipe: of what.
        archive: the file to make, ending in ``.tar.zst``.
        timeout: seconds that it may take.

    Raises:
        MirrorUnreachable: packages cannot be fetched.
        BuildFailed: an unknown package, a set-up that fails, or anything else; with the short cause.
        NoSpace: the disk of the node is full.
        CommandTimedOut: it took too long.
    """
    work = f"{archive}.build"
    _prepare(node, recipe, work)
    follower = Follower()
    said: list[str] = []
    try:
        with closing(node.lines(_argv(recipe, work), timeout=timeout)) as lines:
            for line in lines:
                said.append(line)
                del said[:-400]
                progress = follower.feed(line)
                if progress is not None:
                    yield progress
        node.run(["mv", "--no-target-directory", f"{work}/image.tar.zst", archive], timeout=TIMEOUT)
    except CommandFailed as failure:
        raise _explained("\n".join(said) or failure.stderr) from failure
    finally:
        _clear(node, work)


class Follower:
    """Reads what mmdebstrap, apt and dpkg say, and tells how far they are."""

    def __init__(self) -> None:
        self._label = ""
        self._fetched = 0
        self._set_up = 0
        self._total = 0

    def feed(self, line: str) -> Progress | None:
        """The progress after one more line; None where it tells nothing new."""
        for sign, label in _STAGES:
            if line.startswith(sign):
                self._label = label
                return self._now()
        if line.startswith(_SETTING_UP_MODULE):
            self._label = f"setting up {line.removeprefix(_SETTING_UP_MODULE)}"
            return Progress(label=self._label)
        if match := _NEW_PACKAGES.match(line):
            self._total += int(match[1])
            self._label = "downloading packages"
        elif line.startswith("Get:") and self._total:
            self._fetched += 1
        elif line.startswith("Setting up "):
            self._set_up += 1
            self._label = "installing packages"
        elif not (line.startswith("Unpacking ") and self._label != "installing packages"):
            return None
        else:
            self._label = "installing packages"
        return self._now()

    def _now(self) -> Progress:
        done = {"downloading packages": self._fetched, "installing packages": self._set_up}.get(self._label)
        if done is None:
            return Progress(label=self._label)
        # apt may repeat a package: what it said of the total stays true.
        return Progress(label=self._label, done=min(done, self._total), total=self._total)


_SETTING_UP_MODULE = "voxnix: set-up of "
_NEW_PACKAGES = re.compile(r"\d+ upgraded, (\d+) newly installed, ")
_STAGES = (
    ("I: running apt-get update", "fetching package lists"),
    ("I: extracting archives", "unpacking the base system"),
    ("I: installing essential packages", "installing packages"),
    ("I: cleaning package lists", "finishing"),
    ("I: creating tarball", "packing the image"),
)


def for_suite(sources: str, suite: str) -> str:
    """A node's list of mirrors, asked for another release: ``bookworm-updates`` to ``trixie-updates``."""
    return _SUITES.sub(lambda line: line[1] + re.sub(rf"\b{line[2]}\b", suite, line[2] + line[3]), sources)


def transport_options(dump: str) -> str:
    """Of ``apt-config dump Acquire``, what says how mirrors are reached: proxies, certificates, retries."""
    return "".join(f"{line}\n" for line in dump.splitlines() if line and not _NOT_TRANSPORT.match(line))


@cache
def _guest_files() -> dict[str, str]:
    """What is put into every guest, by path in the package's folder."""
    found: dict[str, str] = {}

    def walk(folder: Traversable, path: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{path}{entry.name}/")
            else:
                found[path + entry.name] = entry.read_text(encoding="utf-8")

    walk(resources.files("agent.host") / "debian_guest", "")
    return found


def _prepare(node: Node, recipe: Recipe, work: str) -> None:
    sources = node.read(recipe.sources)
    if sources is None:
        raise BuildFailed(
            f"There is no list of mirrors at {recipe.sources}.", hint="Correct the setting debian_sources."
        )
    _clear(node, work)
    node.run(["mkdir", "--parents", f"{work}/scratch"], timeout=TIMEOUT)
    dump = node.run(["apt-config", "dump", "Acquire"], timeout=TIMEOUT).stdout
    node.write(f"{work}/apt.conf", _APT_DEFAULTS + transport_options(dump), 0o600)
    node.write(f"{work}/sources", for_suite(sources, recipe.suite), 0o600)
    node.write(f"{work}/tree/etc/resolv.conf", f"nameserver {recipe.name_server}\n")
    for path, text in _guest_files().items():
        node.write(f"{work}/{path}", text)


def _clear(node: Node, work: str) -> None:
    """Remove what a build works in; what was killed a moment ago may still be adding a file."""
    argv = ["rm", "--recursive", "--force", "--one-file-system", work]
    for _ in range(CLEAR_TRIES):
        if node.run(argv, timeout=TIMEOUT, check=False).returncode == 0:
            return
        time.sleep(CLEAR_PAUSE)
    node.run(argv, timeout=TIMEOUT)


def _argv(recipe: Recipe, work: str) -> list[str]:
    hooks = [f'cp --recursive --no-target-directory {shlex.quote(work)}/tree "$1"']
    for name, text in recipe.setup:
        if text.strip():
            told = shlex.quote(_SETTING_UP_MODULE + name)
            hooks.append(f'echo {told}; chroot "$1" /bin/sh -euc {shlex.quote(text)}')
    hooks.append(f'sh {shlex.quote(work)}/finish "$1"')
    return [
        *_APART,
        *("sh", f"{work}/apart", work),
        *("mmdebstrap", "--verbose", "--mode=root", "--variant=minbase", "--format=tar"),
        f"--include={','.join(sorted({*BASE_PACKAGES, *recipe.packages}))}",
        f"--aptopt={work}/apt.conf",
        '--aptopt=APT::Install-Recommends "false"',
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _NO_DOCS),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        *(f"--customize-hook={hook}" for hook in hooks),
        *(recipe.suite, f"{work}/image.tar.zst", f"{work}/sources"),
    ]


def _explained(said: str) -> BuildFailed | MirrorUnreachable | NoSpace:
    """The error for a build that said this and failed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if any(sign in said for sign in _NO_ROOM):
        return NoSpace("There is no room to build the image.", _cause(lines), "Make room on the node's disk.")
    if _UNREACHABLE.search(said):
        reasons = [line for line in lines if _REASON.search(line)] or [
            line for line in lines if _UNREACHABLE.search(line)
        ]
        return MirrorUnreachable(
            "The Debian packages cannot be fetched.",
            reasons[0][:300],
            "Look at the node's network and its list of mirrors, then try again.",
        )
    return BuildFailed(
        "The image could not be built.", _cause(lines), "The log of the worker has all that the build said."
    )


def _cause(lines: list[str]) -> str:
    """What went wrong, in the words of the program that it went wrong in."""
    first = next((number for number, line in enumerate(lines) if line.startswith("E: ")), len(lines))
    if first < len(lines) and not lines[first].startswith("E: setup failed"):
        return lines[first][:300]
    begun = max(
        (n for n, line in enumerate(lines[:first]) if line.startswith(_SETTING_UP_MODULE)), default=-1
    )
    told = " ".join(lines[max(begun + 1, first - 3) : first])[-300:]
    if begun < 0:
        return told
    return f"The set-up of {lines[begun].removeprefix(_SETTING_UP_MODULE)} failed. It said: {told}"
