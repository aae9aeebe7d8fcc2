"""Writes nix/wheelhouse.json: the hash, per system, of the folder of wheels that nix/package.nix fetches.

The hash is Nix's own (of the NAR of the folder), so no Nix is needed to compute it.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
RECORD = ROOT / "nix/wheelhouse.json"
SYSTEMS = {"x86_64-linux": "x86_64", "aarch64-linux": "aarch64"}
GLIBC = ("2_17", "2_24", "2_26", "2_27", "2_28", "2_34")
"""The platforms that wheels are taken for; nixpkgs' glibc is newer than each."""
OPTIONS = (
    *("--only-binary=:all:", "--implementation=cp", "--python-version=3.13"),
    *("--abi=cp313", "--abi=abi3", "--abi=none"),
)


def platforms(machine: str) -> list[str]:
    """The platform tags for pip, as wheels name them."""
    return [f"manylinux2014_{machine}", *(f"manylinux_{glibc}_{machine}" for glibc in GLIBC)]


def nar(path: Path) -> Iterator[bytes]:
    """The archive that Nix hashes: of a file that nobody executes, or a folder of such."""
    yield from _strings("nix-archive-1")
    yield from _node(path)


def _node(path: Path) -> Iterator[bytes]:
    if path.is_file():
        yield from _strings("(", "type", "regular", "contents", path.read_bytes(), ")")
        return
    yield from _strings("(", "type", "directory")
    for entry in sorted(path.iterdir(), key=lambda one: one.name.encode()):
        yield from _strings("entry", "(", "name", entry.name, "node")
        yield from _node(entry)
        yield from _strings(")")
    yield from _strings(")")


def _strings(*values: str | bytes) -> Iterator[bytes]:
    for value in values:
        data = value.encode() if isinstance(value, str) else value
        yield len(data).to_bytes(8, "little") + data + bytes(-len(data) % 8)


def nar_hash(path: Path) -> str:
    """The hash of a folder as Nix writes it, ``sha256-…``."""
    digest = hashlib.sha256()
    for part in nar(path):
        digest.update(part)
    return f"sha256-{base64.b64encode(digest.digest()).decode()}"


def lock_hash() -> str:
    """The hash of requirements.lock, by which the record tells what it was made from."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def fetch(machine: str, into: Path) -> None:
    """Fetch the wheels of one machine, each by its hash in the lock, from the index that pip uses."""
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir"]
    argv += ["--require-hashes", "--no-deps", f"--dest={into}", f"--requirement={LOCK}"]
    tags = [f"--platform={tag}" for tag in platforms(machine)]
    subprocess.run([*argv, *OPTIONS, *tags], check=True)


def main() -> int:
    """Fetch, hash and write."""
    hashes: dict[str, str] = {}
    for system, machine in SYSTEMS.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                fetch(machine, Path(folder))
            except subprocess.CalledProcessError:
                sys.stderr.write(
                    f"wheelhouse: pip could not fetch the wheels for {system}; it says why above.\n"
                )
                return 1
            hashes[system] = nar_hash(Path(folder))
    record: dict[str, Any] = {
        "lock": lock_hash(),
        "options": list(OPTIONS),
        "platforms": {system: platforms(machine) for system, machine in SYSTEMS.items()},
        "hashes": hashes,
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
