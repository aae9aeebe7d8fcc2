"""The program that moves streams: what it writes is what was printed, however often it was interrupted."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agent.host import pipe

PROGRAM = [sys.executable, "-I", str(Path(pipe.__file__))]
DATA = os.urandom(3 << 20)


def run(*words: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What the program answers."""
    return subprocess.run(
        [*PROGRAM, *map(str, words)], input=given, capture_output=True, check=False, timeout=60
    )


def answer(*words: str | Path, given: bytes = b"") -> dict[str, Any]:
    """What it answers where it goes well."""
    done = run(*words, given=given)
    assert done.returncode == 0, done
    return json.loads(done.stdout.decode().splitlines()[-1].removeprefix(pipe.MARK))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of some megabytes, that `cat` prints."""
    file = tmp_path / "source"
    file.write_bytes(DATA)
    return file


def test_a_stream_is_written_whole_and_told(tmp_path: Path, source: Path) -> None:
    """Its length and its SHA-256 are those of what is in the file."""
    target = tmp_path / "target"
    assert answer("write", target, "0", "cat", source) == {
        "size": len(DATA),
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "kept": 0,
    }
    assert target.read_bytes() == DATA
    assert target.stat().st_mode & 0o777 == 0o600
    assert answer("check", target, "5", "100")["sha256"] == hashlib.sha256(DATA[5:105]).hexdigest()
    assert answer("check", target, str(len(DATA) - 7), "100")["size"] == 7


@pytest.mark.parametrize("there", [0, 1, (1 << 20) - 1, 1 << 20, (2 << 20) + 17, len(DATA), len(DATA) + 99])
def test_an_interrupted_writing_goes_on(tmp_path: Path, source: Path, there: int) -> None:
    """Whole pieces that are there are kept, and what is too much is cut off."""
    target = tmp_path / "target"
    target.write_bytes((DATA + bytes(100))[:there])
    told = answer("write", target, "0", "cat", source)
    assert target.read_bytes() == DATA
    assert told["kept"] == (min(there, len(DATA)) >> 20) << 20
    assert told["sha256"] == hashlib.sha256(DATA).hexdigest()


def test_what_is_there_and_is_something_else_is_written_over(tmp_path: Path, source: Path) -> None:
    """From the first difference on, nothing of it is trusted."""
    target = tmp_path / "target"
    other = bytearray(DATA)
    other[(1 << 20) + 5] ^= 1
    target.write_bytes(other)
    assert answer("write", target, "0", "cat", source)["kept"] == 1 << 20
    assert target.read_bytes() == DATA


def test_a_second_stream_follows_the_first_in_one_file(tmp_path: Path, source: Path) -> None:
    """Behind them stands a text that is found from the end; without it the file is not whole."""
    target = tmp_path / "target"
    answer("write", target, "0", "cat", source)
    answer("write", target, str(len(DATA)), "cat", source)
    assert target.read_bytes() == DATA + DATA
    whole = run("text", target)
    assert whole.returncode == 1
    assert b"not whole" in whole.stderr
    answer("seal", target, str(2 * len(DATA)), given='{"a": "ü"}'.encode())
    assert answer("text", target)["text"] == '{"a": "ü"}'
    assert answer("check", target, str(len(DATA)), str(len(DATA)))["size"] == len(DATA)
    too_far = run("write", target, str(9 * len(DATA)), "cat", source)
    assert too_far.returncode == 1
    assert b"bytes only" in too_far.stderr


def test_a_program_reads_a_part_of_a_file_or_what_another_prints(tmp_path: Path, source: Path) -> None:
    """All of it arrives."""
    out = tmp_path / "out"
    answer("feed", source, "10", "2000000", "dd", f"of={out}", "status=none")
    assert out.read_bytes() == DATA[10:2000010]
    assert answer("join", "2", "cat", source, "dd", f"of={out}", "status=none")["size"] == len(DATA)
    assert out.read_bytes() == DATA


@pytest.mark.parametrize(
    "words",
    [
        ("write", "TARGET", "0", "sh", "-c", "echo some; exit 3"),
        ("feed", "SOURCE", "0", "3000000", "sh", "-c", "exit 3"),
        ("join", "2", "cat", "SOURCE", "sh", "-c", "exit 3"),
        ("join", "3", "sh", "-c", "exit 3", "cat"),
    ],
    ids=["write", "feed", "sink", "source"],
)
def test_a_program_that_fails_makes_the_stream_fail(
    tmp_path: Path, source: Path, words: tuple[str, ...]
) -> None:
    """Whichever end it is at, and it is named."""
    given = [word.replace("TARGET", str(tmp_path / "t")).replace("SOURCE", str(source)) for word in words]
    done = run(*given)
    assert done.returncode == 1
    assert b"sh ended with 3" in done.stderr


def test_a_full_disk_is_told_apart(source: Path) -> None:
    """It has an exit code of its own."""
    assert run("write", "/dev/full", "0", "cat", source).returncode == pipe.NO_ROOM


def test_no_link_is_followed(tmp_path: Path, source: Path) -> None:
    """A link of the file's name in the folder leads nowhere."""
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "target").symlink_to(tmp_path / "victim")
    assert run("write", tmp_path / "target", "0", "cat", source).returncode == 1
    assert (tmp_path / "victim").read_text() == "precious"


def test_two_writers_do_not_meet_in_one_file(tmp_path: Path, source: Path) -> None:
    """The second waits for the end of the first, and of what that wrote it keeps all that is right."""
    target = tmp_path / "target"
    slow = f"head -c 2000000 {source}; sleep 30"
    words = [*PROGRAM, "write", str(target), "0", "sh", "-c", slow]
    first = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL)
    while not target.exists() or target.stat().st_size < 1 << 20:
        time.sleep(0.01)
    words = [*PROGRAM, "write", str(target), "0", "cat", str(source)]
    second = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.5)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert second.wait(30) == 0
    assert target.read_bytes() == DATA


def test_what_is_at_a_path(tmp_path: Path, source: Path) -> None:
    """A folder, a file, nothing yet, nothing at all; with the room there and what is mounted."""
    there = answer("look", tmp_path)
    assert (there["path"], there["kind"], there["writable"]) == (str(tmp_path.resolve()), "folder", True)
    assert there["free"] > 0
    assert there["source"]
    assert answer("look", source)["kind"] == "file"
    assert answer("look", tmp_path / "new")["kind"] == ""
    assert answer("look", tmp_path / "new")["around"] is True
    assert answer("look", tmp_path / "a" / "b")["around"] is False
    assert answer("look", "/proc/self")["writable"] is False or os.geteuid() == 0
    (tmp_path / "link").symlink_to("/proc")
    assert answer("look", tmp_path / "link")["source"] == "proc"


def test_texts_are_put_in_place_in_one_step(tmp_path: Path) -> None:
    """With their folder; what was there is replaced, and nothing else is left."""
    file = tmp_path / "new" / "manifest.json"
    assert run("text", file).returncode == pipe.ABSENT
    answer("put", file, given=b"one")
    answer("put", file, given=b"two")
    assert answer("text", file)["text"] == "two"
    assert answer("folders", tmp_path, "manifest.json")["names"] == ["new"]
    assert answer("lengths", file, tmp_path / "no")["sizes"] == [3, -1]
    assert answer("files", file.parent)["names"] == ["manifest.json"]
    assert answer("files", tmp_path / "no")["names"] == []
    answer("remove", file.parent)
    assert file.exists()
    answer("remove", file, file.parent, file)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_verb_is_refused() -> None:
    """With those that there are."""
    assert b"write" in run("explode").stderr
    assert run("explode").returncode == 2
