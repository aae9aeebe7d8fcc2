"""Nix: an attribute of a file in, JSON or a store path out. No Nix is written here."""

import threading
import time
from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

from agent.core.errors import CommandFailed, CommandTimedOut, HostFailure
from agent.host.nix_log import BuildProgress, NixLog, Phase
from agent.host.nix_problems import explained, too_slow
from agent.host.node import Node

TIMEOUT = 60.0
"""Seconds for any one command beside evaluations and builds."""

TURN = 0.5
"""Seconds between two signs of life of a build that waits for its turn to evaluate."""

_LOG = ("--log-format", "internal-json")
# An evaluation that builds would do so within its own bounds of memory, and outside of the namespace.
_PURE = ("--option", "allow-import-from-derivation", "false")
# Builders are in sessions of their own and outlive a nix that is killed. In a namespace of processes, whose
# first process ends with `unshare`, they cannot. Nix keeps what it builds from the garbage collector by a
# file called like its process id. That of `unshare` is one that no other nix outside has, so it gets that.
_APART_SCRIPT = """
exec unshare --mount --propagation=slave --pid --fork --kill-child --mount-proc \\
    sh -euc 'echo $(($0 - 1)) >/proc/sys/kernel/ns_last_pid; "$@"; exit' $$ "$@"
"""
_APART = ("sh", "-c", _APART_SCRIPT, "sh")
_UNITS = {"K": 10, "M": 20, "G": 30, "T": 40}


@dataclass(frozen=True)
class Attribute:
    """A part of a Nix file.

    Attributes:
        file: the file, a function whose arguments are strings.
        name: which of its attributes, such as ``guest``.
        arguments: by name.
    """

    file: str
    name: str
    arguments: Mapping[str, str]

    @property
    def words(self) -> list[str]:
        """The same for nix's command line."""
        given = [word for name, text in self.arguments.items() for word in ("--argstr", name, text)]
        return [self.file, "--attr", self.name, *given]


class Nix:
    """The evaluator and the builder of a node.

    Both raise InvalidSpec or UnknownModule where our Nix code refuses what it was given.

    Args:
        node: where they run.
        memory: how much an evaluation may take, such as ``4G``.
        evaluations: how many may run at a time; others wait.
    """

    def __init__(self, node: Node, *, memory: str, evaluations: int) -> None:
        self._node = node
        self._bounded = ("prlimit", f"--as={int(memory[:-1]) << _UNITS[memory[-1]]}")
        self._turns = threading.BoundedSemaphore(evaluations)

    def evaluate(self, attribute: Attribute, *, timeout: float) -> str:
        """The value of an attribute, as JSON.

        Args:
            attribute: of which.
            timeout: seconds, those of waiting for a turn not counted.

        Raises:
            InvalidSpec: our Nix code refuses what it was given.
            BuildFailed: an error in the Nix code, a missing attribute, or too much memory.
            CommandTimedOut: it took too long.
        """
        argv = [*self._bounded, "nix-instantiate", "--eval", "--strict", "--json"]
        argv += [*_PURE, *_LOG, *attribute.words]
        with self._turns:
            answer = self._node.run(argv, timeout=timeout, check=False)
        if answer.returncode == 0:
            return answer.stdout
        log = NixLog()
        for line in answer.stderr.splitlines():
            log.feed(line)
        raise explained(log, answer.returncode, f"{attribute.name} could not be evaluated.", "")

    def build(
        self, attribute: Attribute, *, root: str, log: str, timeout: float
    ) -> Generator[BuildProgress, None, str]:
        """Build an attribute, yield how far it is, and return its path in the store.

        Closing the generator ends nix with all of its builders. What had been built or downloaded stays in
        the store, and the next build goes on from there. Of two builds with one root at a time, one may fail.

        Args:
            attribute: a derivation, of which the output ``out`` is built.
            root: the link that keeps the result from the garbage collector; it appears when that is whole.
            log: the file that gets all that was said, however it ends.
            timeout: seconds, those of waiting for a turn not counted.

        Raises:
            InvalidSpec: our Nix code refuses what it was given.
            BuildFailed: an error in the Nix code, too much memory for an evaluation, a builder that fails,
                or a source that is another than expected; with the short cause.
            MirrorUnreachable: a package or a source cannot be fetched.
            NoSpace: the disk of the node is full.
            CommandTimedOut: it took too long.
        """
        said = NixLog()
        plan = f"{root}.drv"
        evaluate = [*self._bounded, "nix-instantiate", *_PURE, "--add-root", plan, *_LOG, *attribute.words]
        realise = [*_APART, "nix-store", "--realise", f"{plan}!out", "--add-root", root, *_LOG]
        what = f"{attribute.name} could not be built."
        try:
            while not self._turns.acquire(blocking=False):
                yield BuildProgress(Phase.WAITING)
                time.sleep(TURN)
            begun = time.monotonic()
            try:
                yield said.told
                yield from self._followed(evaluate, said, timeout)
            finally:
                self._turns.release()
            yield said.realising()
            yield from self._followed(realise, said, max(timeout - (time.monotonic() - begun), 0))
        except (CommandFailed, CommandTimedOut) as raised:
            failure = raised
        else:
            return self._node.run(["readlink", root], timeout=TIMEOUT).stdout.strip()
        finally:
            log = self._keep(said, log)
            # A link that stays keeps a plan of some kilobytes, until the next build of the same.
            with suppress(HostFailure):
                self._node.remove(plan)
        match failure:
            case CommandTimedOut():
                raise too_slow(said, timeout, what, log) from failure
            case CommandFailed() if said.text:
                raise explained(said, failure.returncode, what, log) from failure
            case _:
                raise failure

    def _followed(self, argv: list[str], said: NixLog, timeout: float) -> Generator[BuildProgress]:
        with closing(self._node.lines(argv, timeout=timeout)) as lines:
            for line in lines:
                progress = said.feed(line)
                if progress is not None:
                    yield progress

    def _keep(self, said: NixLog, log: str) -> str:
        """Write the log, and tell where it is: nowhere, when the disk is full or takes none."""
        with suppress(HostFailure):
            self._node.write(log, "".join(f"{line}\n" for line in said.text))
            return log
        return ""
