import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.conversation import MAX_SENTENCE_BYTES, checked_sentence
from agent.core.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing"),
        (" \n\t", "nothing"),
        ("a" * 100_000, "too long"),
        ("ü" * MAX_SENTENCE_BYTES, "too long"),
        (b"\xff\xfe hello".decode(errors="surrogateescape"), "UTF-8"),
        ("list\0", "NUL"),
    ],
)
def test_what_cannot_be_a_sentence_is_refused(text: str, said: str) -> None:
    """The error says what is wrong with it."""
    with pytest.raises(InvalidRequest, match=said):
        checked_sentence(text)


@given(st.text())
def test_whatever_passes_can_be_stored(text: str) -> None:
    """It is not empty, it is UTF-8, it is short enough."""
    try:
        sentence = checked_sentence(text)
    except InvalidRequest:
        return
    assert 0 < len(sentence.encode()) <= MAX_SENTENCE_BYTES
