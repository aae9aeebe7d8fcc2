"""The tools for what a person prefers."""

import pytest
from pydantic_ai import ModelRetry

from agent.core.notice import NoticeKind
from agent.tools import preferences as tools
from agent.tools.preferences import preferences
from agent.tools.preferences_view import PreferencesView
from tests.simulation import Simulation, somebody
from tests.tools.test_containers import Caller


@pytest.fixture
def caller(simulation: Simulation) -> Caller:
    """Somebody who never said what they prefer."""
    return Caller(simulation, somebody())


def test_no_tool_takes_an_owner() -> None:
    """Whose preferences they are is for the channel to say."""
    for tool in preferences.tools.values():
        assert set(tool.function_schema.json_schema["properties"]) <= {"begin", "end", "kind"}


def test_what_somebody_prefers_is_kept(caller: Caller) -> None:
    """For themselves alone, and each call is recorded as done."""
    tools.set_quiet_hours(caller.context, "22:00", "7")
    tools.mute_messages(caller.context, "quota")
    shown = tools.show_preferences(caller.context)
    assert shown == PreferencesView(
        quiet_from="22:00", quiet_to="07:00", muted=(NoticeKind.QUOTA,), told=(NoticeKind.CRASHED,)
    )
    tools.set_quiet_hours(caller.context, "", "")
    open_again = tools.unmute_messages(caller.context, "quota")
    assert open_again == PreferencesView(quiet_from="", quiet_to="", muted=(), told=tuple(NoticeKind))
    assert [outcome.acted for outcome in caller.deps.outcomes] == [True, True, False, True, True]
    assert set(caller.codes) == {0}


def test_what_cannot_be_meant_goes_back_to_the_model(caller: Caller) -> None:
    """With what is accepted, and nothing is changed."""
    with pytest.raises(ModelRetry, match="00:00 to 23:59"):
        tools.set_quiet_hours(caller.context, "night", "day")
    with pytest.raises(ModelRetry, match="crashed, quota"):
        tools.mute_messages(caller.context, "everything")
    assert caller.codes == [3, 3]
    assert caller.deps.services.preferences.of(caller.owner.key).muted == frozenset()
