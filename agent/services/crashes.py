"""Finds containers that crashed: units that failed while nobody was changing them."""

from collections.abc import Sequence

from agent.core.notice import NoticeKind
from agent.core.workload import Workload
from agent.host.runtime import Runtime
from agent.store.notices import NoticeStore
from agent.store.operations import OperationStore


class Crashes:
    """Enters a notice for each crash.

    What systemd says decides: a container that its own root powered off, or that was stopped, is inactive and
    not failed. systemd keeps a failure, and when it was, until the container starts again; so one that
    happened while no worker ran is found as well, and one that was seen before is known by its time.

    Args:
        runtime: of the containers.
        operations: what was being changed, and when.
        notices: where they are entered.
    """

    def __init__(self, runtime: Runtime, operations: OperationStore, notices: NoticeStore) -> None:
        self._runtime = runtime
        self._operations = operations
        self._notices = notices

    def note(self, failed: Sequence[Workload]) -> set[str]:
        """Enter what is new.

        Args:
            failed: the workloads whose units are failed, as they were last observed.

        Returns:
            The machines that failed since then: they have to be observed again, however they failed.

        Raises:
            HostFailure: the node did not tell.
        """
        if not failed:
            return set()
        failures = self._runtime.failures([workload.machine for workload in failed])
        new: set[str] = set()
        for workload in failed:
            failure = failures.get(workload.machine)
            if failure is None or workload.observed_at is None or failure.at <= workload.observed_at:
                continue
            new.add(workload.machine)
            # What fails in the middle of an operation is told by that operation.
            if not self._operations.was_under_way(workload.node, workload.machine, failure.at):
                values = {"result": failure.result, "status": failure.status}
                occasion = f"crashed:{failure.invocation}"
                self._notices.add(NoticeKind.CRASHED, workload, values, occasion, failure.at)
        return new
