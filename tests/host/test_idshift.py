"""Files move into a container's range of user ids. Needs root, as the program does."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.host import idshift

BASE = 1_048_576


@given(st.integers(0, 65_535), st.integers(1, 20_000))
def test_an_id_moves_once(number: int, slot: int) -> None:
    """Into the range, and from there nowhere."""
    base = slot * 65_536
    once = idshift.shifted(number, base)
    assert base <= once < base + 65_536
    assert idshift.shifted(once, base) == once


@given(st.integers(65_536, 2**32 - 1).filter(lambda number: not BASE <= number < BASE + 65_536))
def test_an_id_of_a_third_range_is_refused(number: int) -> None:
    """Nobody is given another one's files."""
    with pytest.raises(ValueError, match="neither"):
        idshift.shifted(number, BASE)


@given(st.integers(0, 65_535), st.integers(0, 20_000), st.integers(0, 20_000))
def test_an_id_moves_from_one_range_to_another(number: int, slot: int, before: int) -> None:
    """Once; and it is in the new range what it was in the old one."""
    if slot == before:
        return
    base, was = slot * 65_536, before * 65_536
    once = idshift.shifted(was + number, base, was)
    assert once == base + number
    assert idshift.shifted(once, base, was) == once


def test_whom_the_node_alone_knows_stays() -> None:
    """A file of its root, in a folder of somebody else, is its root's still."""
    assert idshift.shifted(0, BASE, 2 * BASE) == 0


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change owners")


def run(folder: Path, base: int = BASE) -> subprocess.CompletedProcess[str]:
    """Run it as the program that it is."""
    argv = [sys.executable, "-I", idshift.__file__, str(folder), str(base)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A little of all kinds of files."""
    root = tmp_path / "root"
    (root / "bin" / "deep").mkdir(parents=True)
    (root / "bin" / "su").write_text("x", encoding="utf-8")
    os.chown(root / "bin" / "su", 0, 5)
    (root / "bin" / "su").chmod(0o6755)
    (root / "plain").write_text("x", encoding="utf-8")
    os.chown(root / "plain", 1000, 1000)
    (root / "dangling").symlink_to("/nowhere/at/all")
    (root / "escape").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").write_text("x", encoding="utf-8")
    os.link(root / "plain", root / "bin" / "deep" / "hard")
    os.mkfifo(root / "pipe")
    (root / "bin").chmod(0o2775)
    return root


@needs_root
def test_a_tree_moves_with_all_its_bits(tree: Path) -> None:
    """Owners move, set-id bits stay, links are not followed, and the same again changes nothing."""
    assert run(tree).returncode == 0
    for path in (tree, *tree.rglob("*")):
        status = path.lstat()
        assert BASE <= status.st_uid < BASE + 65_536, path
        assert BASE <= status.st_gid < BASE + 65_536, path
    su = (tree / "bin" / "su").stat()
    assert (su.st_uid, su.st_gid, stat.S_IMODE(su.st_mode)) == (BASE, BASE + 5, 0o6755)
    assert stat.S_IMODE((tree / "bin").stat().st_mode) == 0o2775
    assert (tree / "plain").stat().st_uid == BASE + 1000
    assert (tree.parent / "outside").stat().st_uid == 0
    again = run(tree)
    assert (again.returncode, again.stdout) == (0, "0\n")


@needs_root
def test_file_capabilities_stay(tree: Path) -> None:
    """`ping` must go on working."""
    capability = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw=ep
    path = tree / "bin" / "su"
    try:
        os.setxattr(path, "security.capability", capability)
    except OSError as error:
        pytest.skip(f"no file capabilities here: {error}")
    before = os.getxattr(path, "security.capability")
    assert run(tree).returncode == 0
    assert os.getxattr(path, "security.capability") == before


@needs_root
def test_a_half_done_tree_is_finished(tree: Path) -> None:
    """After a kill in the middle, the rest follows."""
    os.chown(tree / "plain", BASE + 1000, BASE + 1000)
    assert run(tree).returncode == 0
    assert (tree / "plain").stat().st_uid == BASE + 1000
    assert (tree / "bin" / "su").stat().st_uid == BASE


@needs_root
def test_a_third_range_is_refused(tree: Path) -> None:
    """With the reason, and not as a crash."""
    run(tree)
    other = run(tree, BASE + 65_536)
    assert other.returncode == 1
    assert "neither below 65536" in other.stderr
    assert "Traceback" not in other.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["/x"], ["/x", "abc"], ["/x", "70000"], ["/x", "-65536"], ["/x", "0"]]
)
def test_wrong_arguments(arguments: list[str]) -> None:
    """Code 2, and nothing done."""
    assert idshift.main(arguments) == 2


def test_a_missing_folder(tmp_path: Path) -> None:
    """Code 1, with the reason."""
    missing = run(tmp_path / "none")
    assert missing.returncode == 1
    assert "No such file" in missing.stderr
