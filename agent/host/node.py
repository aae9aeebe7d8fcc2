"""The one way to a node: run a program, write a file. Local or simulated is a value.

Every command of the host layer goes through :meth:`Node.run` or :meth:`Node.lines`: argv lists without
a shell, a time limit, one log line, one typed error, and no child that outlives its call.
"""

import logging
import os
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from agent.core.errors import CommandFailed, CommandSaidTooMuch, CommandTimedOut, HostFailure
from agent.host.descendants import MARK, end_marked
from agent.host.exchange import TooLong, exchange

log = logging.getLogger(__name__)

BOOT_ID = "/proc/sys/kernel/random/boot_id"
"""A file that has other content after each boot."""
KEPT_OUTPUT = 200
"""How many last lines of a streamed program an error may quote."""
MOST_OUTPUT = 80 << 20
"""Bytes that a program may print: enough for a file of 50 MB in base64. What it prints is kept in memory."""
LONGEST_LINE = 1 << 20
"""Characters; what a streamed program prints without an end of line comes in pieces of so many."""


@dataclass(frozen=True)
class Completed:
    """A program that has ended.

    Attributes:
        argv: the command.
        returncode: its exit code; negative for a signal.
        stdout: all of it, undecodable bytes replaced.
        stderr: all of it, undecodable bytes replaced.
    """

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


