"""What the tools for preferences answer."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from agent.core.notice import NoticeKind
from agent.core.preference import Preference


class PreferencesView(BaseModel):
    """What a person prefers.

    Attributes:
        quiet_from: the time of day from which they are told nothing unasked; empty without quiet hours.
        quiet_to: the time of day until which.
        muted: what they are not told about.
        told: what they are told about.
    """

    model_config = ConfigDict(frozen=True)

    answer: Literal["preferences"] = "preferences"
    quiet_from: str
    quiet_to: str
    muted: tuple[NoticeKind, ...]
    told: tuple[NoticeKind, ...]

    @classmethod
    def of(cls, preference: Preference) -> Self:
        """The view of what somebody prefers."""
        return cls(
            quiet_from=preference.quiet_from,
            quiet_to=preference.quiet_to,
            muted=tuple(kind for kind in NoticeKind if kind in preference.muted),
            told=tuple(kind for kind in NoticeKind if kind not in preference.muted),
        )

    @property
    def exit_code(self) -> int:
        """It is always done when there is one."""
        return 0
