"""What ZFS does, real or simulated."""

import base64
import random
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from agent.core.errors import CommandFailed, HostFailure, NoSpace
from agent.host.archive import unpack
from agent.host.presence import Presence
from agent.host.zfs import receive_argv, send_argv
from agent.host.zfs_commands import Commands
from agent.host.zfs_snapshots import clone_name
from tests.contract.place import Place, until

MIB = 1 << 20
GONE = "does not exist|could not find any snapshots"
"""What is said of a snapshot that is not there: zfs-fuse's words, and OpenZFS's of one to be destroyed."""
CHANGED_SINCE = "match incremental source|has been modified"
"""What is said where an increment's first snapshot is not the newest: OpenZFS takes that for a change."""


def settle(place: Place, dataset: str) -> None:
    """Have all that was written counted, for which ZFS takes its time: a snapshot waits for that."""
    place.zfs.snapshot(f"{dataset}@settle")
    place.zfs.destroy(f"{dataset}@settle")


def filling(size: int) -> str:
    """So many letters that take as much room: OpenZFS compresses, unless it is told not to."""
    return base64.b64encode(random.Random(size).randbytes(size * 3 // 4 + 3)).decode()[:size]  # noqa: S311


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

    def test_a_snapshot_of_many_is_of_all_or_of_none(self, place: Place, dataset: str) -> None:
        """Root and workspace are kept by one command under one name, and forgotten by one."""
        place.zfs.create(f"{dataset}/m/root")
        place.zfs.create(f"{dataset}/m/workspace")
        place.zfs.snapshot(f"{dataset}/m/root@one")
        with pytest.raises(CommandFailed, match="already exists"):
            place.zfs.snapshot(f"{dataset}/m@one", recursive=True)
        assert place.zfs.presence(f"{dataset}/m/workspace@one") is Presence.ABSENT
        place.zfs.snapshot(f"{dataset}/m@two", recursive=True)
        found = place.zfs.snapshots_below(f"{dataset}/m")
        assert {name: [one.name for one in taken] for name, taken in found.items()} == {
            f"{dataset}/m": ["two"],
            f"{dataset}/m/root": ["one", "two"],
            f"{dataset}/m/workspace": ["two"],
        }
        place.zfs.destroy(f"{dataset}/m@two", recursive=True)
        assert place.zfs.snapshots(f"{dataset}/m/root") == found[f"{dataset}/m/root"][:1]
        assert place.zfs.snapshots(f"{dataset}/m/workspace") == []
        with pytest.raises(CommandFailed, match=GONE):
            place.zfs.destroy(f"{dataset}/m@two", recursive=True)
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.snapshot(f"{dataset}/nowhere@one", recursive=True)

    def test_snapshots_come_in_the_order_in_which_they_were_taken(self, place: Place, dataset: str) -> None:
        """Whatever they are called, also within a second; and each knows when that was."""
        place.zfs.create(f"{dataset}/below")
        for name in ("c", "a", "b"):
            place.zfs.snapshot(f"{dataset}@{name}")
        place.zfs.snapshot(f"{dataset}/below@z")
        taken = place.zfs.snapshots(dataset)
        assert [one.name for one in taken] == ["c", "a", "b"]
        assert all(abs(datetime.now(UTC) - one.created_at) < timedelta(minutes=2) for one in taken)
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.snapshots(f"{dataset}/nowhere")

    def test_a_snapshot_takes_what_is_gone_since(self, place: Place, dataset: str) -> None:
        """The room of a file that was overwritten is the snapshot's, and free without it."""
        place.zfs.create(f"{dataset}/w", quota="64M")
        place.node.write(f"/{dataset}/w/big", filling(MIB))
        place.zfs.snapshot(f"{dataset}/w@one")
        assert place.zfs.breakdown(dataset)[f"{dataset}/w"].by_dataset >= MIB
        assert place.zfs.snapshots(f"{dataset}/w")[0].used < MIB // 2
        place.node.write(f"/{dataset}/w/big", "small")
        settle(place, dataset)
        until(lambda: place.zfs.snapshots(f"{dataset}/w")[0].used >= MIB, 40)
        parts = place.zfs.breakdown(dataset)
        assert parts.keys() == {dataset, f"{dataset}/w"}
        one = parts[f"{dataset}/w"]
        assert one.by_snapshots >= MIB > one.by_dataset
        assert one.used == one.by_dataset + one.by_snapshots + one.by_children
        assert (one.quota, one.reservation, one.by_children) == (64 * MIB, 0, 0)
        assert one.available == 64 * MIB - one.used
        assert parts[dataset].by_children == one.used
        place.zfs.destroy(f"{dataset}/w@one")
        until(lambda: place.zfs.breakdown(dataset)[f"{dataset}/w"].used < MIB, 40)

    def test_snapshots_count_to_a_limit_above_them(self, place: Place, dataset: str) -> None:
        """One limit over root, workspace and snapshots: what is kept leaves less to write."""
        place.zfs.create(f"{dataset}/m", quota="16M")
        place.zfs.create(f"{dataset}/m/w")
        place.node.write(f"/{dataset}/m/w/big", filling(9 * MIB))
        place.zfs.snapshot(f"{dataset}/m@one", recursive=True)
        place.node.write(f"/{dataset}/m/w/big", "")
        settle(place, dataset)
        until(lambda: place.zfs.breakdown(f"{dataset}/m")[f"{dataset}/m/w"].by_snapshots > 8 * MIB, 40)
        assert place.zfs.properties(f"{dataset}/m/w").available < 8 * MIB
        with pytest.raises(HostFailure, match="could not be written"):
            place.node.write(f"/{dataset}/m/w/big", filling(9 * MIB))
        with pytest.raises(NoSpace, match="limit"):
            place.zfs.set(f"{dataset}/m", "quota", "4M")

    def test_what_is_set_aside_is_there_for_one_alone(self, place: Place, dataset: str) -> None:
        """It counts as used above, to all but that one; and there cannot be more of it than there is room."""
        place.zfs.create(dataset, quota="256M")
        place.zfs.create(f"{dataset}/a")
        place.zfs.create(f"{dataset}/b")
        place.zfs.set(f"{dataset}/a", "reservation", "100M")
        assert place.zfs.properties(f"{dataset}/a").reservation == 100 * MIB
        assert place.zfs.properties(dataset).used > 100 * MIB
        assert place.zfs.properties(f"{dataset}/a").used < MIB
        assert place.zfs.properties(f"{dataset}/b").available < 156 * MIB
        assert place.zfs.properties(f"{dataset}/a").available > 250 * MIB
        with pytest.raises(NoSpace, match="set aside"):
            place.zfs.set(f"{dataset}/b", "reservation", "200M")
        with pytest.raises(NoSpace, match="limit"):
            place.zfs.set(dataset, "quota", "64M")
        place.zfs.set(f"{dataset}/a", "quota", "120M")
        with pytest.raises(NoSpace, match="set aside"):
            place.zfs.set(f"{dataset}/a", "reservation", "130M")
        with pytest.raises(NoSpace, match="limit"):
            place.zfs.set(f"{dataset}/a", "quota", "90M")
        place.zfs.set(f"{dataset}/a", "reservation", "none")
        assert place.zfs.properties(dataset).used < MIB

    def test_a_promoted_clone_takes_the_place_of_its_origin(self, place: Place, dataset: str) -> None:
        """It gets the snapshot that it began as and the older ones; what is newer stays where it was."""
        place.zfs.create(f"{dataset}/m/w")
        place.node.write(f"/{dataset}/m/w/file", "first")
        place.zfs.snapshot(f"{dataset}/m/w@old")
        place.zfs.snapshot(f"{dataset}/m/w@mid")
        place.node.write(f"/{dataset}/m/w/file", "second")
        place.zfs.snapshot(f"{dataset}/m/w@new")
        place.zfs.clone(f"{dataset}/m/w@mid", f"{dataset}/m/copy")
        place.zfs.clone(f"{dataset}/m/w@old", f"{dataset}/m/third")
        with pytest.raises(CommandFailed, match="not a cloned"):
            place.zfs.promote(f"{dataset}/m/w")
        place.zfs.promote(f"{dataset}/m/copy")
        assert [one.name for one in place.zfs.snapshots(f"{dataset}/m/copy")] == ["old", "mid"]
        assert [one.name for one in place.zfs.snapshots(f"{dataset}/m/w")] == ["new"]
        assert place.zfs.origin(f"{dataset}/m/copy") is None
        assert place.zfs.origin(f"{dataset}/m/w") == f"{dataset}/m/copy@mid"
        assert place.zfs.clones(f"{dataset}/m/copy@old") == (f"{dataset}/m/third",)
        assert place.node.read(f"/{dataset}/m/copy/file") == "first"
        assert place.node.read(f"/{dataset}/m/w/file") == "second"
        place.zfs.destroy(f"{dataset}/m/w", recursive=True)
        place.zfs.destroy(f"{dataset}/m/third")
        assert place.zfs.clones(f"{dataset}/m/copy@mid") == ()

    def test_a_promotion_needs_room_and_free_names(self, place: Place, dataset: str) -> None:
        """What was another's counts to the clone's own limits from then on."""
        place.zfs.create(f"{dataset}/w")
        place.node.write(f"/{dataset}/w/big", filling(3 * MIB))
        place.zfs.snapshot(f"{dataset}/w@a")
        place.zfs.clone(f"{dataset}/w@a", f"{dataset}/copy")
        place.zfs.snapshot(f"{dataset}/copy@a")
        with pytest.raises(CommandFailed, match="conflict"):
            place.zfs.promote(f"{dataset}/copy")
        place.zfs.create(f"{dataset}/small", quota="2M")
        place.zfs.clone(f"{dataset}/w@a", f"{dataset}/small/copy")
        with pytest.raises(NoSpace):
            place.zfs.promote(f"{dataset}/small/copy")
        place.zfs.destroy(f"{dataset}/copy", recursive=True)
        place.zfs.destroy(f"{dataset}/small/copy")
        with pytest.raises(NoSpace):
            place.zfs.rename(f"{dataset}/w", f"{dataset}/small/w")
        assert place.zfs.mounted(f"{dataset}/w")

    def test_a_clone_holds_its_snapshot(self, place: Place, dataset: str) -> None:
        """Also where the snapshot is one of many that are to go: then all stay."""
        place.zfs.create(f"{dataset}/m/w")
        place.zfs.snapshot(f"{dataset}/m@a", recursive=True)
        place.zfs.clone(f"{dataset}/m/w@a", f"{dataset}/copy")
        assert place.zfs.clones(f"{dataset}/m/w@a") == (f"{dataset}/copy",)
        with pytest.raises(CommandFailed, match="clone"):
            place.zfs.destroy(f"{dataset}/m@a", recursive=True)
        assert place.zfs.presence(f"{dataset}/m@a") is Presence.PRESENT

    def test_a_data_set_is_swapped_for_what_it_was(self, place: Place, dataset: str) -> None:
        """At the same folder, and nothing is lost: the other one lies elsewhere, and either can go first."""
        folder = f"/{place.above}/elsewhere"
        place.zfs.create(f"{dataset}/m", mountpoint="none")
        place.zfs.create(f"{dataset}/m/w", mountpoint=folder)
        place.node.write(f"{folder}/file", "first")
        place.zfs.snapshot(f"{dataset}/m@a", recursive=True)
        place.node.write(f"{folder}/file", "second")
        place.zfs.snapshot(f"{dataset}/m@b", recursive=True)
        place.zfs.clone(f"{dataset}/m/w@a", f"{dataset}/m/back", mountpoint="none")
        place.zfs.promote(f"{dataset}/m/back")
        place.zfs.set(f"{dataset}/m/w", "canmount", "noauto")
        place.zfs.rename(f"{dataset}/m/w", f"{dataset}/trash/w")
        assert not place.zfs.mounted(f"{dataset}/trash/w")
        place.zfs.rename(f"{dataset}/m/back", f"{dataset}/m/w")
        place.zfs.set(f"{dataset}/m/w", "mountpoint", folder)
        assert place.node.read(f"{folder}/file") == "first"
        with place.zfs.opened(f"{dataset}/trash/w@b") as opened:
            assert place.node.read(f"{opened}/file") == "second"
        with pytest.raises(CommandFailed, match="dependent clones"):
            place.zfs.destroy(f"{dataset}/m", recursive=True)
        assert place.zfs.promote_clones(f"{dataset}/m") == (f"{dataset}/trash/w",)
        assert place.zfs.promote_clones(f"{dataset}/m") == ()
        place.zfs.destroy(f"{dataset}/m", recursive=True)
        assert [one.name for one in place.zfs.snapshots(f"{dataset}/trash/w")] == ["a", "b"]
        place.zfs.mount(f"{dataset}/trash/w")
        assert place.node.read(f"{folder}/file") == "second"

    def test_what_is_put_away_stays_unmounted(self, place: Place, dataset: str) -> None:
        """With `canmount=noauto` and unmounted, it is moved about and its folder is free for another."""
        folder = f"/{place.above}/elsewhere"
        place.zfs.create(f"{dataset}/m", mountpoint="none")
        place.zfs.create(f"{dataset}/m/w", mountpoint=folder)
        place.node.write(f"{folder}/file", "kept")
        place.zfs.set(f"{dataset}/m/w", "canmount", "noauto")
        assert place.zfs.mounted(f"{dataset}/m/w")
        place.zfs.unmount(f"{dataset}/m/w")
        assert place.node.read(f"{folder}/file") is None
        with pytest.raises(CommandFailed, match="not currently mounted"):
            place.zfs.unmount(f"{dataset}/m/w")
        place.zfs.rename(f"{dataset}/m", f"{dataset}/trash/7-m")
        away = place.zfs.properties(f"{dataset}/trash/7-m/w")
        assert (away.mounted, away.mounts_itself, away.mountpoint) == (False, False, folder)
        place.zfs.create(f"{dataset}/m", mountpoint="none")
        place.zfs.create(f"{dataset}/m/w", mountpoint=folder)
        place.node.write(f"{folder}/file", "another")
        place.zfs.destroy(f"{dataset}/m", recursive=True)
        place.zfs.rename(f"{dataset}/trash/7-m", f"{dataset}/m")
        assert not place.zfs.mounted(f"{dataset}/m/w")
        place.zfs.set(f"{dataset}/m/w", "canmount", "on")
        assert not place.zfs.mounted(f"{dataset}/m/w")
        place.zfs.mount_below(f"{dataset}/m")
        assert place.node.read(f"{folder}/file") == "kept"

    def test_a_rename_takes_along_what_is_mounted_below(self, place: Place, dataset: str) -> None:
        """With files, snapshots and clones; folders of its own stay, others follow the name."""
        folder = f"/{place.above}/elsewhere"
        place.zfs.create(f"{dataset}/m/w", mountpoint=folder)
        place.zfs.create(f"{dataset}/m/root")
        place.node.write(f"{folder}/file", "kept")
        place.node.write(f"/{dataset}/m/root/file", "too")
        place.zfs.snapshot(f"{dataset}/m@a", recursive=True)
        place.zfs.clone(f"{dataset}/m/w@a", f"{dataset}/copy")
        place.zfs.rename(f"{dataset}/m", f"{dataset}/n")
        assert place.node.read(f"{folder}/file") == "kept"
        assert place.node.read(f"/{dataset}/n/root/file") == "too"
        assert place.zfs.origin(f"{dataset}/copy") == f"{dataset}/n/w@a"
        assert place.zfs.mounted(f"{dataset}/copy")
        with pytest.raises(CommandFailed, match="descendant"):
            place.zfs.rename(f"{dataset}/n", f"{dataset}/n/inside")
        assert place.zfs.origin(f"{dataset}/copy") == f"{dataset}/n/w@a"
        assert place.zfs.presence(f"{dataset}/n/root@a") is Presence.PRESENT
        place.zfs.mount_below(f"{dataset}/n")
        assert place.zfs.mounted(f"{dataset}/n/root")

    def test_a_mount_point_changes_what_is_mounted_only(self, place: Place, dataset: str) -> None:
        """Where something is unmounted, whether it stays so differs, but for what does not mount itself."""
        here, there = f"/{place.above}/here", f"/{place.above}/there"
        place.zfs.create(dataset, mountpoint="none")
        place.zfs.set(dataset, "mountpoint", here)
        assert place.zfs.mounted(dataset)
        place.zfs.unmount(dataset)
        place.zfs.set(dataset, "mountpoint", there)
        place.zfs.mount_below(dataset)
        assert place.zfs.mounted(dataset)
        assert place.node.exists(there)
        place.zfs.set(dataset, "canmount", "noauto")
        place.zfs.unmount(dataset)
        place.zfs.set(dataset, "mountpoint", here)
        assert not place.zfs.mounted(dataset)
        place.zfs.set(dataset, "mountpoint", "none")
        place.zfs.set(dataset, "mountpoint", here)
        assert not place.zfs.mounted(dataset)
        place.zfs.mount(dataset)
        assert place.node.exists(here)
        place.zfs.set(dataset, "canmount", "off")
        assert not place.zfs.mounted(dataset)
        with pytest.raises(CommandFailed, match="canmount"):
            place.zfs.mount(dataset)

    def test_a_data_set_can_be_read_only(self, place: Place, dataset: str) -> None:
        """Nothing is written to it then, and it says so."""
        place.zfs.create(dataset)
        place.node.write(f"/{dataset}/file", "kept")
        place.zfs.set(dataset, "readonly", "on")
        assert place.zfs.properties(dataset).readonly
        with pytest.raises(HostFailure, match="Read-only"):
            place.node.write(f"/{dataset}/file", "lost")
        assert place.node.read(f"/{dataset}/file") == "kept"

    def test_a_word_of_ours_is_kept_with_a_data_set(self, place: Place, dataset: str) -> None:
        """By all below it too, and by their snapshots; what never was given is none."""
        place.zfs.create(f"{dataset}/m/w")
        place.zfs.snapshot(f"{dataset}/m/w@a")
        place.zfs.set(f"{dataset}/m", "voxnix:word", "7")
        commands = Commands(place.node)
        for name in ("m", "m/w", "m/w@a"):
            assert commands.get(f"{dataset}/{name}", "voxnix:word") == {"voxnix:word": "7"}
        assert commands.get(dataset, "voxnix:word") == {"voxnix:word": "-"}

    def test_what_is_in_a_snapshot_can_be_read(self, place: Place, dataset: str) -> None:
        """As long as the block lasts; afterwards nothing holds the snapshot, and the folder is gone."""
        place.zfs.create(f"{dataset}/w")
        place.node.write(f"/{dataset}/w/deep/file", "before")
        place.zfs.snapshot(f"{dataset}/w@a")
        place.node.write(f"/{dataset}/w/deep/file", "after")
        with place.zfs.opened(f"{dataset}/w@a") as folder:
            assert place.node.read(f"{folder}/deep/file") == "before"
            with pytest.raises(HostFailure, match="Read-only"):
                place.node.write(f"{folder}/deep/file", "forged")
            assert place.zfs.close_leftovers(place.pool) == ()
        assert place.zfs.clones(f"{dataset}/w@a") == ()
        assert place.node.read(f"/{dataset}/w/deep/file") == "after"
        if not place.zfs.capabilities.folders:
            assert not place.node.exists(folder)
        place.zfs.destroy(f"{dataset}/w@a")
        with pytest.raises(CommandFailed, match="does not exist"), place.zfs.opened(f"{dataset}/w@a"):
            pass

    def test_an_opening_that_was_cut_short_is_made_good(self, place: Place, dataset: str) -> None:
        """What a killed process left is replaced by the next one, or cleared away."""
        place.zfs.create(dataset)
        place.node.write(f"/{dataset}/file", "before")
        place.zfs.snapshot(f"{dataset}@a")
        left = f"{place.pool}/opened/{clone_name(f'{dataset}@a')}"
        place.zfs.clone(f"{dataset}@a", left, mountpoint=f"/{place.above}/left")
        with place.zfs.opened(f"{dataset}@a") as folder:
            assert place.node.read(f"{folder}/file") == "before"
        if place.zfs.presence(left) is Presence.ABSENT:
            place.zfs.clone(f"{dataset}@a", left, mountpoint=f"/{place.above}/left")
        assert place.zfs.close_leftovers(place.pool) == (left,)
        assert place.zfs.clones(f"{dataset}@a") == ()
        assert place.zfs.close_leftovers(place.pool) == ()

    def test_a_stream_brings_a_data_set_over(self, place: Place, dataset: str) -> None:
        """Whole, then what became different; and it is not mounted by that."""
        place.zfs.create(f"{dataset}/w")
        place.node.write(f"/{dataset}/w/file", "first")
        place.node.write(f"/{dataset}/w/gone", "soon")
        place.zfs.snapshot(f"{dataset}/w@a")
        place.node.write(f"/{dataset}/w/file", "second")
        place.node.remove(f"/{dataset}/w/gone")
        place.zfs.snapshot(f"{dataset}/w@b")
        self._carry(place, f"{dataset}/w@a", f"{dataset}/r")
        assert not place.zfs.mounted(f"{dataset}/r")
        self._carry(place, f"{dataset}/w@b", f"{dataset}/r", since="a")
        place.zfs.mount(f"{dataset}/r")
        assert place.node.read(f"/{dataset}/r/file") == "second"
        assert place.node.read(f"/{dataset}/r/gone") is None
        assert place.zfs.guid(f"{dataset}/r@b") == place.zfs.guid(f"{dataset}/w@b")
        assert place.zfs.guid(f"{dataset}/r@a") != place.zfs.guid(f"{dataset}/r@b")
        taken = place.zfs.snapshots(f"{dataset}/r")
        assert [one.name for one in taken] == ["a", "b"]
        assert place.zfs.resume_token(f"{dataset}/r") is None
        assert place.zfs.estimate(f"{dataset}/w@b", since="a") > 0

    def test_a_stream_that_does_not_fit_is_refused(self, place: Place, dataset: str) -> None:
        """Without its base, over something else, where it was changed, or without a data set above."""
        place.zfs.create(f"{dataset}/w")
        place.node.write(f"/{dataset}/w/file", "first")
        place.zfs.snapshot(f"{dataset}/w@a")
        place.zfs.snapshot(f"{dataset}/w@b")
        with pytest.raises(HostFailure, match="has no snapshot a"):
            self._carry(place, f"{dataset}/w@b", f"{dataset}/r", since="a")
        with pytest.raises(CommandFailed, match="does not exist"):
            self._carry(place, f"{dataset}/w@a", f"{dataset}/no/where")
        self._carry(place, f"{dataset}/w@a", f"{dataset}/r")
        with pytest.raises(CommandFailed, match="exists"):
            self._carry(place, f"{dataset}/w@a", f"{dataset}/r")
        place.zfs.mount(f"{dataset}/r")
        place.node.write(f"/{dataset}/r/file", "changed")
        place.zfs.snapshot(f"{dataset}/r@own")
        with pytest.raises(CommandFailed, match=CHANGED_SINCE):
            self._carry(place, f"{dataset}/w@b", f"{dataset}/r", since="a")
        place.zfs.destroy(f"{dataset}/r@own")
        with pytest.raises(CommandFailed, match="has been modified"):
            self._carry(place, f"{dataset}/w@b", f"{dataset}/r", since="a")
        self._carry(place, f"{dataset}/w@b", f"{dataset}/r", since="a", overwrite=True)
        assert place.zfs.presence(f"{dataset}/r@b") is Presence.PRESENT
        for since, what in (("nowhere", "does not exist"), ("b", "not an earlier snapshot")):
            with pytest.raises(CommandFailed, match=what):
                place.node.run(send_argv(f"{dataset}/w@a", since=since))
        with pytest.raises(CommandFailed, match="does not exist"):
            place.node.run(send_argv(f"{dataset}/w@nowhere"))

    @staticmethod
    def _carry(
        place: Place, snapshot: str, to: str, since: str | None = None, *, overwrite: bool = False
    ) -> None:
        """Bring a snapshot over, as whoever connects the two commands does."""
        if since is not None:
            place.zfs.check_base(to, since)
        give, take = send_argv(snapshot, since=since), receive_argv(to, overwrite=overwrite)
        if place.node.simulated:
            place.node.run(take, input=place.node.run(give).stdout)
        else:
            place.node.run(["sh", "-c", f"{shlex.join(give)} | {shlex.join(take)}"])