class Node(Protocol):
    """A machine that runs workloads."""

    name: str
    simulated: bool

    def run(
        self,
        argv: list[str],
        *,
        input: str | None = None,  # noqa: A002
        timeout: float = 60,
        check: bool = True,
        most: int = MOST_OUTPUT,
    ) -> Completed:
        """Run a program to its end.

        Args:
            argv: the program and its arguments; no shell.
            input: what it reads from standard input; nothing when None.
            timeout: seconds; afterwards its whole process group is killed.
            check: whether a non-zero exit code raises.
            most: bytes of output; when it prints more, its whole process group is killed.

        Raises:
            CommandFailed: it ended with an error, or there is no such program (code 127).
            CommandTimedOut: it took too long.
            CommandSaidTooMuch: it printed too much.
        """
        ...

    def lines(self, argv: list[str], *, timeout: float) -> Generator[str]:
        """Run a program and yield its output, standard error included, line by line.

        Closing the generator kills the program's whole process group.

        Raises:
            CommandFailed: after the last line, if it ended with an error.
            CommandTimedOut: it took too long.
        """
        ...

    def read(self, path: str) -> str | None:
        """A text file's content, undecodable bytes replaced; None where there is none.

        Raises:
            HostFailure: it is there, but cannot be read.
        """
        ...

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Put a text file in place in one step, with its parent folders.

        Raises:
            HostFailure: it could not be written; an older one is as it was.
        """
        ...

    def remove(self, path: str) -> None:
        """Remove a file, an empty folder, or nothing where there is none.

        Raises:
            HostFailure: it is still there.
        """
        ...

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        ...

    def interrupt(self, thread: int) -> None:
        """End the program that a thread runs, if it does, with all that it started.

        Its :meth:`run` or :meth:`lines` raises CommandFailed.

        Args:
            thread: its number, as ``threading.get_ident`` tells it.
        """
        ...

    def stop(self) -> None:
        """End every program that runs, with all that it started, and run no more.

        For who is about to end: :meth:`run` and :meth:`lines` raise CommandFailed from now on.
        """
        ...


@dataclass(frozen=True)
class _Running:
    """A program that runs.

    Attributes:
        thread: that waits for it.
        mark: that it and all that it starts have in their environment.
    """

    thread: int
    mark: str


def _environment() -> dict[str, str]:
    """What a program sees: plain English messages to parse, and no secret of ours."""
    keep = ("PATH", "HOME", "TMPDIR", "SYSTEMD_UNIT_PATH")
    return {key: os.environ[key] for key in keep if key in os.environ} | {"LC_ALL": "C.UTF-8"}


def _kill_group(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _started(argv: list[str], mark: str, *, stdin: int, stderr: int) -> subprocess.Popen[str]:
    """A program in a process group of its own, with a mark of its own."""
    try:
        return subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment() | {MARK: mark},
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        raise CommandFailed(tuple(argv), 127, f"{argv[0]} is not installed, or not on PATH") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL, or what cannot be encoded, in an argument
        raise CommandFailed(tuple(argv), 126, str(error)) from None


def stopped(argv: list[str]) -> CommandFailed:
    """What a node that was stopped answers."""
    return CommandFailed(tuple(argv), -signal.SIGKILL, "this process is ending and runs nothing any more")


def interrupted(argv: list[str]) -> CommandFailed:
    """What a program answers that was ended because nobody wants it any more."""
    return CommandFailed(tuple(argv), -signal.SIGKILL, "it was ended, as nobody wants it any more")


def _timed_out(argv: list[str], timeout: float) -> CommandTimedOut:
    return CommandTimedOut(
        f"{argv[0]} did not end within {timeout:.0f} seconds and was stopped.",
        f"The command was: {' '.join(argv)}",
        "Look at the load of the host, then try again.",
    )


def said_too_much(argv: list[str], most: int) -> CommandSaidTooMuch:
    """What a node answers for a program that does not stop talking."""
    return CommandSaidTooMuch(
        f"{argv[0]} printed more than {most >> 20} MiB and was stopped.",
        f"The command was: {' '.join(argv)}"[:500],
        "Have it write into a file, or print less.",
    )


class LocalNode:
    """This machine.

    Args:
        name: what the node is called in the database.
    """

    simulated = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._running: dict[subprocess.Popen[str], _Running] = {}
        self._stopped = False
        self._lock = threading.Lock()

    def run(
        self,
        argv: list[str],
        *,
        input: str | None = None,  # noqa: A002
        timeout: float = 60,
        check: bool = True,
        most: int = MOST_OUTPUT,
    ) -> Completed:
        """See :meth:`Node.run`."""
        stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
        with self._process(argv, stdin=stdin, stderr=subprocess.PIPE) as process:
            try:
                stdout, stderr = exchange(process, input or "", timeout, most)
            except subprocess.TimeoutExpired:
                raise _timed_out(argv, timeout) from None
            except TooLong:
                raise said_too_much(argv, most) from None
        completed = Completed(tuple(argv), process.returncode, stdout, stderr)
        if check and completed.returncode != 0:
            raise CommandFailed(completed.argv, completed.returncode, stderr or stdout)
        return completed

    def lines(self, argv: list[str], *, timeout: float) -> Generator[str]:
        """See :meth:`Node.lines`."""
        last: list[str] = []
        with self._process(argv, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
            timed_out = threading.Event()

            def late(known: subprocess.Popen[str], _: _Running) -> bool:
                if known is process:
                    timed_out.set()
                return known is process

            # A reader blocked on a silent program is woken by killing that program.
            alarm = threading.Timer(timeout, self._end, (late,))
            alarm.daemon = True
            alarm.start()
            try:
                yield from _remembering(process.stdout, last)
                process.wait()
            finally:
                # Not joined: at the end of the interpreter threads stand still, and this would wait for ever.
                alarm.cancel()
            if timed_out.is_set():
                raise _timed_out(argv, timeout)
            if process.returncode != 0:
                raise CommandFailed(tuple(argv), process.returncode, "\n".join(last))

    def read(self, path: str) -> str | None:
        """See :meth:`Node.read`."""
        try:
            return Path(path).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise HostFailure(f"{path} could not be read.", str(error)) from None

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """See :meth:`Node.write`."""
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, new = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fchmod(file.fileno(), mode)
                    os.fsync(file.fileno())
                Path(new).replace(target)
            except BaseException:
                Path(new).unlink()
                raise
        except (OSError, ValueError) as error:  # ValueError: what cannot be encoded
            raise HostFailure(
                f"{path} could not be written.", str(error), "Look at the disk, then try again."
            ) from None

    def remove(self, path: str) -> None:
        """See :meth:`Node.remove`."""
        target = Path(path)
        try:
            if target.is_dir() and not target.is_symlink():
                target.rmdir()
            else:
                target.unlink(missing_ok=True)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise HostFailure(f"{path} could not be removed.", str(error)) from None

    def exists(self, path: str) -> bool:
        """See :meth:`Node.exists`."""
        return Path(path).exists()

    def interrupt(self, thread: int) -> None:
        """See :meth:`Node.interrupt`."""
        self._end(lambda _, running: running.thread == thread)

    def stop(self) -> None:
        """See :meth:`Node.stop`."""
        with self._lock:
            self._stopped = True
        self._end(lambda _, __: True)

    def _end(self, which: Callable[[subprocess.Popen[str], _Running], bool]) -> None:
        """End some of the programs that run, with all that they started: who reads from one hears its end."""
        with self._lock:  # once a call is over, the number of its group may be another program's
            ended = {
                process: running for process, running in self._running.items() if which(process, running)
            }
            for process in ended:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        end_marked([running.mark for running in ended.values()])

    @contextmanager
    def _process(self, argv: list[str], *, stdin: int, stderr: int) -> Generator[subprocess.Popen[str]]:
        """A program that ends with the block, however that ends, and with all that it started."""
        started = time.monotonic()
        with self._lock:
            if self._stopped:
                raise stopped(argv)
            running = _Running(threading.get_ident(), uuid.uuid4().hex)
            process = _started(argv, running.mark, stdin=stdin, stderr=stderr)
            self._running[process] = running
        try:
            yield process
        finally:
            with self._lock:
                self._running.pop(process, None)
            by_itself = process.returncode is not None and process.returncode != -signal.SIGKILL
            _kill_group(process)
            if not by_itself:  # it had no time to end what it started
                end_marked([running.mark])
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            log.debug("%s -> %s in %.3f s", argv, process.returncode, time.monotonic() - started)


def _remembering(pipe: IO[str] | None, last: list[str]) -> Iterator[str]:
    while pipe and (line := pipe.readline(LONGEST_LINE)):
        text = line.rstrip("\n")
        last.append(text)
        del last[:-KEPT_OUTPUT]
        yield text
