"""Streams of bytes into files, out of files and from program to program; and the files around them.

A program of its own, of the standard library only, so that any node can run it where its disks are mounted:
``pipe.py VERB …``. What goes through a pipe goes through no process of ours that has anything else to do. Its
answer is one line of JSON after :data:`MARK`; on the way there it tells in such lines how far it is.
"""

import contextlib
import errno
import fcntl
import hashlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

MARK = "voxnix-pipe: "
"""How each line begins that is for who runs this, and not what a program said."""
PIECE = 1 << 20
"""Bytes that are moved at once."""
PAUSE = 0.2
"""Seconds between two lines of how far it is."""
LONGEST_TEXT = 4 << 20
"""Bytes of a text that is read whole."""
MAGIC = b"voxnix backup 1\n"
"""The last line of a sealed file. Before it are two others: its text, and how long that is, in 20 digits."""
DIGITS = 20
NO_ROOM = 28
ABSENT = 3


class Refused(Exception):
    """Something that cannot be done, in words for a person."""


class Progress:
    """Tells how many bytes were moved, now and then."""

    def __init__(self) -> None:
        self.done = 0
        self._told_at = 0.0

    def add(self, count: int) -> None:
        """So many more were moved."""
        self.done += count
        if time.monotonic() - self._told_at > PAUSE:
            self._told_at = time.monotonic()
            say({"done": self.done})


def say(answer: dict[str, object]) -> None:
    """Tell who runs this something. Where nobody listens any more, this ends the program."""
    sys.stdout.write(f"{MARK}{json.dumps(answer)}\n")
    sys.stdout.flush()


def write(file: str, offset: str, *argv: str) -> dict[str, object]:
    """Have what a program prints in a file, from a place in it on.

    What is there already and is the same is left as it is: so an interrupted writing goes on where it was,
    and comes to the same as an uninterrupted one, even where the program prints something else than before.
    """
    progress, digest, begin, kept = Progress(), hashlib.sha256(), int(offset), 0
    # Unbuffered: it reads and writes in turns. The lock: of an earlier writer, this waits for the end.
    with _opened(file, os.O_RDWR | os.O_CREAT) as target, _printing(argv) as source:
        fcntl.flock(target, fcntl.LOCK_EX)
        _check_length(target, begin)
        target.seek(begin)
        while piece := source.read(PIECE):
            digest.update(piece)
            place = begin + progress.done
            if kept == progress.done and _read(target, len(piece)) == piece:
                kept += len(piece)
            else:
                target.seek(place)
                _write(target, piece)
            progress.add(len(piece))
        target.truncate(begin + progress.done)
        os.fsync(target.fileno())
    return {"size": progress.done, "sha256": digest.hexdigest(), "kept": kept}


def check(file: str, offset: str, size: str) -> dict[str, object]:
    """The SHA-256 of a part of a file, and how much of it is there."""
    progress, digest = Progress(), hashlib.sha256()
    for piece in _pieces(file, int(offset), int(size)):
        digest.update(piece)
        progress.add(len(piece))
    return {"size": progress.done, "sha256": digest.hexdigest()}


def feed(file: str, offset: str, size: str, *argv: str) -> dict[str, object]:
    """Have a program read a part of a file."""
    progress = Progress()
    with _reading(argv) as sink:
        for piece in _pieces(file, int(offset), int(size)):
            sink.write(piece)
            progress.add(len(piece))
    return {"size": progress.done}


def join(count: str, *argv: str) -> dict[str, object]:
    """Have one program, of so many words, print what another one reads."""
    progress = Progress()
    with _printing(argv[: int(count)]) as source, _reading(argv[int(count) :]) as sink:
        while piece := source.read(PIECE):
            sink.write(piece)
            progress.add(len(piece))
    return {"size": progress.done}


def look(path: str) -> dict[str, object]:
    """What is at a path: its real path, what it is, where that is mounted from, and the room there."""
    real = os.path.realpath(path)
    there = Path(real)
    kind = "folder" if there.is_dir() else "file" if there.is_file() else "other" if there.exists() else ""
    around = real if kind == "folder" else str(there.parent)
    if not Path(around).is_dir():
        return {"path": real, "kind": kind, "around": False, "writable": False, "free": 0, "source": ""}
    room = os.statvfs(around)
    return {
        "path": real,
        "kind": kind,
        "around": True,
        "writable": not room.f_flag & os.ST_RDONLY and os.access(around, os.W_OK | os.X_OK),
        "free": room.f_bavail * room.f_frsize,
        "source": _source(around),
    }


def put(file: str) -> dict[str, object]:
    """Put what this reads into a file, in one step, with its folder."""
    target = Path(file)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    new = f"{file}.new"
    with _opened(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC) as handle:
        _write(handle, sys.stdin.buffer.read())
        os.fsync(handle.fileno())
    return move(new, file)


def move(file: str, to: str) -> dict[str, object]:
    """Give a file another name in its folder, for good."""
    Path(file).replace(to)
    _settle(Path(to).parent)
    return {}


def seal(file: str, offset: str) -> dict[str, object]:
    """Put what this reads at a place in a file, as its end, so that it is found from there."""
    text = sys.stdin.buffer.read()
    with _opened(file, os.O_RDWR) as target:
        _check_length(target, int(offset))
        target.truncate(int(offset))
        target.seek(int(offset))
        _write(target, b"\n" + text + f"\n{len(text):0{DIGITS}d}\n".encode() + MAGIC)
        os.fsync(target.fileno())
    return {}


