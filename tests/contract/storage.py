"""What ZFS does, real or simulated."""

from collections.abc import Iterator

import pytest

from agent.core.errors import (
    CommandFailed,
    NoSpace,
)
from agent.host.archive import unpack
from agent.host.presence import Presence
from tests.contract.place import Place


class StorageContract:
    """What ZFS does."""

    @pytest.fixture
    def dataset(self, place: Place) -> Iterator[str]:
        """A name for a data set, with all that a test makes below it."""
        name = f"{place.above}/storage"
        yield name
        if place.zfs.presence(name) is Presence.PRESENT:
            place.zfs.destroy(name, recursive=True)

    def test_a_dataset_is_absent_then_present_then_absent(self, place: Place, dataset: str) -> None:
        """A probe follows what is there."""
        assert place.zfs.presence(dataset) is Presence.ABSENT
        place.zfs.create(dataset)
        assert place.zfs.presence(dataset) is Presence.PRESENT
        place.zfs.destroy(dataset)
        assert place.zfs.presence(dataset) is Presence.ABSENT

    def test_a_snapshot_is_probed_like_a_dataset(self, place: Place, dataset: str) -> None:
        """A snapshot that is missing is absent, also where its data set is there."""
        assert place.zfs.presence(f"{dataset}@a") is Presence.ABSENT
        place.zfs.create(dataset)
        assert place.zfs.presence(f"{dataset}@a") is Presence.ABSENT
        place.zfs.snapshot(f"{dataset}@a")
        assert place.zfs.presence(f"{dataset}@a") is Presence.PRESENT

    def test_what_is_in_a_pool_that_is_not_there_is_unknown(self, place: Place) -> None:
        """Nothing is made or destroyed on the word of a pool that is not imported."""
        assert place.zfs.presence("nopool/a/b") is Presence.UNKNOWN
        assert place.zfs.presence("nopool/a@b") is Presence.UNKNOWN

    def test_create_makes_parents_but_never_takes_what_exists(self, place: Place, dataset: str) -> None:
        """An existing data set is refused, not taken for a new one."""
        place.zfs.create(f"{dataset}/a/b", quota="10G")
        assert place.zfs.children(dataset) == (f"{dataset}/a",)
        assert place.zfs.children(f"{dataset}/a") == (f"{dataset}/a/b",)
        with pytest.raises(CommandFailed, match="already exists"):
            place.zfs.create(f"{dataset}/a/b")
        assert place.zfs.usage(f"{dataset}/a/b").quota == 10 << 30

    def test_how_full_all_are_is_told_at_once(self, place: Place, dataset: str) -> None:
        """Of those that have a limit, at any depth; a snapshot has none."""
        place.zfs.create(f"{dataset}/a/b", quota="64M")
        place.zfs.create(f"{dataset}/c", quota="1G")
        place.zfs.snapshot(f"{dataset}/c@one")
        filled = place.zfs.filled(dataset)
        assert {name: one.quota for name, one in filled.items()} == {
            f"{dataset}/a/b": 64 << 20,
            f"{dataset}/c": 1 << 30,
        }
        assert all(one.used == place.zfs.usage(name).used for name, one in filled.items())
        with pytest.raises(CommandFailed):
            place.zfs.filled(f"{dataset}/nowhere")

    def test_a_pool_that_is_not_there_takes_nothing(self, place: Place) -> None:
        """A wrong pool is an error."""
        with pytest.raises(CommandFailed):
            place.zfs.create("nopool/a")
        with pytest.raises(CommandFailed):
            place.zfs.pool("nopool")

    def test_mountpoints(self, place: Place, dataset: str) -> None:
        """A data set is mounted where it is told to be, below its parent, or nowhere."""
        place.zfs.create(dataset, mountpoint=f"/{place.above}/elsewhere")
        place.zfs.create(f"{dataset}/below")
        place.zfs.create(f"{dataset}/hidden", mountpoint="none")
        assert place.zfs.mountpoint(f"{dataset}/below") == f"/{place.above}/elsewhere/below"
        assert place.zfs.mounted(f"{dataset}/below")
        assert place.node.exists(f"/{place.above}/elsewhere/below")
        assert place.zfs.mountpoint(f"{dataset}/hidden") is None
        assert not place.zfs.mounted(f"{dataset}/hidden")
        place.zfs.set(f"{dataset}/below", "mountpoint", "none")
        assert not place.zfs.mounted(f"{dataset}/below")
        with pytest.raises(CommandFailed, match="no mountpoint set"):
            place.zfs.mount(f"{dataset}/below")
        with pytest.raises(CommandFailed, match="already mounted"):
            place.zfs.mount(dataset)

    def test_a_clone_needs_its_snapshot(self, place: Place, dataset: str) -> None:
        """A clone of nothing, or over something, is refused."""
        place.zfs.create(dataset)
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.clone(f"{dataset}@no", f"{dataset}/copy")
        place.zfs.snapshot(f"{dataset}@a")
        with pytest.raises(CommandFailed, match="already exists"):
            place.zfs.snapshot(f"{dataset}@a")
        place.zfs.clone(f"{dataset}@a", f"{dataset}/deep/copy", quota="1G")
        assert place.zfs.origin(f"{dataset}/deep/copy") == f"{dataset}@a"
        assert place.zfs.origin(dataset) is None
        assert place.zfs.usage(f"{dataset}/deep/copy").quota == 1 << 30
        with pytest.raises(CommandFailed, match="already exists"):
            place.zfs.clone(f"{dataset}@a", f"{dataset}/deep/copy")

    def test_a_destroy_spares_what_it_was_not_told_to_take(self, place: Place, dataset: str) -> None:
        """Children and snapshots need `recursive`; clones are never taken along."""
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.destroy(dataset)
        place.zfs.create(f"{dataset}/source")
        place.zfs.snapshot(f"{dataset}/source@a")
        with pytest.raises(CommandFailed, match="has children"):
            place.zfs.destroy(dataset)
        with pytest.raises(CommandFailed, match="has children"):
            place.zfs.destroy(f"{dataset}/source")
        place.zfs.clone(f"{dataset}/source@a", f"{dataset}/copy")
        for gone in (f"{dataset}/source", f"{dataset}/source@a"):
            with pytest.raises(CommandFailed, match="dependent clones"):
                place.zfs.destroy(gone, recursive="@" not in gone)
        place.zfs.destroy(f"{dataset}/copy")
        place.zfs.destroy(f"{dataset}/source", recursive=True)
        assert place.zfs.children(dataset) == ()

    def test_usage_counts_bytes_and_own_snapshots(self, place: Place, dataset: str) -> None:
        """Snapshots of children are not one's own."""
        place.zfs.create(f"{dataset}/below", quota="1G")
        place.zfs.snapshot(f"{dataset}/below@a")
        place.zfs.snapshot(f"{dataset}/below@b")
        assert place.zfs.usage(dataset).snapshots == 0
        usage = place.zfs.usage(f"{dataset}/below")
        assert usage.snapshots == 2
        assert 0 < usage.used < 1 << 20
        assert 0 < usage.available < usage.quota == 1 << 30
        assert place.zfs.usage(dataset).quota == 0

    def test_the_pool_tells_its_room(self, place: Place) -> None:
        """Size, free room and health."""
        space = place.zfs.pool(place.pool)
        assert 0 < space.free < space.size
        assert space.health == "ONLINE"

    def test_rename_keeps_everything_and_makes_parents(self, place: Place, dataset: str) -> None:
        """A data set moves with its snapshots, and is mounted again if it was."""
        place.zfs.create(f"{dataset}/old", quota="1G")
        place.zfs.snapshot(f"{dataset}/old@a")
        place.zfs.rename(f"{dataset}/old", f"{dataset}/trash/new")
        assert place.zfs.presence(f"{dataset}/old") is Presence.ABSENT
        assert place.zfs.presence(f"{dataset}/trash/new@a") is Presence.PRESENT
        assert place.zfs.mounted(f"{dataset}/trash/new")
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.rename(f"{dataset}/old", f"{dataset}/x")

    def test_a_quota_below_what_is_used_is_refused(self, place: Place, dataset: str, archive: str) -> None:
        """And one that is reached ends an unpacking as "no space"."""
        place.zfs.create(dataset, quota="8M")
        with pytest.raises(NoSpace):
            unpack(place.node, archive, f"/{dataset}")
        with pytest.raises(NoSpace):
            place.zfs.set(dataset, "quota", "1M")
        place.zfs.set(dataset, "quota", "none")
        assert place.zfs.usage(dataset).quota == 0
