"""Trees of files, with the program that works on them in real folders."""

import os
import random
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.core.errors import HostFailure, InvalidRequest
from agent.host.node import LocalNode
from agent.host.trees import Trees

MARK = ".voxnix-17"


class Place:
    """A folder as it was, the folder now, and what works on them."""

    def __init__(self, folder: Path) -> None:
        self.before, self.now = folder / "before", folder / "now"
        self.before.mkdir()
        self.now.mkdir()
        self.trees = Trees(LocalNode("box"))

    def changed(self, limit: int = 100, some: list[bytes] | None = None) -> tuple[dict[bytes, str], int]:
        """What became of each file, and how many there are."""
        found, total = self.trees.compare(str(self.before), str(self.now), limit, some)
        return {path: sign for sign, path in found}, total

    def count(self, path: bytes) -> int:
        """How many parts of a path are there now."""
        seen = self.trees.look(str(self.before), str(self.now), path)
        assert seen is not None
        return seen.there

    def put(self, path: bytes, count: int) -> bool:
        """Bring a path back."""
        return self.trees.put(str(self.before), str(self.now), path, MARK, count)

    def take_back(self, path: bytes, count: int) -> None:
        """Undo that."""
        self.trees.take_back(str(self.before), str(self.now), path, MARK, count)

    def settle(self, path: bytes) -> None:
        """Give up what was put aside."""
        self.trees.settle(str(self.now), path, MARK)

    def all_of_it(self) -> dict[str, object]:
        """All that is in the folder now, and what each is like."""
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.now):
            for name in folders + files:
                path = Path(folder) / name
                seen = path.lstat()
                content = (
                    path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
                )
                found[str(path.relative_to(self.now))] = (stat.filemode(seen.st_mode), seen.st_uid, content)
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Two empty folders."""
    return Place(tmp_path)


def write(path: Path, text: str, mtime: int = 1_700_000_000) -> None:
    """A file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (mtime, mtime))


def both(place: Place, name: str, text: str, other: str, *, later: bool) -> None:
    """A file that was this and is that, of another time or of the same."""
    write(place.before / name, text)
    write(place.now / name, other, 1_700_000_000 + later)


def test_what_came_went_and_changed_is_told(place: Place) -> None:
    """By size, and by content where a size is the same and a time is not. A folder is the files in it."""
    both(place, "same", "text", "text", later=False)
    both(place, "touched", "text", "text", later=True)
    both(place, "longer", "text", "texts", later=False)
    both(place, "other", "text", "tixt", later=True)
    write(place.before / "gone/deep/one", "1")
    write(place.now / "new/deep/two", "2")
    write(place.before / "was a folder/x", "x")
    write(place.now / "was a folder", "y")
    (place.now / "empty").mkdir()
    (place.before / "link").symlink_to("a")
    (place.now / "link").symlink_to("b")
    assert place.changed() == (
        {
            b"longer": "M",
            b"other": "M",
            b"gone/deep/one": "-",
            b"new/deep/two": "+",
            b"was a folder/x": "-",
            b"was a folder": "+",
            b"link": "M",
        },
        7,
    )


def test_more_than_fits_is_counted(place: Place) -> None:
    """The first of them by name are told."""
    for number in range(30):
        write(place.now / f"{number:02}", "")
    found, total = place.changed(limit=3)
    assert list(found) == [b"00", b"01", b"02"]
    assert total == 30


def test_names_may_be_any_bytes(place: Place) -> None:
    """Spaces, line breaks and what is no UTF-8."""
    names = [b"a b", b"a\nb", b"caf\xe9", b" ", b"\xff\xfe/\x01\x02", "Größe".encode()]
    for name in names:
        path = os.fsencode(place.before) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - bytes
        Path(os.fsdecode(path)).write_text("x")
    found, total = place.changed()
    assert set(found) == set(names)
    assert total == len(names)
    for name in names:
        assert place.put(name, place.count(name))
    assert place.changed() == ({}, 0)


def test_of_what_was_touched_only_that_is_looked_at(place: Place) -> None:
    """What got another name is gone there and new here, with all that is in it; twice is once."""
    write(place.before / "old/a", "1")
    write(place.before / "old/b", "2")
    write(place.now / "new/a", "1")
    write(place.now / "new/b", "2")
    write(place.now / "not told", "3")
    both(place, "same", "1", "1", later=True)
    touched = [b"", b"old", b"new", b"new/a", b"same", b"nowhere/at/all"]
    found, total = place.changed(some=[path for path in touched if path])
    assert found == {b"old/a": "-", b"old/b": "-", b"new/a": "+", b"new/b": "+"}
    assert total == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change owners")
