"""Values as people read them: pure functions from a value to something that Rich prints."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.filesize import pick_unit_and_suffix
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agent.core.account import Account, Pairing, is_group
from agent.core.composition import Composition
from agent.core.errors import Problem
from agent.core.module import Module
from agent.core.operation import Loss, Operation, OperationState, Plan
from agent.core.printable import one_line, printable
from agent.core.workload import ContainerSpec, Usage, Workload, WorkloadState
from agent.services.diagnostics import Finding
from agent.services.images import KnownImage, Popular
from agent.services.secrets import KnownSecret
from agent.services.workloads import WorkloadStatus

SIMULATION = "This is a simulation: nothing of it is real."

WORKLOAD_STYLES: dict[str, str] = {
    WorkloadState.RUNNING: "green",
    WorkloadState.STOPPED: "dim",
    WorkloadState.FAILED: "bold red",
    WorkloadState.UNKNOWN: "magenta",
}
OPERATION_STYLES: dict[str, str] = {
    OperationState.DONE: "green",
    OperationState.FAILED: "bold red",
    OperationState.PROPOSED: "yellow",
    OperationState.DENIED: "dim",
    OperationState.CANCELLED: "dim",
}
UNDER_WAY = "cyan"
"""Style of every state that something will follow."""

NEARLY_FULL = 0.9
"""From this share of a quota on, its bar is red."""
SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def simulation() -> Text:
    """The line that every answer carries where nothing is real."""
    return Text(SIMULATION, "bold magenta")


def size(amount: int) -> str:
    """Bytes for people, in the powers of 1024 that quotas are set in."""
    unit, suffix = pick_unit_and_suffix(amount, ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"], 1024)
    return f"{amount} {suffix}" if unit == 1 else f"{amount / unit:.1f} {suffix}"


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit."""
    seconds = max(int(length.total_seconds()), 0)
    unit, word = next(((unit, word) for unit, word in SPANS if seconds >= unit), SPANS[-1])
    return f"{seconds // unit} {word}"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago a moment was."""
    return "never" if moment is None else f"{span(now - moment)} ago"


def state(value: WorkloadState | OperationState) -> Text:
    """A state: always its word, never its colour alone."""
    styles = WORKLOAD_STYLES if isinstance(value, WorkloadState) else OPERATION_STYLES
    return Text(value.value, styles.get(value, UNDER_WAY))


def table_of(*columns: str) -> Table:
    """An empty table: what has a fixed form is not broken, and what does not fit is folded."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=name in {"NAME", "STATE", "NO"}, overflow="fold")
    return table


def workloads(listed: list[Workload], now: datetime) -> RenderableType:
    """The owner's containers."""
    if not listed:
        return Text("You have no containers yet. Make one: voxnix create dev git fish")
    table = table_of("NAME", "STATE", "ADDRESS", "MODULES", "SEEN")
    for one in listed:
        table.add_row(
            one.name,
            state(one.state),
            *cells("\n".join(one.addresses) or "-", ", ".join(one.spec.modules) or "-"),
            ago(one.observed_at, now),
        )
    return table


def cells(*texts: str) -> list[Text]:
    """Cells whose text is taken as it is: square brackets mean nothing in it."""
    return [Text(printable(text)) for text in texts]


def status(known: WorkloadStatus, now: datetime) -> RenderableType:
    """All that is known of one container."""
    workload = known.workload
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("name", workload.name)
    facts.add_row("state", state(workload.state))
    facts.add_row("address", *cells(", ".join(workload.addresses) or "-"))
    facts.add_row("modules", *cells(", ".join(workload.spec.modules) or "-"))
    if chosen := options(workload.spec):
        facts.add_row("options", *cells(chosen))
    facts.add_row("seen", ago(workload.observed_at, now))
    facts.add_row("created", ago(workload.created_at, now))
    facts.add_row(
        "machine",
        f"{workload.machine} on {workload.node}, whose worker was heard of {ago(known.node_seen_at, now)}",
    )
    facts.add_row("root", _usage(known.root))
    facts.add_row("/workspace", _usage(known.workspace))
    facts.add_row("together", _usage(known.whole))
    if known.last_operation is not None:
        facts.add_row("last change", operation_line(known.last_operation))
    return facts


