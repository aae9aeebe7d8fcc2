"""Boxes for tests: one that is up, names for more of them, and none left behind."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.boxes import host
from scripts.boxes.kernels import Kernel
from tests.box.command import box_command, up

# What is in there needs to be in a box itself; `scripts/test` runs it there.
collect_ignore = [] if Path("/opt/voxnix/src").is_dir() else ["inside"]

if "BOX_CACHE" in os.environ:
    os.environ["VOXNIX_CACHE"] = os.environ["BOX_CACHE"]
PREFIX = os.environ.get("BOX_TEST_PREFIX", f"test-{os.getpid()}")
# A kernel of its own takes minutes to build, once: `scripts/test --full` asks for it.
KERNEL = Kernel(os.environ.get("BOX_TEST_KERNEL", Kernel.HOST))


@pytest.fixture(scope="session")
def kernel() -> Kernel:
    """Of which kind the boxes of this run are."""
    return KERNEL


@pytest.fixture(scope="session", autouse=True)
def _possible() -> None:
    """Every test here needs a machine that can hold a box."""
    obstacles = host.missing(KERNEL)
    if obstacles:
        pytest.skip("no box is possible here: " + " ".join(obstacles))


@pytest.fixture(scope="session")
def box() -> Iterator[str]:
    """The name of a box that is up, for tests that leave it as it was."""
    given = "BOX_TEST_PREFIX" in os.environ
    if not given:
        raised = up(PREFIX, KERNEL)
        assert raised.code == 0, raised.err
    yield PREFIX
    if not given:
        box_command("down", "--name", PREFIX)


@pytest.fixture
def spare() -> Iterator[str]:
    """A name for a box of the test's own, which is taken down after it."""
    name = f"{PREFIX}-own"
    yield name
    box_command("down", "--name", name)


@pytest.fixture
def other() -> Iterator[str]:
    """A second such name."""
    name = f"{PREFIX}-two"
    yield name
    box_command("down", "--name", name)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this machine that has nothing to do with any box."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()