def test_a_file_comes_back_as_it_was(place: Place) -> None:
    """With owner, mode, time and attributes; and what was in its place is put aside until that is settled."""
    both(place, "notes", "good", "bad", later=True)
    os.chmod(place.before / "notes", 0o640)  # noqa: PTH101
    os.chown(place.before / "notes", 524_288, 524_289)
    before = place.all_of_it()
    assert place.put(b"notes", place.count(b"notes"))
    seen = (place.now / "notes").stat()
    assert (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid) == (0o640, 524_288, 524_289)
    assert seen.st_mtime_ns == (place.before / "notes").stat().st_mtime_ns
    place.take_back(b"notes", 1)
    assert place.all_of_it() == before
    assert place.put(b"notes", 1)
    assert place.put(b"notes", 1)
    place.settle(b"notes")
    assert [path.name for path in place.now.iterdir()] == ["notes"]
    assert (place.now / "notes").read_text() == "good"


def test_the_last_change_is_the_newest_anywhere_below(place: Place) -> None:
    """A file that is in a folder in a folder counts, and where a link leads to does not."""
    write(place.now / "a/b/file", "text")
    write(place.now / "other", "text")
    (place.now / "link").symlink_to("/proc/self/environ")
    for path in (place.now, *place.now.rglob("*")):
        os.utime(path, (0, 1_000_000), follow_symlinks=False)
    os.utime(place.now / "a/b/file", (0, 2_000_000))
    assert place.trees.newest(str(place.now), 100) == datetime.fromtimestamp(2_000_000, UTC)
    assert place.trees.newest(str(place.now), 5) == datetime.fromtimestamp(2_000_000, UTC)
    assert place.trees.newest(str(place.now), 4) is None
    with pytest.raises(HostFailure):
        place.trees.newest(f"{place.now}/none", 100)


@pytest.mark.parametrize("path", ["a/b/c/file", "a/b", "a"])
@pytest.mark.parametrize("there", ["", "a", "a/b", "a/b/c"])
def test_what_is_gone_comes_back_with_the_folders_above_it(place: Place, path: str, there: str) -> None:
    """And nothing else that was in those; whoever takes that back leaves nothing behind."""
    write(place.before / "a/b/c/file", "text")
    write(place.before / "a/other", "text")
    (place.now / there).mkdir(parents=True, exist_ok=True)
    before = place.all_of_it()
    count = place.count(path.encode())
    assert place.put(path.encode(), count)
    assert place.put(path.encode(), count)
    assert (place.now / "a/b/c/file").read_text() == "text"
    assert (place.now / "a/other").exists() is (path == "a")
    place.take_back(path.encode(), count)
    place.take_back(path.encode(), count)
    assert place.all_of_it() == before
    assert place.put(path.encode(), count)
    place.settle(path.encode())
    assert MARK not in str(place.all_of_it())


def test_a_folder_replaces_what_is_there(place: Place) -> None:
    """A folder, a file or a link: what comes back is as it was, and what was there is had back."""
    write(place.before / "data/one", "1")
    (place.before / "data").chmod(0o750)
    os.mkfifo(place.before / "data/pipe")
    for kind in ("folder", "file", "link"):
        if kind == "folder":
            write(place.now / "data/two", "2")
        elif kind == "file":
            write(place.now / "data", "no folder")
        else:
            (place.now / "data").symlink_to("/etc")
        before = place.all_of_it()
        for _ in range(2):
            assert place.put(b"data", 1)
            assert (place.now / "data").stat().st_mode & 0o7777 == 0o750
            assert sorted(path.name for path in (place.now / "data").iterdir()) == ["one", "pipe"]
        place.take_back(b"data", 1)
        assert place.all_of_it() == before
        place.put(b"data", 1)
        place.settle(b"data")
        assert place.changed() == ({}, 0)
        for one in (place.now / "data").iterdir():
            one.unlink()
        (place.now / "data").rmdir()


def test_no_link_is_followed(place: Place, tmp_path: Path) -> None:
    """Neither in the workspace nor in the snapshot: nothing outside is read or written."""
    outside = tmp_path / "outside"
    write(outside / "passwd", "secret")
    write(place.before / "etc/passwd", "planted")
    (place.now / "etc").symlink_to(outside)
    for path in (b"etc/passwd", b"etc/new"):
        with pytest.raises(InvalidRequest, match="link"):
            place.trees.look(str(place.before), str(place.now), b"etc/passwd")
        with pytest.raises(InvalidRequest, match="link"):
            place.put(path, 2)
    (place.before / "lead").symlink_to(outside)
    with pytest.raises(InvalidRequest, match="link"):
        place.trees.look(str(place.before), str(place.now), b"lead/passwd")
    assert place.put(b"lead", 0)
    assert (place.now / "lead").readlink() == outside
    assert place.changed()[0] == {b"etc/passwd": "-", b"etc": "+"}
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("passwd", "secret")]


