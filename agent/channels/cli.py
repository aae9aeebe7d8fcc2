"""The commands: each calls one service and shows its answer."""

import json
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from rich.text import Text

from agent.channels import render
from agent.channels.desk import Desk
from agent.channels.terminal import exit_code
from agent.core.account import CONSOLE
from agent.core.errors import HostFailure, InvalidRequest, Refusal
from agent.core.module import Option
from agent.core.operation import Operation, OperationKind, OperationState, Request
from agent.core.printable import printable
from agent.core.workload import ContainerSpec, checked_name

REQUEST = Request(channel="cli", by=CONSOLE)
DONE = {
    OperationKind.CREATE: "created",
    OperationKind.START: "started",
    OperationKind.STOP: "stopped",
    OperationKind.RESTART: "restarted",
    OperationKind.UPDATE: "updated",
    OperationKind.ROLLBACK: "rolled back",
    OperationKind.DESTROY: "destroyed",
    OperationKind.BUILD: "built",
    OperationKind.PRUNE: "pruned",
    OperationKind.SNAPSHOT: "snapshotted",
    OperationKind.FORGET: "relieved of a snapshot",
    OperationKind.REVERT: "taken back to the snapshot",
    OperationKind.RESTORE_FILE: "given its file back",
    OperationKind.CLONE: "copied",
    OperationKind.RENAME: "renamed",
    OperationKind.RESIZE: "resized",
    OperationKind.SCHEDULE: "given another schedule",
    OperationKind.RESTORE: "brought back",
    OperationKind.PURGE: "removed from the trash",
    OperationKind.BACKUP: "backed up",
    OperationKind.RECEIVE: "brought back from its backup",
}
"""What became of a container, in a word or two."""
QUIET = frozenset(
    {
        OperationKind.DESTROY,
        OperationKind.PURGE,
        OperationKind.SNAPSHOT,
        OperationKind.FORGET,
        OperationKind.SCHEDULE,
        OperationKind.BACKUP,
    }
)
"""After these the state of a container is no news."""

_OPTION = re.compile(r"([^.=]+)\.([^.=]+)=(.*)\Z", re.DOTALL)


def listing(desk: Desk) -> None:
    """Show the owner's containers. JSON: ``workloads``."""
    found = desk.services.workloads.list(desk.owner)
    answer = {"workloads": [one.model_dump(mode="json") for one in found]} if desk.terminal.json else {}
    desk.terminal.show(render.workloads(found, _now()), answer)


def status(desk: Desk, name: str) -> None:
    """One container. JSON: ``workload``, ``root``, ``workspace``, ``node_seen_at``, ``last_operation``."""
    found = desk.services.workloads.status(desk.owner, checked_name(name))
    desk.terminal.show(render.status(found, _now()), found.model_dump(mode="json"))


def create(desk: Desk, name: str, modules: list[str], options: list[str], *, wait: bool) -> int:
    """Make a container. JSON: ``operation``."""
    spec = ContainerSpec(name=checked_name(name), modules=tuple(modules), options=_options(desk, options))
    return finish(desk, desk.services.workloads.create(desk.owner, spec, REQUEST), wait=wait)


def update(  # noqa: PLR0913 - each is a word of the command
    desk: Desk, name: str, add: list[str], remove: list[str], options: list[str], *, wait: bool
) -> int:
    """Change what a container is made of. JSON: ``operation``."""
    workloads = desk.services.workloads
    spec = workloads.find(desk.owner, checked_name(name)).spec
    changed = spec.changed(add=add, remove=remove, options=_options(desk, options))
    return finish(desk, workloads.update(desk.owner, changed, REQUEST), wait=wait)


def upgrade(desk: Desk, *, every: bool) -> int:
    """Show what would come out newer, or make it so. JSON: ``workloads``, or ``operations`` and ``refused``.

    One that goes wrong does not keep the next from its turn.

    Returns:
        The exit code: the worst of all.
    """
    workloads = desk.services.workloads
    outdated = workloads.outdated(desk.owner)
    if not every or not outdated:
        answer = {"workloads": [one.model_dump(mode="json") for one in outdated]}
        desk.terminal.show(render.outdated(outdated), answer)
        return 0
    ended: list[Operation] = []
    refused: list[dict[str, Any]] = []
    codes = [0]
    for one in outdated:
        try:
            operation = _followed(desk, workloads.update(desk.owner, one.spec, REQUEST))
        except Refusal as refusal:  # of this one, such as for a module that is there no more
            desk.terminal.say(f"{one.name} was not updated. {refusal.problem}")
            refused.append({"name": one.name, "error": refusal.problem.as_dict()})
            codes.append(refusal.exit_code)
            continue
        ended.append(operation)
        codes.append(exit_code(operation.problem) if operation.problem else 0)
    answer = {"operations": [one.model_dump(mode="json") for one in ended], "refused": refused}
    desk.terminal.show(render.operations(ended, _now()), answer)
    return max(codes)


