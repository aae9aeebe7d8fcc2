"""What a plan says would be lost, in numbers that hold still while a person reads them."""

from datetime import datetime

from agent.core.errors import HostFailure
from agent.core.operation import Loss
from agent.core.owner import Owner
from agent.core.workload import Workload
from agent.services.node_calls import NodeCalls
from agent.services.node_work import MIB
from agent.store.trash import Trashed

GIB = 1 << 30

STEP = {"workspace": MIB, "root": 16 * MIB}
"""Plans count in these steps, in bytes: a running container writes its journal all the time, and a plan that
changes with every line could never be agreed to."""

MOMENTS = 600
"""Seconds that a plan's moment goes in, for the same reason."""


class Losses:
    """Asks the node what there is.

    Args:
        calls: how it is asked.
    """

    def __init__(self, calls: NodeCalls) -> None:
        self._calls = calls

    def workload(self, workload: Workload) -> tuple[Loss, ...]:
        """What a workload holds.

        Raises:
            HostFailure: some of it could not be read, so nobody can agree to its end.
        """
        taken = self._calls.usage(Owner(workload.owner), workload.name)
        if taken.unknown:
            raise HostFailure(
                f"What {workload.name} holds could not be read, so nobody can agree to its end.",
                f"ZFS did not answer for its {' and '.join(taken.unknown)}.",
                "Run `voxnix doctor`.",
            )
        parts = (("workspace", taken.workspace), ("root", taken.root))
        losses = [
            Loss(what=part, amount=rounded_up(usage.used, STEP[part]), unit="bytes")
            for part, usage in parts
            if usage is not None
        ]
        # Each is of both at once; an update leaves those of the root behind.
        snapshots = max((usage.snapshots for _, usage in parts if usage is not None), default=0)
        losses.append(Loss(what="snapshots", amount=snapshots, unit="count"))
        changed_at = self._calls.last_change(Owner(workload.owner), workload.name)
        if changed_at is not None:
            losses.append(Loss(what="last change", amount=_moment(changed_at), unit="moment"))
        return tuple(losses)

    def trashed(self, trashed: Trashed) -> tuple[Loss, ...]:
        """What something in the trash holds. It does not change any more.

        Raises:
            HostFailure: that could not be read.
        """
        room = self._calls.space(Owner(trashed.workload.owner)).trash.get(trashed.operation)
        if room is None:
            return ()
        parts = (("workspace", room.workspace), ("root", room.root), ("snapshots", room.snapshots))
        return tuple(Loss(what=part, amount=amount, unit="bytes") for part, amount in parts)


def told(size: int) -> str:
    """Bytes for people."""
    return f"{size / GIB:,.1f} GiB" if size >= GIB else f"{size / MIB:,.1f} MiB"


def _moment(changed_at: datetime) -> int:
    """When that was, in steps too, in seconds since 1970."""
    return int(changed_at.timestamp()) // MOMENTS * MOMENTS


def rounded_up(amount: int, step: int) -> int:
    """An amount in whole steps."""
    return -(-amount // step) * step