def options(spec: ContainerSpec) -> str:
    """The options that were chosen, as ``--set`` takes them."""
    return ", ".join(
        f"{module}.{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for module, given in sorted(spec.options.items())
        for name, value in sorted(given.items())
    )


def _usage(usage: Usage | None) -> RenderableType:
    if usage is None:
        return Text("not there, or it could not be read", "dim")
    snapshots = f", {usage.snapshots} snapshots" if usage.snapshots else ""
    if not usage.quota:
        return Text(f"{size(usage.used)}{snapshots}")
    share = usage.used / usage.quota
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(
            usage.quota, usage.used, width=16, complete_style="red" if share >= NEARLY_FULL else "green"
        ),
        Text(f"{share:.0%} of {size(usage.quota)}: {size(usage.used)}{snapshots}"),
    )
    return bar


def modules(listed: list[Module]) -> RenderableType:
    """The modules there are."""
    table = table_of("NAME", "WHAT IT GIVES", "SAY")
    for one in listed:
        table.add_row(one.name, *cells(one.summary, one.example))
    return table


def module(one: Module) -> RenderableType:
    """One module with all that it says of itself."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    lines = (
        ("name", one.name),
        ("gives", one.summary),
        ("", one.description),
        *(
            (
                f"option {name}",
                (
                    f"{option.description} It accepts {option.accepted}; by default "
                    f"{json.dumps(option.default, ensure_ascii=False)}."
                ),
            )
            for name, option in one.options.items()
        ),
        *(
            ("port", f"{number}/{protocol}: {listed.purpose}")
            for (number, protocol, _), listed in zip(
                one.listens({name: option.default for name, option in one.options.items()}),
                one.ports,
                strict=True,
            )
        ),
        *((f"secret {one.name}.{name}", secret.description) for name, secret in one.secrets.items()),
        ("needs", ", ".join(one.requires)),
        ("not with", ", ".join(one.conflicts)),
        ("packages", ", ".join(one.debian.packages) if one.debian else "none: NixOS only"),
        ("say", one.example),
    )
    for label, text in lines:
        if text:
            facts.add_row(label, *cells(text))
    return facts


def outdated(listed: list[Workload]) -> RenderableType:
    """Containers that a new deploy would change."""
    if not listed:
        return Text("All of your containers are made of the newest there is.")
    names = ", ".join(one.name for one in listed)
    return Text(
        f"Made of something older than there is now: {names}.\nUpdate all of them: voxnix upgrade --all"
    )


def images(listed: list[KnownImage], now: datetime) -> RenderableType:
    """What was built on a node."""
    if not listed:
        return Text("No image was built yet.")
    table = table_of("MODULES", "USED BY", "SIZE", "CURRENT", "WANTED", "DIGEST")
    for one in listed:
        table.add_row(
            *cells(made_of(one.image.composition)),
            str(one.users) if one.users else "nothing",
            size(one.size) if one.size else "-",
            "yes" if one.current else "no",
            ago(one.image.built_at, now),
            one.image.digest[:12],
        )
    return table


def popular(listed: list[Popular]) -> RenderableType:
    """What containers were made of most often."""
    if not listed:
        return Text("No container was created yet.")
    table = table_of("TIMES", "MODULES")
    for one in listed:
        table.add_row(str(one.times), *cells(made_of(one.composition)))
    return table


def made_of(composition: Composition) -> str:
    """The modules of a composition, on one line."""
    return ", ".join(composition.modules) or "no modules"


def secrets(listed: list[KnownSecret]) -> RenderableType:
    """What modules can be given in secret."""
    table = table_of("NAME", "GIVEN", "WHAT IT IS FOR")
    for one in listed:
        table.add_row(one.name, "yes" if one.given else "no", *cells(one.description))
    return table


def access(known: list[Account], waiting: list[Pairing], now: datetime) -> RenderableType:
    """Who may speak, and who waits to be let in."""
    if not known and not waiting:
        return Text("Nobody may speak yet. Who writes to the bot gets a code: voxnix access approve CODE")
    table = table_of("ACCOUNT", "NAME", "ROLE", "SINCE", "BY")
    for one in known:
        table.add_row(one.key, *cells(one.name), role(one), ago(one.changed_at, now), one.changed_by)
    for one in waiting:
        left = f"waits: {one.code}"
        table.add_row(
            one.account, *cells(one.name), Text(left, "yellow"), f"{span(one.expires_at - now)} left", ""
        )
    return table


def role(account: Account) -> Text:
    """How far somebody may go, in words."""
    if is_group(account.key):
        return Text("shares containers") if account.shared else Text("a group", "dim")
    return Text("revoked", "dim") if account.role is None else Text(account.role.value, "green")


def operations(listed: list[Operation], now: datetime) -> RenderableType:
    """The owner's operations."""
    if not listed:
        return Text("Nothing was asked for yet.")
    table = table_of("NO", "CHANGE", "STATE", "ASKED", "TOOK", "NOTE")
    for one in listed:
        table.add_row(
            str(one.id),
            f"{one.kind} {one.workload}",
            state(one.state),
            ago(one.created_at, now),
            took(one, now),
            *cells(note(one)),
        )
    return table