def _options(desk: Desk, given: list[str]) -> dict[str, dict[str, JsonValue]]:
    """Options as they were typed: a text as it is, everything else as JSON, one item of a list as it is too.

    Raises:
        InvalidRequest: one is not of the form MODULE.OPTION=VALUE.
    """
    found: dict[str, dict[str, JsonValue]] = {}
    for one in given:
        match = _OPTION.match(one)
        if match is None:
            raise InvalidRequest(
                f"{one[:80]!r} is no option.", "It has to be MODULE.OPTION=VALUE.", "Such as git.name=Ann."
            )
        module, option, text = match.groups()
        known = desk.services.catalogue.get(module).options.get(option)
        found.setdefault(module, {})[option] = text if known is None else _value(known, text)
    return found


def _value(option: Option, text: str) -> JsonValue:
    if option.type == "string":
        return text
    with suppress(ValueError):  # left as it is, it is refused with what would be accepted
        return json.loads(text)
    return [text] if option.type == "array" else text


def change(desk: Desk, verb: str, name: str, *, wait: bool, yes: bool = False) -> int:
    """Start, stop, restart or roll back a container. JSON: ``operation``."""
    workloads = desk.services.workloads
    ask = {
        "start": workloads.start,
        "stop": workloads.stop,
        "restart": workloads.restart,
        "rollback": workloads.roll_back,
    }[verb]
    return finish(desk, ask(desk.owner, checked_name(name), REQUEST), wait=wait, yes=yes)


def destroy(desk: Desk, name: str, *, yes: bool, wait: bool) -> int:
    """Destroy a container, once its plan was agreed to. JSON: ``operation``, beside an ``error`` too."""
    proposed = desk.services.workloads.destroy(desk.owner, checked_name(name), REQUEST)
    return finish(desk, proposed, wait=wait, yes=yes)


def finish(desk: Desk, operation: Operation, *, wait: bool, yes: bool = False) -> int:
    """Have its plan agreed to, if it has one, wait for an operation's end, if wanted, and show how it ended.

    Args:
        desk: of who asks.
        operation: what was asked for.
        wait: whether to wait for its end.
        yes: agrees to the plan that is shown, without a question.

    Returns:
        The exit code.
    """
    if operation.state is OperationState.PROPOSED:
        from agent.channels.gate import settle  # noqa: PLC0415 - only what would take something away needs it

        try:
            operation = settle(desk, operation, yes=yes, ask=desk.terminal.ask)
        except Refusal as refusal:
            denied = desk.services.operations.get(desk.owner, operation.id)
            return desk.terminal.fail(refusal.problem, operation=denied.model_dump(mode="json"))
    if wait:
        operation = _followed(desk, operation)
    answer = {"operation": operation.model_dump(mode="json")}
    if operation.problem is not None:
        return desk.terminal.fail(operation.problem, **answer)
    desk.terminal.show(_outcome(desk, operation), answer)
    return Refusal.exit_code if operation.state in (OperationState.DENIED, OperationState.CANCELLED) else 0


def _followed(desk: Desk, operation: Operation) -> Operation:
    """The operation at its end; meanwhile it is shown how it goes."""
    if operation.state.ended:
        return operation
    from agent.channels.waiting import follow  # noqa: PLC0415 - `voxnix list` waits for nothing

    return follow(desk.terminal, desk.services.operations.watch(desk.owner, operation.id))


