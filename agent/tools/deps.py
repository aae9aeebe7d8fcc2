"""What a tool is given besides its arguments, and what it leaves behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from agent.core.conversation import SentFile
from agent.core.operation import Request
from agent.core.owner import Owner
from agent.tools.views import View

if TYPE_CHECKING:
    from agent.services.services import Services

DONE, REFUSED, FAILED = 0, 3, 4
"""How a turn went, as an exit code: done, the person can mend it, the host failed."""


@dataclass(frozen=True)
class Outcome:
    """How one call of a tool went: what the exit code is made of, never the text of a reply.

    Attributes:
        call: the id of the call.
        tool: its name.
        arguments: what it was called with.
        step: the model's step in this turn, from 1; calls of one step belong together.
        view: what the tool answered.
        acted: whether the tool does something, rather than only looking.
    """

    call: str
    tool: str
    arguments: Mapping[str, object]
    step: int
    view: View
    acted: bool

    @property
    def exit_code(self) -> int:
        """0 done or on its way, 3 refused or waiting for a person, 4 the host failed."""
        return self.view.exit_code


@dataclass(frozen=True)
class Deps:
    """What every tool gets. The owner comes from the channel and is never an argument of a tool.

    Attributes:
        owner: who asks.
        request: where the request came from, for the audit trail.
        services: what the product can do.
        patience: how long a tool waits for an operation, in seconds; it may be infinite.
        sends_files: whether the channel can give a person a file.
        outcomes: filled by the tools, in order.
        files: filled by them too: what goes with the answer.
        stopped: set when nobody waits for this turn any more.
    """

    owner: Owner
    request: Request
    services: "Services"
    patience: float
    sends_files: bool = False
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    files: list[SentFile] = field(default_factory=list[SentFile])
    stopped: Event = field(default_factory=Event)


def decisive(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes that say how a turn went.

    Where something was done, looking around does not count; and of one tool only the last step does, so that
    a call which was mended and made again is judged by the second one.
    """
    acted = [outcome for outcome in outcomes if outcome.acted] or list(outcomes)
    last = {outcome.tool: outcome.step for outcome in acted}
    return [outcome for outcome in acted if outcome.step == last[outcome.tool]]


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """How a turn went: the worst of its decisive outcomes, 0 where there is none."""
    return max((outcome.exit_code for outcome in decisive(outcomes)), default=DONE)
