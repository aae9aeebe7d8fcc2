"""What was destroyed and can be brought back."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from agent.core.workload import Workload


class Trashed(BaseModel):
    """A workload in the trash.

    Attributes:
        operation: number of the operation that put it there; its own number in the trash, too.
        workload: as it was.
        trashed_at: in UTC.
        expires_at: when it may go for good, in UTC.
    """

    model_config = ConfigDict(frozen=True)

    operation: int
    workload: Workload
    trashed_at: datetime
    expires_at: datetime