def took(operation: Operation, now: datetime) -> str:
    """How long an operation ran, or has run so far; a person's time to think is not part of it."""
    return "-" if operation.started_at is None else span((operation.ended_at or now) - operation.started_at)


def note(operation: Operation) -> str:
    """What is to be said of an operation beside its state."""
    if operation.problem is not None:
        return one_line(operation.problem.what)
    if operation.state is OperationState.RUNNING:
        return step(operation)
    if operation.state is OperationState.PROPOSED:
        return "waits for a person to agree"
    return ""


def step(operation: Operation) -> str:
    """Where a running operation is: step, label and count."""
    progress = operation.progress
    count = f" {progress.done}" + (f" of {progress.total}" if progress.total else "") if progress.done else ""
    where = f"step {operation.step} of {operation.steps}: " if operation.step else ""
    return f"{where}{one_line(progress.label) or operation.state}{count}"


def operation_line(operation: Operation) -> Text:
    """An operation on one line."""
    beside = note(operation)
    line = Text.assemble(f"{operation.kind} {operation.workload} is ", state(operation.state))
    return line.append(f" ({beside}), operation {operation.id}" if beside else f", operation {operation.id}")


def findings(listed: Iterable[Finding]) -> RenderableType:
    """What the doctor found, each with what to do about it."""
    table = table_of("", "NAME", "WHAT WAS SEEN")
    marks = {
        True: Text("✓ ok", "green"),
        False: Text("✗ broken", "bold red"),
        None: Text("? unclear", "magenta"),
    }
    for one in listed:
        hint = Text(f"\n→ {printable(one.hint)}", "yellow") if one.hint else Text()
        table.add_row(marks[one.ok], one.name, Text(printable(one.detail)).append_text(hint))
    return table


def amount(loss: Loss) -> str:
    """How much an operation would take away."""
    match loss.unit:
        case "bytes":
            return size(loss.amount)
        case "count":
            return str(loss.amount)
        case "moment":
            return f"about {ago(loss.at, datetime.now(UTC))}"


def plan(proposed: Plan) -> RenderableType:
    """What a person is asked to agree to: what would be lost, in numbers."""
    losses = Table.grid(padding=(0, 2))
    losses.add_column(style="bold", no_wrap=True)
    losses.add_column(justify="right")
    for loss in proposed.losses:
        losses.add_row(printable(loss.what), amount(loss))
    head = Text(printable(proposed.summary), "yellow")
    if not proposed.losses:
        return head
    return Group(head, Text("This would be lost:"), Padding(losses, (0, 0, 0, 2), expand=False))


def problem(what: Problem) -> RenderableType:
    """An error: what happened, why, what to do next."""
    text = Text.assemble(("✗ ", "bold red"), (printable(what.what), "bold"))
    if what.why:
        text.append(f"\n  {printable(what.why)}")
    if what.hint:
        text.append(f"\n  → {printable(what.hint)}", "yellow")
    return text
