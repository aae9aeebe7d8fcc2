"""What holds for the repository as a whole."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINNED = re.compile(r"^([a-zA-Z0-9._-]+)==(\S+?)(?: ;.*)? \\$", re.MULTILINE)


def pins(lock: str) -> dict[str, Version]:
    """Name to pinned version of every distribution in a lock."""
    return {
        canonicalize_name(name): Version(version)
        for name, version in PINNED.findall((ROOT / lock).read_text())
    }


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_the_lock_has_what_the_project_wants(lock: str, wanted: list[str]) -> None:
    """Each dependency is pinned to a version that its range allows."""
    pinned = pins(lock)
    for requirement in map(Requirement, wanted):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, requirement


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_names_hashes_and_no_index(lock: str) -> None:
    """It installs from any mirror, and only what was locked."""
    text = (ROOT / lock).read_text()
    assert not re.search(r"https?://|--index|--find-links", text)
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


def test_both_locks_agree() -> None:
    """Tests run with the versions that people get."""
    develop = pins("requirements-dev.lock")
    assert {name: develop[name] for name in pins("requirements.lock")} == pins("requirements.lock")


def tracked() -> list[Path]:
    """The files of the repository that are there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_secret_and_no_lock_with_hosts_is_tracked() -> None:
    """A key or a file that names package indexes never gets in."""
    assert not [
        file for file in tracked() if file.name in {"uv.lock", ".env"} or file.suffix in {".pem", ".key"}
    ]


def test_nothing_is_left_for_later() -> None:
    """What is missing is in an issue, not in a comment."""
    marker = re.compile(
        r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b"
    )  # not to find itself
    left = [
        file
        for file in tracked()
        if file.suffix in {".py", ".sh", ".nix"} and marker.search(file.read_text())
    ]
    assert left == []
