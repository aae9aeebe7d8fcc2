"""What is too long for a chat becomes a file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.channels.telegram.documents import MOST_MESSAGES, answer, output
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


def test_a_log_that_fits_is_a_code_block() -> None:
    """One message."""
    (part,) = output("a\n  b\n", SAY, "dev-logs").parts
    assert part.text == "a\n  b"
    assert [entity.type for entity in part.entities] == ["pre"]


def test_a_long_log_is_a_file_with_its_first_and_last_lines() -> None:
    """The end of a log says more than its beginning."""
    letter = output(LOG, SAY, "dev-logs")
    assert letter.document is not None
    assert letter.document.filename == "dev-logs.txt"
    assert letter.document.data.decode() == LOG
    caption = letter.document.caption
    assert caption.text == "2,000 lines, 18.5 KiB:\n" + "\n".join(
        ["line 1", "line 2", "⋮", *(f"line {number}" for number in range(1995, 2001))]
    )
    assert [entity.type for entity in caption.entities] == ["pre"]


@pytest.mark.parametrize("nothing", ["", "\n \n"])
def test_nothing_is_not_sent(nothing: str) -> None:
    """The caller says that there was nothing."""
    assert answer(nothing, SAY).parts == output(nothing, SAY, "x").parts == ()


@settings(deadline=None)
@given(st.text(min_size=1), st.text())
def test_a_file_has_a_caption_and_a_safe_name_whatever_is_in_it(line: str, name: str) -> None:
    """Fences in a log, names that climb out of a folder."""
    letter = output(f"{line}\n```\n" * 1000, SAY, name)
    assert letter.document is not None
    assert len(letter.document.caption.text.encode("utf-16-le")) // 2 <= CAPTION_LIMIT
    assert letter.document.filename.isascii()
    assert "/" not in letter.document.filename
    assert not letter.document.filename.startswith((".", "-"))
