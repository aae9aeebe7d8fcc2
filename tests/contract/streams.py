"""What streams do, real or simulated."""

from collections.abc import Iterator

import pytest

from agent.core.errors import CommandFailed, NoSpace
from agent.host.presence import Presence
from agent.host.streams import Streams, Written
from agent.host.zfs import receive_argv, send_argv
from tests.contract.place import Place


def _ignored(_: int) -> None:
    pass


class StreamContract:
    """What streams and the files around them do."""

    @pytest.fixture
    def streams(self, place: Place) -> Streams:
        """Those of the node."""
        return Streams(place.node)

    @pytest.fixture
    def disk(self, place: Place, streams: Streams) -> Iterator[str]:
        """A folder outside of the pool; what a test makes in it is removed."""
        folder = f"/mnt/{place.above.replace('/', '-')}"
        streams.make(folder)
        yield folder
        for file in streams.files(folder):
            streams.remove(f"{folder}/{file}")
        streams.remove(folder)

    @pytest.fixture
    def source(self, place: Place) -> Iterator[str]:
        """A data set with a snapshot, and one after a change."""
        dataset = f"{place.above}/sent"
        place.zfs.create(dataset)
        place.zfs.snapshot(f"{dataset}@one")
        place.zfs.snapshot(f"{dataset}@two")
        yield dataset
        place.zfs.destroy(dataset, recursive=True)

    def test_a_snapshot_goes_into_a_file_and_comes_back(
        self, place: Place, streams: Streams, disk: str, source: str
    ) -> None:
        """With an increment behind it in the same file, known by its guid on both sides."""
        file, target = f"{disk}/file", f"{place.above}/received"
        one = streams.write(file, 0, send_argv(f"{source}@one"), _ignored)
        two = streams.write(file, one.size, send_argv(f"{source}@two", "one"), _ignored)
        assert streams.sizes([file, f"{disk}/none"]) == [one.size + two.size, -1]
        assert streams.check(file, 0, one.size, _ignored) == Written(size=one.size, sha256=one.sha256)
        assert streams.check(file, one.size, two.size + 99, _ignored).sha256 == two.sha256
        streams.feed(file, 0, one.size, receive_argv(target), _ignored)
        try:
            streams.feed(file, one.size, two.size, receive_argv(target), _ignored)
            assert not place.zfs.mounted(target)
            for name in ("one", "two"):
                assert place.zfs.guid(f"{target}@{name}") == place.zfs.guid(f"{source}@{name}")
            with pytest.raises(CommandFailed, match="exists"):
                streams.feed(file, 0, one.size, receive_argv(target), _ignored)
        finally:
            place.zfs.destroy(target, recursive=True)

    def test_a_snapshot_goes_from_one_program_to_another(
        self, place: Place, streams: Streams, source: str
    ) -> None:
        """Or fails with what the one of them said that could not."""
        target = f"{place.above}/joined"
        assert streams.join(send_argv(f"{source}@one"), receive_argv(target), _ignored) > 0
        place.zfs.destroy(target, recursive=True)
        with pytest.raises(CommandFailed):
            streams.join(send_argv(f"{source}@none"), receive_argv(target), _ignored)
        assert place.zfs.presence(target) is Presence.ABSENT

    def test_what_cannot_be_written_is_no_file(self, streams: Streams, disk: str, source: str) -> None:
        """Neither what is not there, nor behind the end of what is."""
        with pytest.raises(CommandFailed):
            streams.write(f"{disk}/file", 0, send_argv(f"{source}@none"), _ignored)
        streams.put(f"{disk}/short", "x")
        with pytest.raises(CommandFailed, match="bytes only"):
            streams.write(f"{disk}/short", 5, send_argv(f"{source}@one"), _ignored)
        with pytest.raises(CommandFailed):
            streams.check(f"{disk}/none", 0, 5, _ignored)
        with pytest.raises((CommandFailed, NoSpace)):
            streams.feed(f"{disk}/none", 0, 5, receive_argv(f"{source}/x"), _ignored)
        with pytest.raises(CommandFailed):
            streams.move(f"{disk}/none", f"{disk}/other")

    def test_files_are_named_read_sealed_and_removed(self, streams: Streams, disk: str, source: str) -> None:
        """A text is put in place whole; a stream is ended with one."""
        assert streams.text(f"{disk}/manifest") is None
        streams.put(f"{disk}/dev/manifest", "words")
        assert streams.text(f"{disk}/dev/manifest") == "words"
        assert streams.folders(disk, "manifest") == ["dev"]
        size = streams.write(f"{disk}/file", 0, send_argv(f"{source}@one"), _ignored).size
        streams.seal(f"{disk}/file", size, "the end")
        assert streams.text(f"{disk}/file") == "the end"
        streams.move(f"{disk}/file", f"{disk}/moved")
        assert streams.files(disk) == ["moved"]
        assert streams.files(f"{disk}/none") == []
        streams.remove(f"{disk}/dev/manifest", f"{disk}/dev", f"{disk}/none")
        assert streams.folders(disk, "manifest") == []

    def test_a_path_is_looked_at(self, place: Place, streams: Streams, disk: str, source: str) -> None:
        """What it is, and whether it is in the pool."""
        seen = streams.look(disk)
        assert (seen.kind, seen.around, seen.writable) == ("folder", True, True)
        assert seen.free > 0
        assert not seen.source.startswith(place.pool)
        assert streams.look(f"{disk}/new").kind == ""
        assert streams.look(f"{disk}/a/b").around is False
        assert streams.look(f"/{source}").source == source
