"""What a person prefers, said in slash commands."""

import pytest

from agent.core.notice import NoticeKind
from agent.phrasebook.meaning import Act, Call, Lost
from agent.phrasebook.replies import said
from agent.phrasebook.understand import understand
from agent.tools.preferences_view import PreferencesView

NIGHT = Call("set_quiet_hours", {"begin": "22:00", "end": "07:00"})
SHOWN = Call("show_preferences", {})


@pytest.mark.parametrize(
    ("sentence", "call"),
    [
        ("/quiet 22:00-07:00", NIGHT),
        ("/quiet 22:00 - 07:00", NIGHT),
        ("/quiet 22:00 to 07:00", NIGHT),
        ("/quiet@voxnix_bot 22:00 07:00", NIGHT),
        ("/quiet off", Call("set_quiet_hours", {"begin": "", "end": ""})),
        ("/mute quota", Call("mute_messages", {"kind": "quota"})),
        ("/unmute quota", Call("unmute_messages", {"kind": "quota"})),
        ("/quiet", SHOWN),
        ("/mute", SHOWN),
    ],
)
def test_what_is_meant(sentence: str, call: Call) -> None:
    """A span, its end, a kind; without more it is shown."""
    assert understand(sentence) == Act((call,))


@pytest.mark.parametrize("sentence", ["/quiet 22:00", "/quiet 1 2 3", "/quiet at night, please"])
def test_hours_that_are_no_span_are_asked_for_again(sentence: str) -> None:
    """With an example."""
    assert understand(sentence) == Lost("/quiet 22:00-07:00")


def test_a_mistyped_command_is_guessed() -> None:
    """As the others are."""
    assert understand("/quite 22:00-07:00") == Lost("/quiet 22:00-07:00")


@pytest.mark.parametrize(
    ("quiet", "muted", "told"),
    [
        ("", (), "Unasked I tell you about crashes and quotas."),
        ("22:00", (), "Unasked I tell you about crashes and quotas, but not from 22:00 to 07:00."),
        ("", ("quota",), "Unasked I tell you about crashes. For the rest again: `/unmute quota`."),
        (
            "22:00",
            ("crashed", "quota"),
            "Unasked I tell you nothing. For the rest again: `/unmute crashed` and `/unmute quota`.",
        ),
    ],
)
def test_what_is_answered(quiet: str, muted: tuple[str, ...], told: str) -> None:
    """What is told, when, and the way back."""
    kinds = tuple(NoticeKind(kind) for kind in muted)
    rest = tuple(kind for kind in NoticeKind if kind not in kinds)
    view = PreferencesView(quiet_from=quiet, quiet_to=quiet and "07:00", muted=kinds, told=rest)
    assert said(view) == told
