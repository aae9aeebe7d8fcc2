from hypothesis import given
from hypothesis import strategies as st

from agent.tools.printable import clipped, printable


def test_terminal_sequences_are_taken_out() -> None:
    """Colours, titles and cursor movements of a program do not reach the person's terminal."""
    assert printable("\x1b[1;31mred\x1b[0m\x1b]0;title\x07 \x1b[2Jx\r\ny\tz\x08\x9b31m") == "red x\ny\tz31m"


@given(st.text())
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    """No control character but line breaks and tabs."""
    assert not [
        one for one in printable(text) if (one < " " and one not in "\n\t") or "\x7f" <= one <= "\x9f"
    ]


@given(st.text(max_size=300), st.integers(10, 100), st.booleans())
def test_what_is_too_long_says_so(text: str, limit: int, keep_end: bool) -> None:  # noqa: FBT001 - hypothesis
    """Long text loses its middle or its beginning, never its end, and tells how much."""
    short = clipped(text, limit, keep_end=keep_end)
    assert len(short) <= limit + 50
    assert short == text if len(text) <= limit else "characters left out" in short
    assert short[-5:] == text[-5:]
