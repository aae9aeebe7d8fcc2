"""What builds, archives and the network do, real or simulated."""

import pytest

from agent.core.errors import (
    BuildFailed,
    CommandFailed,
    HostFailure,
)
from agent.core.operation import Progress
from agent.host.archive import shift, unpack
from agent.host.mmdebstrap import Recipe, build
from agent.host.network import Network
from agent.host.presence import Presence
from tests.contract.place import BASE, Place


def image(place: Place) -> str:
    """A guest image with git in it, as an archive."""
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


class ImageContract:
    """What builds, archives and the network do."""

    def test_a_build_that_is_given_up_leaves_nothing(self, place: Place) -> None:
        """Closing the generator ends it and removes what it made."""
        archive = f"{place.cache}/given-up.tar.zst"
        going = build(place.node, place.recipe(), archive, 300)
        assert isinstance(next(going), Progress)
        going.close()
        assert not place.node.exists(archive)
        assert not place.node.exists(f"{archive}.build")

    def test_without_a_list_of_mirrors_nothing_is_built(self, place: Place) -> None:
        """The error names the file."""
        recipe = Recipe("trixie", (), (), "/nowhere/sources", "10.88.0.1")
        with pytest.raises(BuildFailed, match="/nowhere/sources"):
            list(build(place.node, recipe, f"{place.cache}/none.tar.zst", 300))

    def test_unpack_says_what_is_missing(self, place: Place, archive: str) -> None:
        """No archive, or no folder: an error."""
        with pytest.raises(CommandFailed, match="No such file"):
            unpack(place.node, f"{place.cache}/nothing.tar.zst", f"/{place.above}")
        with pytest.raises(HostFailure, match="no-such-folder"):
            unpack(place.node, archive, f"/{place.above}/no-such-folder")

    def test_files_are_given_to_one_range_only(self, place: Place) -> None:
        """Twice the same is nothing; a second owner is refused."""
        name = f"{place.above}/shifted"
        place.zfs.create(name)
        shift(place.node, f"/{name}", BASE)
        shift(place.node, f"/{name}", BASE)
        with pytest.raises(CommandFailed, match="neither below 65536 nor in the range"):
            shift(place.node, f"/{name}", BASE + 65_536)
        place.zfs.destroy(name)
        with pytest.raises(CommandFailed, match="No such file"):
            shift(place.node, f"/{name}", BASE)

    def test_the_bridge_and_the_firewall_are_there(self, place: Place) -> None:
        """And a bridge that is not is absent."""
        assert Network(place.node).bridge_up("voxnix0") is Presence.PRESENT
        assert Network(place.node).bridge_up("no-bridge") is Presence.ABSENT
        assert Network(place.node).firewall_loaded() is Presence.PRESENT
