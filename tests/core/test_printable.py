import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.printable import one_line, printable


@given(st.text(st.characters()))
def test_nothing_printable_can_act_on_a_terminal(text: str) -> None:
    """Whatever comes in, no control character goes out but newline and tab."""
    out = printable(text)
    assert not [char for char in out if unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t"]


@given(st.text(st.characters(categories=["L", "N", "P", "Z", "So"])))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Letters of every language, punctuation and emoji pass."""
    assert printable(text) == text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;evil title\x07ok", "ok"),
        ("\x1b]52;c;ZXZpbA==\x1b\\ok", "ok"),
        ("\x1b]0;never ended", ""),
        ("\x1b]0;never ended\nthe next line", "\nthe next line"),
        ("\x1b]0;not ended\x1b[1mbold", "bold"),
        ("\x1b[1;31mred\x1b[0m\x1b]0;title\x07 \x1b[2Jx\r\ny\tz", "red x\ny\tz"),
        ("over\x08strike", "over\ufffdstrike"),
        ("a\x1b[2J\x1b[Hb", "ab"),
        ("\x9b31mred", "red"),
        ("one\r\ntwo", "one\ntwo"),
        ("safe\rEVIL", "safe\ufffdEVIL"),
        ("exe\u202etxt.", "exe\ufffdtxt."),
        ("\udcff", "\ufffd"),
        ("\x1b", ""),
    ],
)
def test_a_sequence_goes_as_a_whole(said: str, shown: str) -> None:
    """Escape sequences leave nothing of themselves behind; other controls leave a mark."""
    assert printable(said) == shown


def test_one_line_is_one_line() -> None:
    """Line breaks become spaces, and what is too long is cut."""
    assert one_line("a\n b\tc") == "a b c"
    assert one_line("x" * 300, limit=10) == "x" * 9 + "…"
