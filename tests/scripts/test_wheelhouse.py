"""The record of the wheels that the Nix package is made of."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.wheelhouse import OPTIONS, RECORD, SYSTEMS, lock_hash, nar_hash, platforms

record = json.loads(RECORD.read_text())


def folder(where: Path) -> Path:
    """A folder as a wheelhouse is one, with names and sizes that a mistake in padding or order would show."""
    where.mkdir()
    for name, content in {"b-1.whl": b"12345678", "C.whl": b"", "a.whl": b"123456789"}.items():
        (where / name).write_bytes(content)
    return where


def test_it_was_made_from_this_lock() -> None:
    """Who changes requirements.lock runs scripts/wheelhouse too."""
    assert record["lock"] == lock_hash(), "requirements.lock has changed: run scripts/wheelhouse"


def test_it_is_what_the_script_would_write_but_for_the_hashes() -> None:
    """The derivation asks pip for the same wheels as the script did."""
    assert record["options"] == list(OPTIONS)
    assert record["platforms"] == {system: platforms(machine) for system, machine in SYSTEMS.items()}
    assert record["hashes"].keys() == SYSTEMS.keys()


def test_the_hash_is_the_one_of_nix(tmp_path: Path) -> None:
    """As `nix hash path` printed it for this folder."""
    assert nar_hash(folder(tmp_path / "wheels")) == "sha256-CWXYJk10CF+LItb1fjsLXsGWusorUazLsBu20yDUB3o="


@pytest.mark.skipif(shutil.which("nix-hash") is None, reason="no nix-hash on PATH")
def test_nix_agrees_about_the_hash(tmp_path: Path) -> None:
    """Nix itself, where there is one."""
    wheels = folder(tmp_path / "wheels")
    environment = {"NIX_STATE_DIR": str(tmp_path / "state"), "PATH": os.environ["PATH"]}
    argv = ["nix-hash", "--type", "sha256", "--sri", str(wheels)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment).stdout
    assert said.strip() == nar_hash(wheels)
