"""What tools answered that change something -> Markdown for a person."""

from agent.core.operation import OperationKind, OperationState
from agent.core.workload import WorkloadState
from agent.phrasebook.wording import code, duration, listed, size, when
from agent.tools.views import CancelView, ChangeView, ProblemView, WorkloadView

DOING = {
    OperationKind.CREATE: ("Creating", "created"),
    OperationKind.START: ("Starting", "started"),
    OperationKind.STOP: ("Stopping", "stopped"),
    OperationKind.RESTART: ("Restarting", "restarted"),
    OperationKind.DESTROY: ("Destroying", "destroyed"),
    OperationKind.UPDATE: ("Updating", "updated"),
    OperationKind.ROLLBACK: ("Rolling back", "rolled back"),
    OperationKind.BUILD: ("Building", "built"),
    OperationKind.PRUNE: ("Pruning", "pruned"),
    OperationKind.SNAPSHOT: ("Taking a snapshot of", "snapshotted"),
    OperationKind.FORGET: ("Forgetting a snapshot of", "changed"),
    OperationKind.REVERT: ("Taking back", "taken back"),
    OperationKind.RESTORE_FILE: ("Bringing back a file of", "given its file back"),
    OperationKind.CLONE: ("Copying", "copied"),
    OperationKind.RENAME: ("Renaming", "renamed"),
    OperationKind.RESIZE: ("Resizing", "resized"),
    OperationKind.SCHEDULE: ("Planning the snapshots of", "given another schedule"),
    OperationKind.RESTORE: ("Bringing back", "brought back"),
    OperationKind.PURGE: ("Removing from the trash:", "removed from the trash"),
    OperationKind.BACKUP: ("Backing up", "backed up"),
    OperationKind.RECEIVE: ("Bringing back from its backup:", "brought back from its backup"),
}
"""What is said while it goes on, and of the container when it was done or was not."""
ASKED = {
    OperationKind.ROLLBACK: "to roll {name} back",
    OperationKind.FORGET: "to forget a snapshot of {name}",
    OperationKind.REVERT: "to take {name} back to a snapshot",
    OperationKind.RESTORE_FILE: "to overwrite a file in {name}",
    OperationKind.RESTORE: "to bring {name} back in the place of what is there now",
    OperationKind.PURGE: "to remove {name} from the trash for good",
    OperationKind.RESIZE: "to make {name} smaller",
}
"""What a person is asked to agree to."""
PLAIN = frozenset(
    {
        OperationKind.SNAPSHOT,
        OperationKind.FORGET,
        OperationKind.RESTORE_FILE,
        OperationKind.RESIZE,
        OperationKind.SCHEDULE,
        OperationKind.BACKUP,
    }
)
"""After these a container is as it was before, and its state is no news."""
MADE = (OperationKind.CREATE, OperationKind.UPDATE, OperationKind.ROLLBACK)
"""After these it is worth saying what a container is made of."""


def seen_as(container: WorkloadView) -> str:
    """How a container was seen last, and where it can be reached."""
    at = f" at {code(container.addresses[0])}" if container.addresses else ""
    known = "in an unknown state" if container.state is WorkloadState.UNKNOWN else container.state.value
    return f"{known}{at}"


def problem(view: ProblemView) -> str:
    """What happened, why, and what to do next."""
    return " ".join(part for part in (view.what, view.why, view.hint) if part)


def change(view: ChangeView) -> str:
    """How far a change has come, or how it ended."""
    number = f"(operation {view.operation})"
    doing, done = DOING[view.action]
    match view.state:
        case OperationState.DONE:
            return _done(view)
        case OperationState.FAILED:
            why = problem(view.problem) if view.problem else "The cause is not known."
            return f"**{view.name}** was not {done}. {why} {number}"
        case OperationState.PROPOSED:
            return _proposed(view, number)
        case OperationState.DENIED | OperationState.CANCELLED:
            return f"**{view.name}** was not {done}: that was {view.state.value}. {number}"
        case OperationState.QUEUED:
            return f"{doing} **{view.name}** waits for its turn; `status {view.name}` tells more. {number}"
        case OperationState.RUNNING:
            step = f": step {view.step} of {view.steps}" if view.steps else ""
            label = f", {view.doing}" if view.doing else ""
            return (
                f"{doing} **{view.name}**{step}{label}. It goes on by itself;"
                f" `status {view.name}` tells how far it is. {number}"
            )


def _done(view: ChangeView) -> str:
    took = f" It took {duration(view.seconds)}." if view.seconds is not None else ""
    container = view.container
    if view.action is OperationKind.DESTROY:
        kept = f" It can be brought back until {when(view.kept_until)}: `restore {view.name}`."
        return f"**{view.name}** is destroyed.{took}{kept if view.kept_until else ''}"
    if view.action in PLAIN or container is None:
        return f"**{view.name}** was {DOING[view.action][1]}{_told(view)}.{took}"
    made = f", with {listed(container.modules)}" if view.action in MADE and container.modules else ""
    if container.name != view.name:  # a copy, or another name
        made = f". It was made of **{view.name}**" if view.action is OperationKind.CLONE else made
    first = f"**{container.name}** is {seen_as(container)}{made}.{took}"
    if view.action is OperationKind.STOP:
        return f"{first} Its files are kept.\n\nNext: `start {view.name}`, `destroy {view.name}`."
    if view.action is OperationKind.CREATE:
        command = "git --version" if "git" in container.modules else "uname -a"
        return f"{first}\n\nNext: `run {command} in {view.name}`, `status {view.name}`, `stop {view.name}`."
    return first


def _told(view: ChangeView) -> str:
    """What was asked for beside the container, where that is worth a word."""
    told = view.told
    if label := told.get("label"):
        return f" as {code(str(label))}"
    if path := told.get("path"):
        return f": {code(str(path))}"
    return f": {size(quota)}" if isinstance(quota := told.get("quota"), int) else ""


def _proposed(view: ChangeView, number: str) -> str:
    # What would be lost is shown by the channel, where it is asked: it must be what the answer is bound to.
    agree = f"{ASKED.get(view.action, 'to {action} {name}')} is for you to agree to."
    agree = agree.format(action=view.action.value, name=f"**{view.name}**")
    return f"Nothing has happened yet: {agree} {number}"


def cancel(view: CancelView) -> str:
    """What came of ending a change before its time."""
    change, number = view.change, f"(operation {view.change.operation})"
    doing, done = DOING[change.action]
    match change.state:
        case OperationState.CANCELLED:
            return f"Cancelled: **{change.name}** was not {done}, and nothing is left of it. {number}"
        case OperationState.DONE:
            return f"That is too late: **{change.name}** was {done} already. {number}"
        case state if state.ended:
            return f"That has ended already: **{change.name}** was not {done}. {number}"
        case _:
            return f"{doing} **{change.name}** is being cancelled, and what it made is taken away. {number}"
