"""What the host layer promises, on a real node (in the box) and on the simulated one.

A subclass gives the fixture ``place``; each test leaves it as it found it, as far as its own names go.
"""

from collections.abc import Callable, Iterator

import pytest

from agent.core.errors import CommandFailed
from agent.host.archive import shift, unpack
from agent.host.journal import Journal
from agent.host.runtime import UnitState
from tests.contract.images import ImageContract, image
from tests.contract.machines import MachineContract
from tests.contract.place import BASE, Place
from tests.contract.storage import StorageContract
from tests.contract.streams import StreamContract


class HostContract(StorageContract, StreamContract, ImageContract, MachineContract):
    """The whole suite."""

    @pytest.fixture(scope="class")
    @classmethod
    def archive(cls, place: Place) -> str:
        """A guest image with git in it."""
        return image(place)

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls, place: Place, archive: str) -> Iterator[str]:
        """The same as a snapshot whose files are in the range from BASE."""
        dataset = f"{place.above}/golden"
        place.zfs.create(dataset)
        unpack(place.node, archive, f"/{dataset}")
        shift(place.node, f"/{dataset}", BASE)
        place.zfs.snapshot(f"{dataset}@ready")
        yield f"{dataset}@ready"
        place.zfs.destroy(dataset, recursive=True)

    @pytest.fixture
    def rooted(self, place: Place, golden: str) -> Iterator[Callable[[str], str]]:
        """Makes the root file system of a machine, and takes it away afterwards."""
        above = f"{place.above}/roots"

        def make(name: str) -> str:
            place.zfs.clone(golden, f"{above}/{name}", mountpoint=f"/var/lib/machines/{name}", quota="1G")
            return name

        yield make
        place.zfs.destroy(above, recursive=True)

    def test_a_start_that_failed_is_seen_until_the_files_are_removed(self, place: Place) -> None:
        """In its state, and in what the node logged."""
        with pytest.raises(CommandFailed):
            place.runtime.start("no-such-1")
        assert place.runtime.state("no-such-1") is UnitState.FAILED
        assert Journal(place.node).lines("no-such-1", 5)
        place.runtime.remove("no-such-1")
        assert place.runtime.state("no-such-1") is UnitState.INACTIVE
