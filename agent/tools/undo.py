"""The tools that take back what was asked for: before its end, and after it."""

from pydantic_ai import FunctionToolset

from agent.core.errors import InvalidRequest
from agent.core.operation import Operation
from agent.tools.calling import LONG, READ, Context, answer, change, settled
from agent.tools.deps import Deps
from agent.tools.storage_views import TrashedView, TrashView
from agent.tools.views import CancelView, ChangeView, ProblemView

RECENT = 100
"""Operations among which one is looked for that has not ended."""

undo = FunctionToolset[Deps](id="undo", require_parameter_descriptions=True)


@undo.tool(timeout=LONG, sequential=True)
def cancel_change(ctx: Context, number: int = 0, name: str = "") -> CancelView | ProblemView:
    """End a change that is under way, or waits, before its time. What it made until then is taken away.

    Args:
        ctx: who asks.
        number: of the operation; 0 for the only one that has not ended.
        name: the container whose change is meant; empty where the person named none.
    """
    given = {key: value for key, value in (("number", number), ("name", name)) if value}

    def ask(deps: Deps) -> CancelView:
        operations = deps.services.operations
        meant = number or _only(deps, name)
        cancelled = operations.cancel(deps.owner, meant, deps.request.by)
        return CancelView(change=ChangeView.of(settled(deps, cancelled)))

    return answer(ctx, "cancel_change", given, ask)


@undo.tool(timeout=LONG, sequential=True)
def undo_last_change(ctx: Context) -> ChangeView | ProblemView:
    """Undo the last change that can be undone, whatever it was: create, destroy, update, stop or rename.

    The answer is the change that undoes it. Where that would take something away, it is a plan first, which
    only the person can agree to.

    Args:
        ctx: who asks.
    """
    return change(ctx, "undo_last_change", {}, lambda deps: deps.services.undo.undo(deps.owner, deps.request))


@undo.tool(timeout=READ)
def list_trash(ctx: Context) -> TrashView | ProblemView:
    """List the containers that were destroyed and can be brought back, with until when.

    Args:
        ctx: who asks.
    """

    def ask(deps: Deps) -> TrashView:
        found = deps.services.trash.list(deps.owner)
        return TrashView(containers=tuple(map(TrashedView.of, found)))

    return answer(ctx, "list_trash", {}, ask)


@undo.tool(timeout=LONG, sequential=True)
def restore_container(ctx: Context, name: str, new_name: str = "") -> ChangeView | ProblemView:
    """Bring a destroyed container back from the trash, with all its files.

    Args:
        ctx: who asks.
        name: what it was called.
        new_name: another name for it; empty for the one it had.
    """
    return change(
        ctx,
        "restore_container",
        {"name": name, **({"new_name": new_name} if new_name else {})},
        lambda deps: deps.services.trash.restore(deps.owner, name, deps.request, new_name),
    )


@undo.tool(timeout=LONG, sequential=True)
def purge_container(ctx: Context, name: str) -> ChangeView | ProblemView:
    """Propose to remove a destroyed container from the trash, for good.

    Nothing is removed by this call. It returns a plan, which only the person can agree to.

    Args:
        ctx: who asks.
        name: what it was called.
    """
    return change(
        ctx,
        "purge_container",
        {"name": name},
        lambda deps: deps.services.trash.purge(deps.owner, name, deps.request),
    )


def _only(deps: Deps, name: str) -> int:
    """The number of the only operation that is meant: one of this conversation rather than another.

    Raises:
        InvalidRequest: there is none, or there are several.
    """
    recent = deps.services.operations.list(deps.owner, RECENT)
    unended = [one for one in recent if not one.state.ended and name in {"", one.workload}]
    here = [one for one in unended if one.request.conversation == deps.request.conversation]
    match here or unended:
        case []:
            raise InvalidRequest("There is nothing to cancel.", "All that was asked for has ended.")
        case [one]:
            return one.id
        case several:
            raise InvalidRequest(
                "There is more than one thing that could be cancelled.",
                f"There are: {', '.join(map(_told, several))}.",
                f"Name one by its number, such as: cancel {several[0].id}.",
            )


def _told(operation: Operation) -> str:
    return f"{operation.id} ({operation.kind} {operation.workload})"