def test_nothing_that_came_meanwhile_is_replaced(place: Place) -> None:
    """Nobody agreed to lose it; and whoever takes it back leaves it alone."""
    write(place.before / "notes", "good")
    write(place.now / "notes", "from somebody else")
    assert place.put(b"notes", 0)
    place.take_back(b"notes", 0)
    assert (place.now / "notes").read_text() == "from somebody else"


def test_what_the_snapshot_has_not_is_not_brought(place: Place) -> None:
    """It is told, and nothing is changed."""
    write(place.now / "notes", "mine")
    assert place.trees.look(str(place.before), str(place.now), b"notes") is None
    assert not place.put(b"notes", 1)
    assert place.all_of_it() == {"notes": ("-rw-r--r--", 0, b"mine")}


def test_what_cannot_be_looked_at_is_a_failure(place: Place, tmp_path: Path) -> None:
    """A folder that is not there is no empty one."""
    with pytest.raises(HostFailure, match="could not be looked at"):
        place.trees.compare(str(place.before), str(tmp_path / "none"), 10)


def test_sizes_are_of_all_that_is_in_it(place: Place) -> None:
    """In the snapshot, and now."""
    write(place.before / "data/one", "123")
    write(place.before / "data/deep/two", "45")
    write(place.now / "data/one", "1")
    seen = place.trees.look(str(place.before), str(place.now), b"data")
    assert seen is not None
    assert (seen.folder, seen.size, seen.now) == (True, 5, 1)


def test_a_root_forgets_who_it_is(tmp_path: Path) -> None:
    """Files are emptied or go; what is not there is no matter, and no link is followed."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for name in (
        "etc/machine-id",
        "etc/ssh/ssh_host_rsa_key",
        "etc/ssh/ssh_host_rsa_key.pub",
        "etc/ssh/config",
    ):
        write(root / name, "x")
    write(root / "var/lib/state/deep/file", "x")
    write(outside / "key", "x")
    (root / "linked").symlink_to(outside)
    Trees(LocalNode("box")).renew(
        str(root),
        ["etc/machine-id", "etc/none"],
        ["etc/ssh/ssh_host_*", "var/lib/state", "linked/key", "no/such"],
    )
    left = {str(path.relative_to(root)) for folder in ("etc", "var") for path in (root / folder).rglob("*")}
    assert left == {"etc/machine-id", "etc/ssh", "etc/ssh/config", "var/lib"}
    assert (root / "etc/machine-id").read_bytes() == b""
    assert (outside / "key").exists()


def _tree(chance: random.Random, folder: Path, depth: int) -> Iterator[str]:
    for number in range(chance.randrange(5)):
        name = f"{'df'[chance.random() < 0.6]}{number}"
        if name.startswith("d") and depth:
            (folder / name).mkdir()
            yield from (f"{name}/{path}" for path in _tree(chance, folder / name, depth - 1))
        else:
            write(folder / name, str(chance.randrange(3)), chance.randrange(3))
            yield name


@pytest.mark.parametrize("seed", range(8))
def test_all_that_changed_is_told_and_nothing_else(place: Place, seed: int) -> None:
    """Of random trees it is what reading all of their files tells; a path brought back is the same."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    before = {path: (place.before / path).read_text() for path in _tree(chance, place.before, 3)}
    now = {path: (place.now / path).read_text() for path in _tree(chance, place.now, 3)}
    expected = {
        path: "-" if path not in now else "+" if path not in before else "M"
        for path in before.keys() | now.keys()
        if before.get(path) != now.get(path)
    }
    found, total = place.changed(limit=1000)
    told = {path.decode(): sign for path, sign in found.items()}
    wrong = {path for path in expected if told.get(path) != expected[path]}
    # The same size at the same time is taken for the same.
    shared = before.keys() & now.keys()
    times = {path: [(above / path).stat().st_mtime for above in (place.before, place.now)] for path in shared}
    alike = {path for path, (old, new) in times.items() if path in wrong and old == new}
    assert wrong == alike
    assert total == len(told) == len(expected) - len(alike)
    for path, text in before.items():
        whole = path.encode()
        try:
            count = place.count(whole)
        except InvalidRequest:
            continue
        assert place.put(whole, count)
        place.settle(whole)
        assert (place.now / path).read_text() == text
