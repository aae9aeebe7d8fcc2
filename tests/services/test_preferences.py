"""What accounts prefer."""

import pytest

from agent.core.errors import InvalidRequest
from agent.core.notice import NoticeKind
from agent.core.preference import Preference
from agent.services.preferences import Preferences
from agent.store.database import Database
from agent.store.preferences import PreferenceStore


def test_each_preference_is_changed_by_itself(database: Database) -> None:
    """And of one account alone."""
    preferences = Preferences(PreferenceStore(database))
    preferences.set_language("tg:1", "DE")
    preferences.set_quiet("tg:1", "22", "7:00")
    preferences.mute("tg:1", "quota")
    preferences.mute("tg:1", "quota")
    changed = preferences.mute("tg:1", "crashed")
    assert changed == preferences.of("tg:1") == Preference("de", "22:00", "07:00", frozenset(NoticeKind))
    preferences.unmute("tg:1", "quota")
    preferences.set_language("tg:1", "")
    assert preferences.of("tg:1") == Preference("", "22:00", "07:00", frozenset({NoticeKind.CRASHED}))
    preferences.set_quiet("tg:1", "", "")
    assert preferences.of("tg:1").quiet_from == ""
    assert preferences.of("tg:-7") == Preference()


@pytest.mark.parametrize(("begin", "end"), [("22:00", "22"), ("22:00", ""), ("", "07:00"), ("late", "early")])
def test_quiet_hours_without_an_end_are_refused(database: Database, begin: str, end: str) -> None:
    """What was set before stays."""
    preferences = Preferences(PreferenceStore(database))
    before = preferences.set_quiet("tg:1", "22:00", "07:00")
    with pytest.raises(InvalidRequest, match="22:00"):
        preferences.set_quiet("tg:1", begin, end)
    assert preferences.of("tg:1") == before
