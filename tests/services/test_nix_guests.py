"""What the ``nix`` guest builder knows without Nix. Its guests are made in tests/box/inside."""

from pathlib import Path

import pytest

from agent import settings
from agent.core.composition import Composition
from agent.core.errors import InvalidSettings
from agent.host.nix import Nix
from agent.host.node import LocalNode
from agent.services.guests.nix import NixGuests

MADE = Composition(modules=("git",), options={"git": {"name": "", "email": ""}})


def guests(**given: object) -> NixGuests:
    """The builder with these settings."""
    node = LocalNode("here")
    return NixGuests(settings.load(**given), node, Nix(node, memory="1G", evaluations=1))


def test_a_digest_follows_all_that_a_guest_is_built_from() -> None:
    """Other modules, options, nixpkgs or data formats are another guest; the same are the same."""
    first = guests(nixpkgs="/one").digest(MADE)
    assert guests(nixpkgs="/one").digest(MADE) == first
    named = Composition(modules=("git",), options={"git": {"name": "Ann", "email": ""}})
    others = [
        guests(nixpkgs="/one").digest(named),
        guests(nixpkgs="/two").digest(MADE),
        guests(nixpkgs="/one", state_version="26.11").digest(MADE),
    ]
    assert len({first, *others}) == 4


def test_a_change_of_the_admin_s_own_modules_is_seen_while_it_runs(tmp_path: Path) -> None:
    """A worker that runs for weeks builds what the module says now."""
    file = tmp_path / "hello" / "default.nix"
    file.parent.mkdir()
    file.write_text("{ }")
    running = guests(nixpkgs="/one", modules_dir=tmp_path)
    before = running.digest(MADE)
    assert running.digest(MADE) == before
    file.write_text("{ summary = 1; }")
    assert running.digest(MADE) != before


def test_without_nixpkgs_it_says_which_setting_is_missing() -> None:
    """Before anything is asked of Nix."""
    with pytest.raises(InvalidSettings, match="nixpkgs is missing"):
        guests().digest(MADE)
