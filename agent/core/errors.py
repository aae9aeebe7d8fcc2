"""Everything that can go wrong, in two branches: what the person can mend, and what the host did.

VoxnixError
├── Refusal                 the person can mend it             exit code 3
│   ├── InvalidName         a name that breaks the rule
│   ├── InvalidRequest      anything else that cannot be asked for like this
│   ├── NotAllowed          the account may not, or not any more
│   ├── UnknownModule       with the nearest names
│   ├── InvalidSpec         modules and options of which nothing can be made
│   ├── UnknownWorkload     also the answer for another owner's workload
│   ├── UnknownOperation
│   ├── NameInUse
│   ├── NotRunning          the workload has to run for this
│   ├── NoSpace             the pool or a quota is full
│   ├── BudgetSpent         the language model, for today
│   ├── ApprovalNeeded      a person has to see the plan first
│   ├── PlanChanged         what would be lost is no longer what was shown
│   ├── ApprovalExpired     nobody agreed in time
│   ├── Cancelled           nobody wants it any more
│   └── UnknownSnapshot     also for a file that is not in one, and for what is not in the trash
├── InvalidSettings         settings that are wrong or unknown  exit code 2
└── HostFailure             the host did not do it             exit code 4
    ├── CommandFailed       a program answered with an error
    ├── CommandTimedOut     a program was ended because it took too long
    ├── CommandSaidTooMuch  a program was ended because it printed too much
    ├── BuildFailed         an image could not be built
    ├── MirrorUnreachable   packages cannot be fetched
    ├── WorkerAbsent        nothing is there to run operations
    └── MayHaveRun          what must not run twice was interrupted
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from agent.core.secrecy import hidden


@dataclass(frozen=True)
class Problem:
    """An error as a value: what is stored with an operation, printed as JSON and shown to a model.

    Whatever a library puts into its errors, nothing secret is in one of these.

    Attributes:
        kind: ``refused`` (the person can mend it), ``settings`` or ``failed`` (the host).
        code: the error's class name, stable for programs.
        what: what happened, one sentence.
        why: the cause, one sentence; empty when ``what`` says it.
        hint: what to do next; empty when there is nothing to do.
        about: what a program needs to mend it, such as the module, the option and what is accepted.
    """

    kind: str
    code: str
    what: str
    why: str = ""
    hint: str = ""
    about: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    def __post_init__(self) -> None:
        """Hide what must not be said."""
        for name in ("what", "why", "hint"):
            object.__setattr__(self, name, hidden(getattr(self, name)))
        object.__setattr__(self, "about", {key: hidden(value) for key, value in self.about.items()})

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.hint) if part)

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain JSON."""
        return asdict(self)


class VoxnixError(Exception):
    """The root: an error that is fit to be shown to a person.

    Args:
        what: what happened, one sentence.
        why: the cause, one sentence.
        hint: what to do next.
        about: what a program needs to mend it.
    """

    kind = "failed"
    exit_code = 4

    def __init__(
        self, what: str, why: str = "", hint: str = "", *, about: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(what, why, hint)
        self.problem = Problem(self.kind, type(self).__name__, what, why, hint, dict(about or {}))

    def __str__(self) -> str:
        return str(self.problem)


class Refusal(VoxnixError):
    """The person can mend it; nothing was changed."""

    kind = "refused"
    exit_code = 3


class InvalidName(Refusal):
    """A name that breaks the rule for names."""


class InvalidRequest(Refusal):
    """Something that cannot be asked for like this."""


class NotAllowed(Refusal):
    """Who asks may not: they are unknown, or their role does not go so far."""


class UnknownModule(Refusal):
    """No such module."""


class InvalidSpec(Refusal):
    """Modules and options of which nothing can be made: ``about`` names them and what is accepted."""


class UnknownWorkload(Refusal):
    """No such workload of this owner."""


class UnknownOperation(Refusal):
    """No such operation of this owner."""


class NameInUse(Refusal):
    """The owner has a workload of this name."""


class NotRunning(Refusal):
    """The workload has to run for this."""


class NoSpace(Refusal):
    """The pool or a quota is full."""


class BudgetSpent(Refusal):
    """The account has asked as much of the language model as it may in a day."""


class ApprovalNeeded(Refusal):
    """A person has to see the plan and agree first."""


class PlanChanged(Refusal):
    """The plan is no longer the one that was shown."""


class ApprovalExpired(Refusal):
    """Nobody agreed in time."""


class Cancelled(Refusal):
    """A person does not want it any more."""


class UnknownSnapshot(Refusal):
    """No such snapshot, file in one, or thing in the trash."""


class InvalidSettings(VoxnixError):
    """A setting is wrong or unknown."""

    kind = "settings"
    exit_code = 2


class HostFailure(VoxnixError):
    """The host did not do what it was asked."""


class CommandFailed(HostFailure):
    """A program on the node ended with an error.

    Args:
        argv: the command as it was run.
        returncode: its exit code; negative for a signal.
        stderr: the end of what it said.
    """

    def __init__(self, argv: tuple[str, ...], returncode: int, stderr: str) -> None:
        said = " ".join(stderr.split())[-500:]
        super().__init__(
            f"{argv[0]} failed with exit code {returncode}.",
            f"It said: {said}" if said else "",
            f"The command was: {' '.join(argv)}",
        )
        self.argv = argv
        self.returncode = returncode
        self.stderr = stderr


class CommandTimedOut(HostFailure):
    """A program on the node took too long and was ended, with all that it had started."""


class CommandSaidTooMuch(HostFailure):
    """A program on the node printed more than there is room for and was ended, with all it had started."""


class BuildFailed(HostFailure):
    """An image could not be built."""


class MirrorUnreachable(HostFailure):
    """Packages cannot be fetched."""


class WorkerAbsent(HostFailure):
    """Nothing is there to run operations."""


class MayHaveRun(HostFailure):
    """Something that must not run twice was interrupted: whether it ran, and how it ended, is not known."""


def error_of(problem: Problem) -> VoxnixError:
    """The error that a problem was made of, as far as who catches it can tell."""
    kinds = {kind.__name__: kind for branch in (Refusal, HostFailure) for kind in branch.__subclasses__()}
    known = kinds.get(problem.code)
    if known is None or known.kind != problem.kind or known is CommandFailed:  # which has its command in it
        known = Refusal if problem.kind == Refusal.kind else HostFailure
    error = known(problem.what, problem.why, problem.hint, about=problem.about)
    error.problem = problem
    return error


def problem_of(error: Exception) -> Problem:
    """What to tell a person about any error, without a traceback."""
    if isinstance(error, VoxnixError):
        return error.problem
    return Problem(
        "failed",
        type(error).__name__,
        "Something went wrong inside Voxnix.",
        hidden(f"{type(error).__name__}: {error}")[:300],  # cut afterwards: half a key would not be known
        "The log of the worker has the details.",
    )
