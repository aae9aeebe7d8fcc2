"""What the host layer promises, on a real node (in the box) and on the simulated one.

A subclass gives the fixture ``place``; each test leaves it as it found it, as far as its own names go.
"""

from collections.abc import Iterator

import pytest

from agent.host.archive import shift, unpack
from agent.host.mmdebstrap import build
from tests.contract.images import ImageContract
from tests.contract.machines import MachineContract
from tests.contract.place import BASE, Place
from tests.contract.storage import StorageContract


class HostContract(StorageContract, ImageContract, MachineContract):
    """The whole suite."""

    @pytest.fixture(scope="class")
    @classmethod
    def archive(cls, place: Place) -> str:
        """A guest image with git in it."""
        recipe = place.recipe("git")
        archive = f"{place.cache}/{recipe.digest}.tar.zst"
        if not place.node.exists(archive):
            labels = [progress.label for progress in build(place.node, recipe, archive, 600)]
            for label in (
                "downloading packages",
                "installing packages",
                "setting up contract",
                "packing the image",
            ):
                assert label in labels
        return archive

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
