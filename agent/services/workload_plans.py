"""What is asked before a workload is destroyed, rolled back or made smaller: what would go, in numbers."""

from collections.abc import Callable

from agent.core.errors import InvalidRequest
from agent.core.operation import Arguments, Loss, OperationKind, Plan
from agent.core.owner import Owner
from agent.core.workload import Workload
from agent.services.losses import STEP, Losses, rounded_up, told
from agent.services.preflight import Preflight
from agent.services.trash import days
from agent.settings import Settings


class WorkloadPlans:
    """Makes the plans of what people do with workloads that are there.

    Args:
        settings: for how long things are kept.
        find: an owner's workload by its name.
        losses: what it holds.
        preflight: what it may take, and takes.
    """

    def __init__(
        self,
        settings: Settings,
        find: Callable[[Owner, str], Workload],
        losses: Losses,
        preflight: Preflight,
    ) -> None:
        self._settings = settings
        self._find = find
        self._losses = losses
        self._preflight = preflight

    def plan(self, owner: Owner, kind: OperationKind, name: str, arguments: Arguments) -> Plan | None:
        """What an operation would take away of a workload, as things stand now; None where nothing."""
        workload = self._find(owner, name)
        match kind:
            case OperationKind.DESTROY:
                return self._destruction(workload)
            case OperationKind.ROLLBACK:
                return self._step_back(workload)
            case OperationKind.RESIZE:
                return self._shrinking(workload, arguments)
            case _:
                return None

    def _destruction(self, workload: Workload) -> Plan:
        return Plan(
            summary=f"Destroy {workload.name} with everything in it, /workspace included. It goes to the "
            f"trash: for {days(self._settings.trash_days)} it can be restored, and counts to your quota.",
            losses=self._losses.workload(workload),
        )

    def _step_back(self, workload: Workload) -> Plan:
        if workload.previous is None:
            raise InvalidRequest(f"{workload.name} was rolled back already.")
        before, now = set(workload.previous.spec.modules), set(workload.spec.modules)
        losses = [Loss(what="modules", amount=len(now - before), unit="count")]
        aside = ""
        if self._settings.guest_builder == "debian":  # where another generation is another root
            aside = " What was changed outside of /workspace since is put aside until its next update."
            losses += [loss for loss in self._losses.workload(workload) if loss.what == "root"]
        modules = ", ".join(sorted(before)) or "no modules"
        return Plan(
            summary=f"Make {workload.name} of what it was made of before its last update: {modules}.{aside}",
            losses=tuple(losses),
        )

    def _shrinking(self, workload: Workload, arguments: Arguments) -> Plan | None:
        if arguments.quota is None:
            return None
        before = self._preflight.quota(workload)
        after = self._preflight.quota(workload.model_copy(update={"quota": arguments.quota}))
        if after >= before:
            return None
        used = rounded_up(self._preflight.used(workload), STEP["root"])
        return Plan(
            summary=f"Let {workload.name} take {told(after)} at most, rather than {told(before)}. "
            f"It takes about {told(used)} now.",
            losses=(Loss(what="room", amount=before - after, unit="bytes"),),
        )
