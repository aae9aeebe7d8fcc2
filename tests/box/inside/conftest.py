"""Containers for tests in the box."""

import uuid
from collections.abc import Iterator

import pytest

from tests.box.inside.product import gone, voxnix


@pytest.fixture
def fresh() -> Iterator[str]:
    """A name that nobody has; what a test made under it is destroyed afterwards."""
    name = f"t{uuid.uuid4().hex[:8]}"
    yield name
    gone(name)


@pytest.fixture(scope="session")
def dev() -> Iterator[str]:
    """A running container with git and fish, for tests that leave it as it was."""
    created = voxnix("create", "steady", "git", "fish", "--json")
    assert created.code == 0, created
    yield "steady"
    gone("steady")
