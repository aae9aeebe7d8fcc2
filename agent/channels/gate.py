"""How a person is asked: the plan is shown, and only what was shown can be agreed to."""

from collections.abc import Callable
from contextlib import suppress

from agent.channels import render
from agent.channels.desk import Desk
from agent.core.account import CONSOLE
from agent.core.errors import ApprovalNeeded, PlanChanged, Refusal
from agent.core.operation import Operation


def settle(desk: Desk, operation: Operation, *, yes: bool = False, ask: Callable[[str], bool]) -> Operation:
    """Show the plan of a proposed operation, and approve or deny it.

    Args:
        desk: of the person who answers.
        operation: a proposed one.
        yes: agrees to the plan that is shown, and to no other, without being asked.
        ask: puts a question; never called without a person at the terminal.

    Returns:
        The operation: queued, or denied by the person.

    Raises:
        ApprovalNeeded: nobody is there to be asked; the operation is denied.
        PlanChanged: the plan is not the one that ``yes`` agreed to; the operation is denied.
    """
    try:
        agreed = _agreed(desk, operation, yes=yes, ask=ask)
    except BaseException:
        # Whatever ended the question: an operation that nobody will answer does not linger.
        with suppress(Refusal):  # somebody answered elsewhere meanwhile
            desk.services.operations.deny(desk.owner, operation.id, CONSOLE)
        raise
    return agreed or desk.services.operations.deny(desk.owner, operation.id, CONSOLE)


def _agreed(desk: Desk, operation: Operation, *, yes: bool, ask: Callable[[str], bool]) -> Operation | None:
    """The approved operation, None when the person says no."""
    what, word = f"{operation.kind} {operation.workload}", operation.kind.replace(" ", "-")
    while operation.plan is not None:
        if not desk.terminal.json:
            desk.terminal.err.print(render.plan(operation.plan))
        if not yes and (desk.terminal.json or not desk.terminal.interactive):
            raise ApprovalNeeded(
                f"Nobody agreed to {what}, so nothing was changed.",
                "A person has to see the plan first, and there is no terminal to ask on.",
                f"Ask again from a terminal, or use `voxnix {word}` with --yes.",
            )
        if not yes and not ask(f"{what.capitalize()}?"):
            return None
        try:
            return desk.services.operations.approve(desk.owner, operation.id, operation.plan.digest, CONSOLE)
        except PlanChanged as changed:
            if yes:
                raise
            desk.terminal.err.print(render.problem(changed.problem))
            operation = desk.services.operations.get(desk.owner, operation.id)
    return None
