"""What each kind of operation does: the recipes of all rooms, in one place."""

from agent.core.operation import Operation, OperationKind
from agent.services.changes.adjustments import Adjustments
from agent.services.changes.backups import Backups
from agent.services.changes.copies import Copies
from agent.services.changes.file_restoring import FileRestoring
from agent.services.changes.lifecycle import Lifecycle
from agent.services.changes.parts import Parts, Recipe, Step
from agent.services.changes.receiving import Receiving
from agent.services.changes.reverting import Reverting
from agent.services.changes.snapshots import Snapshots
from agent.services.changes.trashing import Trashing


class Changes:
    """The steps of every kind of operation, on one node."""

    def __init__(self, parts: Parts) -> None:
        life = Lifecycle(parts)
        self._recipes: dict[OperationKind, Recipe] = {
            **life.recipes(),
            **Trashing(parts, life).recipes(),
            **Adjustments(parts, life).recipes(),
            **Snapshots(parts).recipes(),
            **Reverting(parts, life).recipes(),
            **Copies(parts, life).recipes(),
            **FileRestoring(parts).recipes(),
            **Backups(parts).recipes(),
            **Receiving(parts).recipes(),
        }

    def kinds(self) -> list[OperationKind]:
        """All kinds that can be carried out."""
        return list(self._recipes)

    def steps(self, kind: OperationKind) -> tuple[Step, ...]:
        """The steps of a kind, in order."""
        return self._recipes[kind].steps

    def undo(self, operation: Operation) -> None:
        """Take away what a failed operation made, and only that; or bring back what it changed."""
        self._recipes[operation.kind].undo(operation)
