"""Each kind of change in words: while it goes on, and when it is done."""

from agent.core.operation import Operation, OperationKind
from agent.texts import Texts


def doing(say: Texts, operation: Operation) -> str:  # noqa: C901, PLR0911, PLR0912 - one per kind
    """What is being done, as a headline."""
    name = operation.workload
    match operation.kind:
        case OperationKind.CREATE:
            return say("Creating {name}", name=name)
        case OperationKind.START:
            return say("Starting {name}", name=name)
        case OperationKind.STOP:
            return say("Stopping {name}", name=name)
        case OperationKind.RESTART:
            return say("Restarting {name}", name=name)
        case OperationKind.UPDATE:
            return say("Updating {name}", name=name)
        case OperationKind.ROLLBACK:
            return say("Rolling back {name}", name=name)
        case OperationKind.DESTROY:
            return say("Destroying {name}", name=name)
        case OperationKind.BUILD:
            return say("Building an image")
        case OperationKind.PRUNE:
            return say("Removing unused images")
        case OperationKind.SNAPSHOT:
            return say("Taking a snapshot of {name}", name=name)
        case OperationKind.FORGET:
            return say("Forgetting a snapshot of {name}", name=name)
        case OperationKind.REVERT:
            return say("Taking {name} back to a snapshot", name=name)
        case OperationKind.RESTORE_FILE:
            return say("Bringing a file back into {name}", name=name)
        case OperationKind.CLONE:
            return say("Copying {name}", name=name)
        case OperationKind.RENAME:
            return say("Renaming {name}", name=name)
        case OperationKind.RESIZE:
            return say("Giving {name} another size", name=name)
        case OperationKind.SCHEDULE:
            return say("Planning the snapshots of {name}", name=name)
        case OperationKind.RESTORE:
            return say("Bringing {name} back", name=name)
        case OperationKind.PURGE:
            return say("Removing {name} from the trash", name=name)
        case OperationKind.BACKUP:
            return say("Backing {name} up", name=name)
        case OperationKind.RECEIVE:
            return say("Bringing {name} back from its backup", name=name)


def done(say: Texts, operation: Operation) -> str:  # noqa: C901, PLR0911, PLR0912 - one per kind
    """What was done, in one sentence."""
    name = operation.workload
    match operation.kind:
        case OperationKind.CREATE:
            return say("{name} is there, and running.", name=name)
        case OperationKind.START:
            return say("{name} is running.", name=name)
        case OperationKind.STOP:
            return say("{name} is stopped. Its files are still there.", name=name)
        case OperationKind.RESTART:
            return say("{name} is running again.", name=name)
        case OperationKind.UPDATE:
            return say("{name} is updated.", name=name)
        case OperationKind.ROLLBACK:
            return say("{name} is what it was before its last update.", name=name)
        case OperationKind.DESTROY:
            return say("{name} is gone.", name=name)
        case OperationKind.BUILD:
            return say("The image is built.")
        case OperationKind.PRUNE:
            return say("The unused images are gone.")
        case OperationKind.SNAPSHOT:
            return say("There is a snapshot of {name}.", name=name)
        case OperationKind.FORGET:
            return say("The snapshot of {name} is gone.", name=name)
        case OperationKind.REVERT:
            return say("{name} is as it was in the snapshot.", name=name)
        case OperationKind.RESTORE_FILE:
            return say("The file is back in {name}.", name=name)
        case OperationKind.CLONE:
            return say("The copy of {name} is there, and running.", name=name)
        case OperationKind.RENAME:
            return say("{name} has its new name.", name=name)
        case OperationKind.RESIZE:
            return say("{name} has its new size.", name=name)
        case OperationKind.SCHEDULE:
            return say("The snapshots of {name} are planned.", name=name)
        case OperationKind.RESTORE:
            return say("{name} is back.", name=name)
        case OperationKind.PURGE:
            return say("{name} is gone from the trash.", name=name)
        case OperationKind.BACKUP:
            return say("{name} is backed up.", name=name)
        case OperationKind.RECEIVE:
            return say("{name} is back from its backup.", name=name)
