"""How a tool is called: it asks one service, waits where that is a change, and records how it went."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pydantic_ai import ModelRetry, RunContext

from agent.core.errors import InvalidName, InvalidRequest, InvalidSpec, UnknownModule, problem_of
from agent.core.operation import Operation, OperationKind, OperationState
from agent.tools.deps import Deps, Outcome
from agent.tools.views import ChangeView, ProblemView, View

Context = RunContext[Deps]
V = TypeVar("V", bound=View)

LONG = 86_400.0
"""Seconds. Changes and commands end by themselves (patience, the services' own timeouts); a tool that has a
timeout is one whose thread pydantic-ai lets go of when the turn is cancelled."""
READ = 60.0
"""Seconds that looking something up may take."""
SLICE = 11.0
"""Seconds of one look at an operation: longer than it takes to notice that no worker is there."""

ACTING = frozenset(
    {
        *("create_container", "update_container", "roll_back_container", "destroy_container"),
        *("start_container", "stop_container", "restart_container", "run_in_container"),
        *("snapshot_container", "schedule_snapshots", "revert_container", "restore_file", "forget_snapshot"),
        *("copy_container", "resize_container", "rename_container", "restore_container", "purge_container"),
        *("undo_last_change", "cancel_change", "set_quiet_hours", "mute_messages", "unmute_messages"),
    }
)
"""The tools that do something, rather than only look."""

log = logging.getLogger(__name__)


def change(
    ctx: Context, tool: str, given: Mapping[str, object], submit: Callable[[Deps], Operation]
) -> ChangeView | ProblemView:
    """Answer a call that changes something: ask for it, and tell how far it has come when patience is over.

    Args:
        ctx: who asks.
        tool: its name.
        given: what it was called with.
        submit: asks for the change.

    Returns:
        How the change stands, or what kept it from being asked for.
    """

    def ask(deps: Deps) -> ChangeView:
        # The same call again, after a crash: things may have changed so that it would be refused now.
        known = deps.services.operations.asked(deps.owner, deps.request)
        operation = settled(deps, known or submit(deps))
        if operation.state is not OperationState.DONE:
            return ChangeView.of(operation)
        # From the database, like the list: what was just changed has been observed by the one who changed it.
        known = {workload.name: workload for workload in deps.services.workloads.list(deps.owner)}
        return ChangeView.of(operation, known.get(operation.outcome), kept_until=_kept_until(deps, operation))

    return answer(ctx, tool, given, ask)


def _kept_until(deps: Deps, operation: Operation) -> datetime | None:
    """Until when what an operation destroyed can be brought back."""
    if operation.kind is not OperationKind.DESTROY:
        return None
    trashed = deps.services.trash.list(deps.owner)
    return next((one.expires_at for one in trashed if one.operation == operation.id), None)


def settled(deps: Deps, operation: Operation) -> Operation:
    """The operation when it has ended, waits for a person, or patience is over."""
    until = time.monotonic() + deps.patience
    while True:
        left = until - time.monotonic()
        operation = deps.services.operations.wait(deps.owner, operation.id, max(0.0, min(left, SLICE)))
        settled = operation.state.ended or operation.state is OperationState.PROPOSED
        # In slices: a thread cannot be cancelled from outside, and would outlive a Ctrl-C for long.
        if settled or left <= SLICE or deps.stopped.is_set():
            return operation


def answer(ctx: Context, tool: str, given: Mapping[str, object], ask: Callable[[Deps], V]) -> V | ProblemView:
    """Answer a tool's call, and record how it went.

    Args:
        ctx: who asks.
        tool: its name.
        given: what it was called with.
        ask: what it does.

    Returns:
        Its view, or what kept it from being done.

    Raises:
        ModelRetry: a model can mend it by calling again.
    """
    # Each call is a part of its own of what was asked for: made again in the same turn, it is done once.
    deps = replace(ctx.deps, request=ctx.deps.request.part(ctx.tool_call_id or ""))

    def record(view: View) -> None:
        deps.outcomes.append(Outcome(ctx.tool_call_id or "", tool, given, ctx.run_step, view, tool in ACTING))

    try:
        view = ask(deps)
    except (InvalidName, InvalidRequest, InvalidSpec, UnknownModule) as error:
        # What a model can mend by calling again. If it cannot, the record is there.
        problem = ProblemView.of(error.problem)
        record(problem)
        raise ModelRetry(problem.model_dump_json()) from error
    except Exception as error:  # no traceback reaches a person or a model; the log has it
        if not hasattr(error, "problem"):
            log.exception("%s failed", tool)
        problem = ProblemView.of(problem_of(error))
        record(problem)
        return problem
    record(view)
    return view
