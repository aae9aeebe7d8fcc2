"""Whether a thing is there: three answers, because a probe that failed has seen nothing."""

from enum import StrEnum


class Presence(StrEnum):
    """What a probe found.

    Only ABSENT allows to make the thing, and only PRESENT to take it away. UNKNOWN (no rights, no answer,
    the tool itself failed) allows neither.
    """

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
