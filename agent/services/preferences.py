"""What each account prefers: its language, its quiet hours, and what it is not told."""

from collections.abc import Callable
from dataclasses import replace

from agent.core.errors import InvalidRequest
from agent.core.preference import Preference, checked_clock, checked_kind, checked_language
from agent.store.preferences import PreferenceStore


class Preferences:
    """The preferences of accounts; of a group that owns workloads, the group's.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: PreferenceStore) -> None:
        self._store = store

    def of(self, account: str) -> Preference:
        """What an account prefers."""
        return self._store.of(account)

    def set_language(self, account: str, language: str) -> Preference:
        """Answer in this language from now on; in that of the chat app when empty.

        Raises:
            InvalidRequest: it is no language's tag.
        """
        tag = checked_language(language)
        return self._change(account, lambda now: replace(now, language=tag))

    def set_quiet(self, account: str, begin: str, end: str) -> Preference:
        """Tell nothing unasked between two times of day; at any time when both are empty.

        Args:
            account: whose quiet hours.
            begin: such as ``22:00``, on the appliance's clock.
            end: such as ``07:00``; before ``begin`` where midnight is between them.

        Raises:
            InvalidRequest: they are no times of day, or the same one.
        """
        if not begin.strip() and not end.strip():
            return self._change(account, lambda now: replace(now, quiet_from="", quiet_to=""))
        times = (checked_clock(begin), checked_clock(end))
        if times[0] == times[1]:
            raise InvalidRequest(
                f"From {times[0]} to {times[1]} is no time at all.",
                "Quiet hours have a beginning and another end, such as 22:00 and 07:00.",
                "To be told nothing at any time, mute what you do not want to hear of.",
            )
        return self._change(account, lambda now: replace(now, quiet_from=times[0], quiet_to=times[1]))

    def mute(self, account: str, kind: str) -> Preference:
        """Tell nothing of a kind any more.

        Raises:
            InvalidRequest: there is no such kind.
        """
        unwanted = checked_kind(kind)
        return self._change(account, lambda now: replace(now, muted=now.muted | {unwanted}))

    def unmute(self, account: str, kind: str) -> Preference:
        """Tell of a kind again.

        Raises:
            InvalidRequest: there is no such kind.
        """
        wanted = checked_kind(kind)
        return self._change(account, lambda now: replace(now, muted=now.muted - {wanted}))

    def _change(self, account: str, change: Callable[[Preference], Preference]) -> Preference:
        changed = change(self._store.of(account))
        self._store.save(account, changed)
        return changed
