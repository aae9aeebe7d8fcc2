"""What nix says while it works (its ``internal-json`` log): how far it is, and what it complained of.

Activities start, tell something and stop, and messages are between them. Whatever else is among those, and
whatever a later nix adds, disturbs nothing.
"""

import re
from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from agent.core.operation import Progress
from agent.core.printable import one_line, printable
from agent.host.nix_entries import PREFIX, Activity, Level, Message, Outcome, Result, Start, Stop, entry_of

SAID = 12
"""How many last lines of a builder are told, and may be quoted."""

KEPT = 20_000
"""How many last lines of the log are kept."""

BUILDERS = 64
"""Of how many last builders the last lines are known."""

COMPLAINTS = 100
"""How many first errors are kept: what comes of them follows."""

_MEBIBYTE = 1 << 20
_ANNOUNCED = re.compile(r"(?:this|these (\d{1,9})) (derivation|path)s? will be (?:built|fetched)\b")


class Phase(StrEnum):
    """What nix is doing."""

    WAITING = "waiting for another evaluation"
    EVALUATING = "evaluating"
    DOWNLOADING = "downloading"
    BUILDING = "building"


@dataclass(frozen=True)
class BuildProgress:
    """How far a build is.

    Attributes:
        phase: what is being done.
        built: how many derivations are built.
        to_build: of how many; 0 when not known.
        copied: how many paths are downloaded.
        to_copy: of how many; 0 when not known.
        bytes_copied: how much of them, unpacked.
        bytes_to_copy: of how much; 0 when not known.
        derivation: the name of what is being built; empty when nothing is.
        said: the last lines of its builder.
    """

    phase: Phase
    built: int = 0
    to_build: int = 0
    copied: int = 0
    to_copy: int = 0
    bytes_copied: int = 0
    bytes_to_copy: int = 0
    derivation: str = ""
    said: tuple[str, ...] = ()

    def progress(self) -> Progress:
        """The same in one line: paths that are built or downloaded, of all that have to be."""
        done, total = self.built + self.copied, self.to_build + self.to_copy
        detail = f" {self.derivation}" if self.phase is Phase.BUILDING and self.derivation else ""
        if self.phase is Phase.DOWNLOADING and self.bytes_to_copy:
            detail = f" ({self.bytes_copied // _MEBIBYTE} of {self.bytes_to_copy // _MEBIBYTE} MiB)"
        return Progress(label=self.phase + detail, done=done, total=total)


@dataclass(frozen=True)
class Complaint:
    """An error in nix's own words.

    Attributes:
        text: what is wrong, without the trace.
        place: file, line and column that it is about; empty where nix names none.
    """

    text: str
    place: str = ""


