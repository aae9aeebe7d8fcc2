"""The catalogue that is committed is the one that the modules make."""

import json

import pytest

from agent.services.catalogue import nix_folder
from tests.nix.evaluation import value

pytestmark = pytest.mark.usefixtures("nix")


def test_the_catalogue_is_what_the_modules_say() -> None:
    """To the last option; `scripts/catalogue` writes it anew."""
    made = value(f"(import {nix_folder() / 'lib'} {{ }}).catalogue")
    assert json.loads((nix_folder() / "catalogue.json").read_text()) == made