def _outcome(desk: Desk, operation: Operation) -> Text:
    if operation.state is OperationState.DENIED:
        return Text("You did not agree, so nothing was changed.")
    if operation.state is not OperationState.DONE:
        line = render.operation_line(operation)
        return line if operation.state.ended else line.append(". Look: voxnix operations")
    took = render.took(operation, _now())
    text = Text(f"{operation.workload} {_was(operation)} {DONE[operation.kind]} in {took}.", "green")
    if operation.kind is OperationKind.DESTROY:
        kept = [one for one in desk.services.trash.list(desk.owner) if one.operation == operation.id]
        text.append("".join(f" It is kept until {one.expires_at:%Y-%m-%d %H:%M} UTC." for one in kept))
        return text.append(f" Bring it back: voxnix restore {operation.workload}" if kept else "")
    if operation.kind not in QUIET:
        known = {one.name: one for one in desk.services.workloads.list(desk.owner)}
        if workload := known.get(operation.outcome):
            called = "It" if workload.name == operation.workload else workload.name
            where = f" at {', '.join(workload.addresses)}" if workload.addresses else ""
            text.append(printable(f" {called} is {workload.state}{where}."))
    return text


def _was(operation: Operation) -> str:
    return "was" if operation.machine else "were"


def logs(desk: Desk, name: str, lines: int) -> None:
    """Show the last lines of a container's journal. JSON: ``name``, ``lines``."""
    found = desk.services.workloads.logs(desk.owner, checked_name(name), lines)
    text = Text(printable("\n".join(found)) or f"The journal of {name} is empty.")
    desk.terminal.show(text, {"name": name, "lines": found})


def execute(desk: Desk, name: str, argv: list[str], timeout: float) -> int:
    """Run a command in a container and pass its output and exit code on. JSON: as an object's fields."""
    done = desk.services.workloads.exec(desk.owner, checked_name(name), argv, timeout, request=REQUEST)
    if desk.terminal.json:
        desk.terminal.show("", done.model_dump(mode="json"))
        return done.returncode
    if desk.terminal.simulated:
        desk.terminal.say(render.simulation())  # beside the output, which stays the command's own
    for stream, text in ((sys.stdout, done.stdout), (sys.stderr, done.stderr)):
        stream.flush()
        stream.buffer.write(text.encode(errors="surrogateescape"))
        stream.buffer.flush()
    return done.returncode


def modules(desk: Desk, name: str | None) -> None:
    """Show the modules, or one of them. JSON: ``modules``, or ``module``."""
    if name is not None:
        one = desk.services.catalogue.get(name)
        desk.terminal.show(render.module(one), {"module": one.model_dump(mode="json")})
        return
    found = desk.services.catalogue.all()
    desk.terminal.show(render.modules(found), {"modules": [one.model_dump(mode="json") for one in found]})


def refresh(desk: Desk) -> None:
    """Take the admin's own modules into the catalogue. JSON: ``modules``, their names."""
    found = desk.refresh_modules()
    told = (
        f"{len(found)} modules of your own: {', '.join(found)}."
        if found
        else "There is no module of your own."
    )
    desk.terminal.show(Text(told), {"modules": found})


def operations(desk: Desk, limit: int) -> None:
    """Show the owner's newest operations. JSON: ``operations``."""
    found = desk.services.operations.list(desk.owner, limit)
    desk.terminal.show(
        render.operations(found, _now()), {"operations": [one.model_dump(mode="json") for one in found]}
    )


def cancel(desk: Desk, number: int, *, wait: bool) -> int:
    """End an operation before its time. JSON: ``operation``. It went well where it was cancelled."""
    operation = desk.services.operations.cancel(desk.owner, number)
    if wait:
        operation = _followed(desk, operation)
    answer = {"operation": operation.model_dump(mode="json")}
    if operation.state is OperationState.FAILED and operation.problem is not None:
        return desk.terminal.fail(operation.problem, **answer)
    what = f"{operation.kind} {operation.workload}"
    if operation.state is OperationState.CANCELLED:
        text = Text(f"Cancelled: {what}. Nothing of it is left.", "green")
    elif operation.state.ended:
        text = Text(f"Too late: {what} is {operation.state}.", "yellow")
    else:
        text = Text(f"{what} is being cancelled. Look: voxnix operations")
    desk.terminal.show(text, answer)
    return (
        Refusal.exit_code if operation.state.ended and operation.state is not OperationState.CANCELLED else 0
    )


def doctor(desk: Desk) -> int:
    """Show what is in order on this machine and what is not. JSON: ``ok``, ``findings``."""
    found = desk.services.diagnostics.check()
    broken = any(one.ok is False for one in found)
    answer: dict[str, Any] = {"ok": not broken, "findings": [one.model_dump(mode="json") for one in found]}
    desk.terminal.show(render.findings(found), answer)
    return HostFailure.exit_code if broken else 0


def _now() -> datetime:
    return datetime.now(UTC)