class NixLog:
    """Reads a log line by line, and remembers what matters of it.

    Attributes:
        complaints: the first errors, in the order in which they were said.
        text: the last lines of the whole log as a person reads it.
        loose: the last lines that were no log entries: of the C++ runtime, or of the shell.
        told: how far it is.
    """

    def __init__(self) -> None:
        self.complaints: list[Complaint] = []
        self.text: deque[str] = deque(maxlen=KEPT)
        self.loose: deque[str] = deque(maxlen=SAID)
        self._phase = Phase.EVALUATING
        self._said: dict[str, deque[str]] = {}
        self._running: dict[int, str] = {}
        self._kinds: dict[int, int] = {}
        self._paths: dict[int, tuple[int, int]] = {}
        self._bytes: dict[int, int] = {}
        self._announced: Counter[str] = Counter()
        self._bytes_copied = 0
        self._bytes_to_copy = 0
        self.told = BuildProgress(self._phase)

    def realising(self) -> BuildProgress:
        """From now on it is the log of a build; it was one of an evaluation until now."""
        self._phase = Phase.BUILDING
        self.loose.clear()
        self.told = self._now()
        return self.told

    def said(self, derivation: str) -> tuple[str, ...]:
        """The last lines of the builder of a ``.drv`` file."""
        return tuple(self._said.get(derivation, ()))

    def feed(self, line: str) -> BuildProgress | None:
        """How far it is after one more line; None where that tells nothing new."""
        if not line.startswith(PREFIX):
            self._loose(line)
            return None
        match entry_of(line):
            case Start() as entry:
                self._start(entry)
            case Stop(id=number):
                self._stop(number)
            case Result() as entry:
                self._result(entry)
            case Message() as entry:
                self._message(entry)
            case None:
                return None
        return self._news()

    def _loose(self, line: str) -> None:
        self.text.append(printable(line))
        if line.strip():
            self.loose.append(one_line(line))

    def _start(self, entry: Start) -> None:
        self._kinds[entry.id] = entry.type
        if entry.text and entry.level <= Level.INFO:
            self.text.append(printable(entry.text))
        if entry.type == Activity.BUILD and entry.fields and isinstance(entry.fields[0], str):
            self._running[entry.id] = entry.fields[0]

    def _stop(self, number: int) -> None:
        self._running.pop(number, None)
        self._kinds.pop(number, None)
        self._bytes_copied += self._bytes.pop(number, 0)

    def _result(self, entry: Result) -> None:
        kind = self._kinds.get(entry.id, 0)
        match entry.type, entry.fields:
            case Outcome.LOG_LINE, (str(text), *_):
                self._builder_said(entry.id, text)
            case Outcome.PROGRESS, (int(done), int(expected), *_):
                if kind in {Activity.BUILDS, Activity.COPY_PATHS}:
                    self._paths[kind] = (max(done, 0), max(expected, 0))
                elif kind == Activity.COPY_PATH:
                    self._bytes[entry.id] = max(done, 0)
            case Outcome.EXPECTED, (Activity.COPY_PATH, int(expected), *_):
                self._bytes_to_copy = max(expected, 0)
            case _:
                pass

    def _builder_said(self, number: int, text: str) -> None:
        derivation = self._running.get(number, "")
        self.text.append(f"{name_of(derivation)}> {printable(text)}")
        if text.strip():
            self._said.setdefault(derivation, deque(maxlen=SAID)).append(one_line(text))
        while len(self._said) > BUILDERS:
            del self._said[next(iter(self._said))]

    def _message(self, entry: Message) -> None:
        text = printable(entry.msg)
        self.text.append(text)
        if entry.level == Level.ERROR and len(self.complaints) < COMPLAINTS:
            raw = printable(entry.raw_msg) if entry.raw_msg else text.removeprefix("error:").strip()
            self.complaints.append(Complaint(raw, entry.file or ""))
        elif match := _ANNOUNCED.match(text):
            self._announced[match[2]] = int(match[1] or 1)

    def _news(self) -> BuildProgress | None:
        now = self._now()
        if now == self.told:
            return None
        self.told = now
        return now

    def _now(self) -> BuildProgress:
        built, may_build = self._paths.get(Activity.BUILDS, (0, 0))
        copied, may_copy = self._paths.get(Activity.COPY_PATHS, (0, 0))
        # What is announced is exact; what is expected counts up, then down, while nix looks around.
        to_build = max(built, self._announced["derivation"] or (0 if self._announced else may_build))
        to_copy = max(copied, self._announced["path"] or (0 if self._announced else may_copy))
        # In whole MiB: a step per received block would be more than anybody reads.
        bytes_copied = (self._bytes_copied + sum(self._bytes.values())) // _MEBIBYTE * _MEBIBYTE
        running = next(reversed(self._running.values()), "")
        fetches = copied < to_copy or (to_copy > 0 and to_build == 0)
        downloading = self._phase is Phase.BUILDING and not running and fetches
        return BuildProgress(
            phase=Phase.DOWNLOADING if downloading else self._phase,
            built=built,
            to_build=to_build,
            copied=copied,
            to_copy=to_copy,
            bytes_copied=min(bytes_copied, self._bytes_to_copy),
            bytes_to_copy=self._bytes_to_copy,
            derivation=name_of(running),
            said=self.said(running) if running else (),
        )


def name_of(path: str) -> str:
    """The name in a store path: ``/nix/store/<hash>-fish-4.0.drv`` is ``fish-4.0``."""
    return PurePosixPath(path).name.partition("-")[2].removesuffix(".drv")