def text(file: str) -> dict[str, object]:
    """The text of a file: all of it, or what it was sealed with."""
    with _opened(file, os.O_RDONLY) as source:
        end = source.seek(0, os.SEEK_END)
        source.seek(max(0, end - len(MAGIC)))
        if source.read() != MAGIC:
            if end > LONGEST_TEXT:
                raise Refused(f"{file} is not whole, or not a backup of Voxnix.")
            source.seek(0)
            return {"text": source.read().decode(errors="replace")}
        after = end - len(MAGIC) - DIGITS - 2
        source.seek(after)
        length = int(source.read(DIGITS + 1))
        if length > min(LONGEST_TEXT, after):
            raise Refused(f"{file} is damaged at its end.")
        source.seek(after - length)
        return {"text": (_read(source, length)).decode(errors="replace")}


def folders(folder: str, file: str) -> dict[str, object]:
    """The names of the folders in a folder in which there is such a file."""
    with os.scandir(folder) as entries:
        found = [one.name for one in entries if one.is_dir() and (Path(one.path) / file).is_file()]
    return {"names": sorted(found)}


def files(folder: str) -> dict[str, object]:
    """The names of the files in a folder; of none where there is no folder."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        return {"names": sorted(one.name for one in entries if one.is_file(follow_symlinks=False))}
    return {"names": []}


def lengths(*files: str) -> dict[str, object]:
    """How long files are; -1 where there is none."""
    found = [Path(file) for file in files]
    return {"sizes": [one.stat().st_size if one.is_file() else -1 for one in found]}


def make(folder: str) -> dict[str, object]:
    """Have a folder, in a folder that is there."""
    Path(folder).mkdir(mode=0o700, exist_ok=True)
    _settle(Path(folder).parent)
    return {}


def remove(*files: str) -> dict[str, object]:
    """Remove files, and folders that are empty then; what is not there is removed."""
    for file in map(Path, files):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if file.is_dir() and not file.is_symlink():
                with contextlib.suppress(OSError):
                    file.rmdir()
            else:
                file.unlink()
    return {}


def _check_length(file: io.FileIO, least: int) -> None:
    if (length := file.seek(0, os.SEEK_END)) < least:
        raise Refused(f"{file.name} has {length} bytes only, of {least} that were written before.")


def _opened(file: str, flags: int) -> io.FileIO:
    """A file itself, never what a link of that name leads to."""

    def opener(path: str, _: int) -> int:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    return io.FileIO(file, "rb" if flags == os.O_RDONLY else "r+b", opener=opener)


def _pieces(file: str, offset: int, size: int) -> Iterator[bytes]:
    with _opened(file, os.O_RDONLY) as source:
        source.seek(offset)
        while size > 0 and (piece := source.read(min(PIECE, size))):
            size -= len(piece)
            yield piece


def _read(file: io.FileIO, size: int) -> bytes:
    found = bytearray()
    while len(found) < size and (piece := file.read(size - len(found))):
        found += piece
    return bytes(found)


def _write(file: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _source(folder: str) -> str:
    """What is mounted where a folder is: a device, or a data set."""
    best, source = "", ""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        where = before.split(" ")[4].encode().decode("unicode_escape")
        if len(where) >= len(best) and f"{folder}/".startswith(f"{where.rstrip('/')}/"):
            best, source = where, after.split(" ")[1].encode().decode("unicode_escape")
    return source


def _there(end: IO[bytes] | None) -> IO[bytes]:
    """The end of a pipe that was asked for."""
    if end is None:
        raise ValueError("a program was started without its pipe")
    return end


@contextmanager
def _printing(argv: tuple[str, ...]) -> Generator[IO[bytes]]:
    """A program, to read from; it has to end well."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        source = _there(process.stdout)
        try:
            yield source
        except BaseException:
            process.kill()
            raise
        source.close()
    if process.returncode:
        raise Refused(f"{argv[0]} ended with {process.returncode}.")


@contextmanager
def _reading(argv: tuple[str, ...]) -> Generator[IO[bytes]]:
    """A program, to write to; it has to end well. Where it ends too early, it is asked why."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        sink = _there(process.stdin)
        try:
            yield sink
            sink.close()
        except BrokenPipeError:
            with contextlib.suppress(BrokenPipeError):
                sink.close()
            process.wait()
            raise Refused(
                f"{argv[0]} ended with {process.returncode} before it had read everything."
            ) from None
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise Refused(f"{argv[0]} ended with {process.returncode}.")


VERBS: dict[str, Callable[..., dict[str, object]]] = {
    verb.__name__: verb
    for verb in (write, check, feed, join, look, put, move, seal, text, folders, files, lengths, make, remove)
}


def main(arguments: list[str]) -> int:
    """Run as a program."""
    if not arguments or arguments[0] not in VERBS:
        sys.stderr.write(f"usage: pipe.py {'|'.join(VERBS)} …\n")
        return 2
    try:
        say(VERBS[arguments[0]](*arguments[1:]))
    except BrokenPipeError:  # nobody wants to know any more
        return 1
    except FileNotFoundError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return ABSENT
    except OSError as error:
        sys.stderr.write(f"{error.filename or arguments[0]}: {error.strerror}\n")
        return NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT) else 1
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
