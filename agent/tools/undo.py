"""The tools that take back what was asked for: before its end, and after it."""

from pydantic_ai import FunctionToolset

from agent.core.errors import InvalidRequest
from agent.core.operation import Operation
from agent.tools.calling import LONG, Context, answer, settled
from agent.tools.deps import Deps
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
