"""What is too long for a chat becomes a file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.channels.telegram.documents import MOST_MESSAGES, answer
from agent.channels.telegram.splitting import CAPTION_LIMIT
from agent.texts import texts_for

SAY = texts_for("en")
LOG = "".join(f"line {number}\n" for number in range(1, 2001))


def test_a_short_answer_is_messages() -> None:
    """Up to three of them."""
    letter = answer("word " * 800 * MOST_MESSAGES, SAY)
    assert letter.document is None
    assert len(letter.parts) == MOST_MESSAGES


def test_a_long_answer_is_a_file_as_it_was_written() -> None:
    """Markdown, since that is what the model wrote."""
    letter = answer("**word**\n" * 4000, SAY)
    assert letter.parts == ()
    assert letter.document is not None
    assert letter.document.filename == "answer.md"
    assert letter.document.data == b"**word**\n" * 4000


def test_a_long_log_is_a_file_with_its_first_and_last_lines() -> None:
    """The end of a log says more than its beginning."""
    letter = answer(LOG, SAY)
    assert letter.document is not None
    assert letter.document.data.decode() == LOG
    caption = letter.document.caption
    assert caption.text == "2,000 lines, 18.5 KiB:\n" + "\n".join(
        ["line 1", "line 2", "⋮", *(f"line {number}" for number in range(1995, 2001))]
    )
    assert [entity.type for entity in caption.entities] == ["pre"]


@pytest.mark.parametrize("nothing", ["", "\n \n"])
def test_nothing_is_not_sent(nothing: str) -> None:
    """The caller says that there was nothing."""
    assert answer(nothing, SAY).parts == ()


@settings(deadline=None)
@given(st.text(min_size=1))
def test_a_file_has_a_caption_whatever_is_in_it(line: str) -> None:
    """Fences in a log, too."""
    letter = answer(f"{line}\n```\nword\n" * 4000, SAY)
    assert letter.document is not None
    assert len(letter.document.caption.text.encode("utf-16-le")) // 2 <= CAPTION_LIMIT
